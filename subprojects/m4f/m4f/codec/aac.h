// AAC: AudioSpecificConfig (ISO/IEC 14496-3 1.6.2.1) and ADTS (1.A.2.2).
#pragma once

#include <optional>
#include <string>

#include "m4f/base/bytes.h"

namespace m4f::aac {

struct Config {
  uint8_t object_type = 2;        // of the core: 2 = LC
  uint32_t core_sample_rate = 0;  // of the AAC core
  uint8_t channel_config = 0;     // 0 = described by a program_config_element
  uint8_t channels = 0;           // that come out (PS makes two of one)
  bool sbr = false, ps = false;   // as signalled explicitly
  uint32_t sample_rate = 0;       // that comes out (SBR doubles it)
  uint16_t frame_samples = 1024;  // of the core, per frame
};

Result<Config> parse_config(ByteView asc);
// Two bytes for plain AAC with a standard rate (five with an odd rate); no SBR signalling is added.
Bytes make_config(uint8_t object_type, uint32_t sample_rate, uint8_t channel_config);

std::string rfc6381(const Config& config);  // mp4a.40.2, .5 with SBR, .29 with PS

struct AdtsHeader {
  uint8_t object_type = 2;
  uint8_t rate_index = 4;  // sampling_frequency_index
  uint8_t channel_config = 2;
  uint8_t header_size = 7;  // 9 with CRC
  uint16_t frame_size = 0;  // with the header
  uint8_t blocks = 1;       // raw data blocks
  uint32_t sample_rate = 0;

  bool same_format(const AdtsHeader& o) const {
    return object_type == o.object_type && rate_index == o.rate_index && channel_config == o.channel_config;
  }
};

constexpr size_t kAdtsHeaderSize = 7;
constexpr size_t kMaxAdtsFrame = 8191;

Result<AdtsHeader> parse_adts(ByteView in);  // needs the first 7 bytes only
inline bool is_adts(ByteView in) {
  return in.size() >= 2 && in[0] == 0xff && (in[1] & 0xf6) == 0xf0;
}

// AudioSpecificConfig of a stream with such headers. With channel_config 0 the channels stand in a
// program_config_element at the start of `raw`, the frame without its header, and are copied from there.
Result<Bytes> config_of(const AdtsHeader& header, ByteView raw);

// Header without CRC for a raw frame. What ADTS cannot express fails: object types over 4, odd sample rates,
// frames over 8184 bytes.
Result<void> write_adts(const Config& config, size_t raw_size, uint8_t (&out)[kAdtsHeaderSize]);

// Index of a standard rate (1.6.3.4), nothing for another.
std::optional<uint8_t> rate_index(uint32_t sample_rate);

}  // namespace m4f::aac
