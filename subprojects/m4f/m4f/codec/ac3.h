// AC-3 and E-AC-3 (ETSI TS 102 366): syncframes, dac3 and dec3 payloads (annex F).
#pragma once

#include <string>

#include "m4f/base/bytes.h"

namespace m4f::ac3 {

struct Header {
  bool eac3 = false;
  uint8_t bsid = 8, fscod = 0, bsmod = 0, acmod = 2;
  bool lfe = false;
  uint8_t bit_rate_code = 0;  // AC-3: frmsizecod >> 1
  uint8_t stream_type = 0;    // E-AC-3: 0 independent, 1 dependent, 2 independent (from AC-3)
  uint8_t substream = 0;      // E-AC-3
  uint16_t chan_loc = 0;      // E-AC-3, dependent: the locations that it adds, as in dec3
  uint32_t sample_rate = 0, channels = 0;
  uint32_t samples = 1536;
  uint32_t frame_size = 0;  // bytes
};

Result<Header> parse_header(ByteView in);  // needs the first eight bytes
Bytes make_dac3(const Header& header);     // three bytes, the box's payload
// For access units with one independent substream and `dependent` ones that add the locations `chan_loc`.
Bytes make_dec3(const Header& header, uint32_t bitrate, uint8_t dependent = 0, uint16_t chan_loc = 0);
inline std::string rfc6381(const Header& header) {
  return header.eac3 ? "ec-3" : "ac-3";
}

}  // namespace m4f::ac3
