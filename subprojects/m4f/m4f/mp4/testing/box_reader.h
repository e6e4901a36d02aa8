// Reads boxes back through the same exchange() that writes them. For tests: nothing served depends on it.
#pragma once

#include "m4f/mp4/boxes/fragment_boxes.h"
#include "m4f/mp4/boxes/init_boxes.h"

namespace m4f::mp4::testing {

// A moof with samples of its own.
using ReadTrun = TrunOf<std::vector<TrunSample>>;
using ReadTraf = TrafOf<std::vector<TrunSample>>;
using ReadMoof = MoofOf<std::vector<TrunSample>>;

// Children are found by their type, in any order; boxes that nobody asks for are skipped.
class BoxReader {
 public:
  static constexpr bool kReading = true;
  explicit BoxReader(ByteView payload) : in_(payload), payload_(payload) {}

  bool ok() const { return in_.ok() && ok_; }
  size_t left() const { return in_.left(); }
  bool fits(size_t count, size_t size) {
    if (count > (size == 0 ? 1u << 20 : in_.left() / size)) ok_ = false;  // entries of defaults take no bytes
    return ok_;
  }

  void u8(uint8_t& v) { v = in_.u8(); }
  void u16(uint16_t& v) { v = in_.u16(); }
  void u32(uint32_t& v) { v = in_.u32(); }
  void u64(uint64_t& v) { v = in_.u64(); }
  void i32(int32_t& v) { v = static_cast<int32_t>(in_.u32()); }
  void zeros(size_t n) { in_.skip(n); }
  bool skips(size_t) { return false; }
  void full(uint8_t& version, uint32_t& flags) {
    version = in_.u8();
    flags = in_.u24();
  }
  void rest(Bytes& v) {
    ByteView b = in_.rest();
    v.assign(b.begin(), b.end());
  }

  template <typename Box>
  void box(Box& child) {
    if (read_box(child, children()) == 0) ok_ = false;
  }
  template <typename Box>
  void box(std::optional<Box>& child) {
    Box read;
    if (read_box(read, children()) != 0) child = std::move(read);
  }
  template <typename Box>
  void box(std::vector<Box>& out) {
    ByteView in = children();
    for (;;) {
      Box read;
      const size_t end = read_box(read, in);
      if (end == 0) return;
      out.push_back(std::move(read));
      in = in.subspan(end);
    }
  }

  template <typename Body>
  void descriptor(uint8_t tag, Body&& body) {
    if (in_.left() == 0 || in_.u8() != tag) return;
    size_t size = 0;
    uint8_t b = 0x80;
    while (in_.ok() && b & 0x80) {
      b = in_.u8();
      size = size << 7 | (b & 0x7f);
    }
    BoxReader inner(in_.bytes(size));
    body(inner);
    ok_ = ok_ && inner.ok();
  }

 private:
  ByteView children() const { return payload_.subspan(payload_.size() - in_.left()); }

  template <typename Box>
  static bool wanted(Box& box, FourCc type) {
    if constexpr (requires { Box::kType; }) {
      return type == Box::kType;
    } else if constexpr (std::is_same_v<Box, VisualSampleEntry>) {
      box.type = type;
      for (FourCc t : {fourcc("avc1"), fourcc("hvc1"), fourcc("av01"), fourcc("vp08"), fourcc("vp09")})
        if (t == type) return true;
      return false;
    } else if constexpr (std::is_same_v<Box, AudioSampleEntry>) {
      box.type = type;
      for (FourCc t : {fourcc("mp4a"), fourcc("ac-3"), fourcc("ec-3"), fourcc("Opus")})
        if (t == type) return true;
      return false;
    } else {
      box.type = type;
      for (FourCc t : {fourcc("avcC"), fourcc("hvcC"), fourcc("av1C"), fourcc("vpcC"), fourcc("dac3"),
                       fourcc("dec3"), fourcc("dOps")})
        if (t == type) return true;
      return false;
    }
  }

  // Reads the first wanted box of `in`; gives the offset of its end, 0 if there is none.
  template <typename Box>
  size_t read_box(Box& out, ByteView in) {
    size_t at = 0;
    while (in.size() - at >= 8) {
      ByteReader header(in.subspan(at));
      const size_t size = header.u32();
      const FourCc type = header.u32();
      if (size < 8 || size > in.size() - at) break;
      if (wanted(out, type)) {
        BoxReader inner(in.subspan(at + 8, size - 8));
        out.exchange(inner);
        ok_ = ok_ && inner.ok();
        return at + size;
      }
      at += size;
    }
    return 0;
  }

  ByteReader in_;
  ByteView payload_;
  bool ok_ = true;
};

}  // namespace m4f::mp4::testing
