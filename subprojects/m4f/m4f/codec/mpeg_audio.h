// MPEG-1/2/2.5 audio, layers I to III (ISO/IEC 11172-3 2.4.2.3, 13818-3).
#pragma once

#include <string>

#include "m4f/base/bytes.h"

namespace m4f::mpeg_audio {

struct Header {
  uint8_t layer = 3;
  uint8_t version = 1;  // 1 = MPEG-1, 2 = MPEG-2 LSF, 3 = MPEG-2.5
  uint32_t sample_rate = 0, channels = 0, bitrate = 0;
  uint32_t samples = 0;     // per frame
  uint32_t frame_size = 0;  // bytes
};

Result<Header> parse_header(ByteView in);   // needs four bytes; free format is refused
std::string rfc6381(const Header& header);  // mp4a.6B (MPEG-1), mp4a.69 (MPEG-2)

}  // namespace m4f::mpeg_audio
