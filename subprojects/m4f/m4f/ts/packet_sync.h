// Finds transport packets in a byte stream: packets of 188 bytes, also with 16 bytes behind (RS-coded, 204)
// or four in front (time-stamped, 192).
#pragma once

#include <algorithm>
#include <array>

#include "m4f/ts/layout.h"

namespace m4f::ts {

class PacketSync {
 public:
  // Gives each packet (188 bytes) to `on_packet(ByteView)`. Whole packets in `in` are not copied.
  template <typename F>
  void feed(ByteView in, F&& on_packet) {
    while (held_ > 0 && !in.empty()) {
      // Complete what is held just so far that it can be used, then go on in place.
      const size_t want = std::min(wanted(), held_buffer_.size());
      if (held_ < want) {
        const size_t n = std::min(want - held_, in.size());
        std::memcpy(held_buffer_.data() + held_, in.data(), n);
        held_ += n;
        in = in.subspan(n);
        if (held_ < want) return;
      }
      const size_t used = scan(ByteView(held_buffer_).first(held_), false, on_packet);
      std::memmove(held_buffer_.data(), held_buffer_.data() + used, held_ - used);
      held_ -= used;
    }
    if (in.empty()) return;
    in = in.subspan(scan(in, false, on_packet));
    std::memcpy(held_buffer_.data() + held_, in.data(), in.size());
    held_ += in.size();
  }
  // End of input: takes packets that no further sync byte confirms.
  template <typename F>
  void flush(F&& on_packet) {
    scan(ByteView(held_buffer_).first(held_), true, on_packet);
    reset();
  }
  void reset() {
    held_ = 0;
    stride_ = 0;
  }
  uint64_t losses() const { return losses_; }

 private:
  static constexpr size_t kConfirm = 3;  // sync bytes in a row before bytes count as packets
  static constexpr size_t kMaxStride = 204;

  size_t wanted() const { return stride_ != 0 ? stride_ : kMaxStride * (kConfirm - 1) + 1; }

  // Bytes that were used; the rest is less than wanted().
  template <typename F>
  size_t scan(ByteView in, bool at_end, F&& on_packet) {
    size_t at = 0;
    for (;;) {
      if (stride_ == 0) {
        at = lock(in, at, at_end);
        if (stride_ == 0) return at;
      }
      while (in.size() - at >= stride_ || (at_end && in.size() - at >= kPacketSize)) {
        if (in[at] != 0x47) break;
        on_packet(in.subspan(at, kPacketSize));
        at = std::min(at + stride_, in.size());
      }
      if (in.size() - at < stride_ && !(at_end && in.size() - at >= kPacketSize)) return at;
      stride_ = 0;
      ++losses_;
    }
  }

  // Sets stride_ and returns where packets begin; or returns how much cannot be the beginning of one.
  size_t lock(ByteView in, size_t at, bool at_end) {
    for (; at < in.size(); ++at) {
      if (in[at] != 0x47) continue;
      if (!at_end && in.size() - at < kMaxStride * (kConfirm - 1) + 1) return at;
      for (size_t stride : {size_t{188}, size_t{192}, size_t{204}}) {
        bool good = in.size() - at >= kPacketSize;
        for (size_t k = 1; k < kConfirm && at + k * stride < in.size(); ++k)
          good = good && in[at + k * stride] == 0x47;
        if (!good) continue;
        stride_ = stride;
        return at;
      }
    }
    return at;
  }

  size_t stride_ = 0;  // 0 = not in sync
  size_t held_ = 0;
  std::array<uint8_t, kMaxStride * kConfirm> held_buffer_;
  uint64_t losses_ = 0;
};

}  // namespace m4f::ts
