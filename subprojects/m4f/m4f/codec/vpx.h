// VP8 (RFC 6386 9.1) and VP9 (bitstream specification 6.2) frame headers, vpcC payload ("VP Codec ISO Media
// File Format Binding").
#pragma once

#include <string>

#include "m4f/base/bytes.h"

namespace m4f::vpx {

struct FrameHeader {
  bool key = false;
  uint32_t width = 0, height = 0;  // key frames only
  // VP9, key frames only.
  uint8_t profile = 0, bit_depth = 8,
          subsampling = 1;  // 0 = 4:2:0 vertical, 1 = 4:2:0 colocated, 2 = 4:2:2, 3 = 4:4:4
  bool full_range = false;
  uint8_t color_primaries = 2, transfer = 2, matrix = 2;
  bool operator==(const FrameHeader&) const = default;
};

Result<FrameHeader> parse_vp8(ByteView frame);
Result<FrameHeader> parse_vp9(ByteView frame);
uint8_t vp9_level(uint32_t width, uint32_t height, uint32_t fps_num,
                  uint32_t fps_den);                            // 10 = level 1 ... 62
Bytes make_vpcc(const FrameHeader& header, uint8_t level);      // box payload with version and flags
std::string rfc6381(const FrameHeader& header, uint8_t level);  // "vp09.00.10.08"

}  // namespace m4f::vpx
