// Bytes as tests write them: hexadecimal in groups of four.
#pragma once

#include <string>

#include "m4f/base/bytes.h"

namespace m4f::mp4::testing {

inline std::string hex(ByteView bytes) {
  std::string out;
  for (size_t i = 0; i < bytes.size(); ++i) {
    if (i > 0 && i % 4 == 0) out += ' ';
    out += fmt::format("{:02x}", bytes[i]);
  }
  return out;
}

// Blanks are ignored.
inline Bytes from_hex(std::string_view text) {
  Bytes out;
  std::string digits;
  for (char c : text) {
    if (c != ' ' && c != '\n') digits += c;
    if (digits.size() == 2) {
      out.push_back(static_cast<uint8_t>(std::stoi(digits, nullptr, 16)));
      digits.clear();
    }
  }
  return out;
}

}  // namespace m4f::mp4::testing
