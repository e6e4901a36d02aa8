// How MP4 boxes are written (ISO/IEC 14496-12 4.2). Each box says its fields once, in `exchange(io)`, and
// names itself in `kType`; what the fields are exchanged with is the io's matter: BoxSizer counts them,
// BoxWriter writes them, and testing/box_reader.h reads them back.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "m4f/base/bytes.h"

namespace m4f::mp4 {

using FourCc = uint32_t;
constexpr FourCc fourcc(const char (&text)[5]) {
  FourCc v = 0;
  for (int i = 0; i < 4; ++i) v = v << 8 | static_cast<uint8_t>(text[i]);
  return v;
}

// What sizer and writer share: they differ in what a number and a run of bytes come to.
template <typename Self>
class BoxOutput {
 public:
  static constexpr bool kReading = false;

  void u8(uint8_t v) { self().number(v, 1); }
  void u16(uint16_t v) { self().number(v, 2); }
  void u32(uint32_t v) { self().number(v, 4); }
  void u64(uint64_t v) { self().number(v, 8); }
  void i32(int32_t v) { self().number(static_cast<uint32_t>(v), 4); }
  void full(uint8_t version, uint32_t flags) { u32(static_cast<uint32_t>(version) << 24 | flags); }
  void rest(const Bytes& v) { self().bytes(v); }

  // A child box.
  template <typename Box>
  void box(Box& child) {
    if constexpr (requires { Box::kType; })
      box_as(Box::kType, child);
    else
      box_as(child.type, child);
  }
  template <typename Box>
  void box(std::optional<Box>& child) {
    if (child) box(*child);
  }
  template <typename Box>
  void box(std::vector<Box>& children) {
    for (Box& child : children) box(child);
  }

  // An MPEG-4 descriptor (ISO/IEC 14496-1 8.3.3): tag, length in groups of seven bits, body.
  template <typename Body>
  void descriptor(uint8_t tag, Body&& body);

 private:
  template <typename Box>
  void box_as(FourCc type, Box& child) {
    const size_t start = self().begin_box(type);
    child.exchange(self());
    self().end_box(start);
  }
  Self& self() { return static_cast<Self&>(*this); }
};

class BoxSizer : public BoxOutput<BoxSizer> {
 public:
  size_t size() const { return size_; }

  void number(uint64_t, size_t n) { size_ += n; }
  void zeros(size_t n) { size_ += n; }
  void bytes(ByteView v) { size_ += v.size(); }
  // The size of a long array needs no look at its entries.
  bool skips(size_t n) {
    size_ += n;
    return true;
  }
  size_t begin_box(FourCc) { return size_ += 8; }
  void end_box(size_t) {}

 private:
  size_t size_ = 0;
};

// REQUIRES: room for what BoxSizer counts, filled with zeros.
class BoxWriter : public BoxOutput<BoxWriter> {
 public:
  explicit BoxWriter(std::span<uint8_t> to) : to_(to) {}

  void number(uint64_t v, size_t n) {
    assert(n <= to_.size() - at_);
    for (size_t i = 0; i < n; ++i) to_[at_ + i] = static_cast<uint8_t>(v >> (8 * (n - 1 - i)));
    at_ += n;
  }
  void zeros(size_t n) { at_ += n; }
  void bytes(ByteView v) {
    std::ranges::copy(v, to_.subspan(at_, v.size()).begin());
    at_ += v.size();
  }
  bool skips(size_t) { return false; }
  size_t begin_box(FourCc type) {
    const size_t start = at_;
    u32(0);
    u32(type);
    return start;
  }
  void end_box(size_t start) {
    const size_t end = std::exchange(at_, start);
    number(end - start, 4);
    at_ = end;
  }

 private:
  std::span<uint8_t> to_;
  size_t at_ = 0;
};

template <typename Self>
template <typename Body>
void BoxOutput<Self>::descriptor(uint8_t tag, Body&& body) {
  BoxSizer sizer;
  body(sizer);
  const size_t size = sizer.size();
  u8(tag);
  int groups = 1;
  while (groups < 4 && size >> (7 * groups) != 0) ++groups;
  for (int i = groups - 1; i >= 0; --i)
    u8(static_cast<uint8_t>((size >> (7 * i) & 0x7f) | (i > 0 ? 0x80 : 0)));
  body(self());
}

template <typename Box>
size_t box_size(Box& box) {
  BoxSizer sizer;
  sizer.box(box);
  return sizer.size();
}

// Appends the box with its header. Boxes are plain values; exchange() is not const because it also reads.
template <typename Box>
void write_box(Bytes& out, Box& box) {
  const size_t at = out.size(), size = box_size(box);
  out.resize(at + size);
  BoxWriter(std::span(out).subspan(at)).box(box);
}

}  // namespace m4f::mp4
