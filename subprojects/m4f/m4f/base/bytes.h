// Byte views and buffers, and bounded big-endian reading and writing (the field's containers are big-endian).
#pragma once

#include <cstdint>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "m4f/base/error.h"

namespace m4f {

using ByteView = std::span<const uint8_t>;
using Bytes = std::vector<uint8_t>;
// Packaged output: made once, shared by every client that reads it.
using SharedBytes = std::shared_ptr<const Bytes>;

inline std::string_view as_text(ByteView b) {
  return {reinterpret_cast<const char*>(b.data()), b.size()};
}
inline ByteView as_bytes(std::string_view s) {
  return {reinterpret_cast<const uint8_t*>(s.data()), s.size()};
}

// Reads big-endian fields and never past the end: after a failed read every further read gives zero
// and ok() is false, so a parser checks once per structure instead of once per field.
class ByteReader {
 public:
  explicit ByteReader(ByteView in) : in_(in) {}

  bool ok() const { return ok_; }
  size_t left() const { return in_.size() - at_; }
  size_t position() const { return at_; }

  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u24() { return static_cast<uint32_t>(number(3)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  ByteView bytes(size_t n) {
    if (!need(n)) return {};
    ByteView out = in_.subspan(at_, n);
    at_ += n;
    return out;
  }
  void skip(size_t n) { bytes(n); }
  ByteView rest() { return bytes(left()); }

 private:
  bool need(size_t n) {
    if (!ok_ || n > left()) ok_ = false;
    return ok_;
  }
  uint64_t number(size_t n) {
    if (!need(n)) return 0;
    uint64_t v = 0;
    for (size_t i = 0; i < n; ++i) v = v << 8 | in_[at_ + i];
    at_ += n;
    return v;
  }

  ByteView in_;
  size_t at_ = 0;
  bool ok_ = true;
};

// Appends big-endian fields to a buffer that the caller owns.
class ByteWriter {
 public:
  explicit ByteWriter(Bytes& out) : out_(out) {}

  void u8(uint64_t v) { out_.push_back(static_cast<uint8_t>(v)); }
  void u16(uint64_t v) { number(v, 2); }
  void u24(uint64_t v) { number(v, 3); }
  void u32(uint64_t v) { number(v, 4); }
  void u64(uint64_t v) { number(v, 8); }
  void bytes(ByteView b) { out_.insert(out_.end(), b.begin(), b.end()); }
  void text(std::string_view s) { bytes(as_bytes(s)); }
  size_t position() const { return out_.size(); }
  void patch_u32(size_t at, uint32_t v) {
    for (int i = 0; i < 4; ++i) out_[at + static_cast<size_t>(i)] = static_cast<uint8_t>(v >> (24 - 8 * i));
  }

 private:
  void number(uint64_t v, int n) {
    for (int i = n - 1; i >= 0; --i) out_.push_back(static_cast<uint8_t>(v >> (8 * i)));
  }

  Bytes& out_;
};

}  // namespace m4f
