// Opus: OpusHead (RFC 7845 5.1), the dOps payload ("Encapsulation of Opus in ISO BMFF" 4.3.2), packet
// durations (RFC 6716 3.1).
#pragma once

#include "m4f/base/bytes.h"

namespace m4f::opus {

struct Head {
  uint8_t channels = 2;
  uint16_t pre_skip = 312;
  uint32_t input_sample_rate = 48000;
  int16_t output_gain = 0;
  uint8_t mapping_family = 0;
  uint8_t streams = 1, coupled = 1;
  Bytes mapping;  // `channels` bytes unless the family is 0
};

Result<Head> parse_head(ByteView opus_head);  // with its "OpusHead"
Result<Head> parse_dops(ByteView dops);
// What a stream without OpusHead has: RTP (1 or 2), MPEG-TS (Vorbis order for more). REQUIRES: 1 <= channels
// <= 8.
Head head_of(uint8_t channels);
Bytes make_dops(const Head& head);
Bytes make_head(const Head& head);  // OpusHead

uint32_t packet_samples(ByteView packet);  // at 48 kHz; 0 if the packet is invalid

}  // namespace m4f::opus
