#include "m4f/codec/vui.h"

#include <array>
#include <numeric>

namespace m4f {

void read_aspect_ratio(BitReader& in, uint32_t& width, uint32_t& height) {
  static constexpr std::array<std::array<uint8_t, 2>, 17> kRatios{{{1, 1},
                                                                   {1, 1},
                                                                   {12, 11},
                                                                   {10, 11},
                                                                   {16, 11},
                                                                   {40, 33},
                                                                   {24, 11},
                                                                   {20, 11},
                                                                   {32, 11},
                                                                   {80, 33},
                                                                   {18, 11},
                                                                   {15, 11},
                                                                   {64, 33},
                                                                   {160, 99},
                                                                   {4, 3},
                                                                   {3, 2},
                                                                   {2, 1}}};
  constexpr uint32_t kExtended = 255;
  const uint32_t idc = in.bits(8);
  uint32_t w = 1, h = 1;
  if (idc == kExtended) {
    w = in.bits(16);
    h = in.bits(16);
  } else if (idc < kRatios.size()) {
    w = kRatios[idc][0];
    h = kRatios[idc][1];
  }
  if (!in.ok() || w == 0 || h == 0) return;
  const uint32_t divisor = std::gcd(w, h);
  width = w / divisor;
  height = h / divisor;
}

void set_frame_rate(uint64_t num, uint64_t den, uint32_t& fps_num, uint32_t& fps_den) {
  if (num == 0 || den == 0 || num / 1000 > den) return;
  const uint64_t divisor = std::gcd(num, den);
  if (num / divisor > UINT32_MAX || den / divisor > UINT32_MAX) return;
  fps_num = static_cast<uint32_t>(num / divisor);
  fps_den = static_cast<uint32_t>(den / divisor);
}

}  // namespace m4f
