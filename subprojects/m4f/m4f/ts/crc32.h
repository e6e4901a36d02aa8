// CRC-32 of PSI sections (ISO/IEC 13818-1 Annex A): polynomial 0x04c11db7, most significant bit first, no
// final xor.
#pragma once

#include <array>

#include "m4f/base/bytes.h"

namespace m4f::ts {

namespace detail {
constexpr std::array<uint32_t, 256> crc32_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t i = 0; i < 256; ++i) {
    uint32_t c = i << 24;
    for (int bit = 0; bit < 8; ++bit) c = c & 0x80000000u ? c << 1 ^ 0x04c11db7u : c << 1;
    table[i] = c;
  }
  return table;
}
inline constexpr std::array<uint32_t, 256> kCrc32 = crc32_table();
}  // namespace detail

// Over a section without its CRC_32: the value to append. Over a section with it: 0.
constexpr uint32_t crc32(ByteView bytes) {
  uint32_t c = 0xffffffffu;
  for (uint8_t b : bytes) c = c << 8 ^ detail::kCrc32[c >> 24 ^ b];
  return c;
}

}  // namespace m4f::ts
