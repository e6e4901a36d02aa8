// What the VUI parameters of H.264 and H.265 (annex E of both) have in common.
#pragma once

#include <cstdint>

#include "m4f/codec/nal.h"

namespace m4f {

// aspect_ratio_idc and what follows it (table E-1). An unspecified ratio leaves 1:1.
void read_aspect_ratio(BitReader& in, uint32_t& width, uint32_t& height);

// num/den reduced; a rate that no video has (zero, or over 1000 per second) leaves 0/1 = unknown.
void set_frame_rate(uint64_t num, uint64_t den, uint32_t& fps_num, uint32_t& fps_den);

}  // namespace m4f
