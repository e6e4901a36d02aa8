#include "m4f/ts/rtp.h"

namespace m4f::ts {
namespace {

// Sequence numbers further apart than this mean that the sender began anew (RFC 3550 A.1: MAX_DROPOUT).
constexpr int kMaxDropout = 3000;

}  // namespace

ByteView RtpReceiver::unwrap(ByteView datagram, uint64_t& lost) {
  if (datagram.empty() || datagram[0] == 0x47 || datagram[0] >> 6 != 2) return datagram;
  ByteReader in(datagram);
  const uint8_t flags = in.u8();
  in.u8();
  const uint16_t sequence = in.u16();
  in.u32();
  const uint32_t source = in.u32();
  in.skip(size_t{4} * (flags & 15));
  if (flags & 0x10) {
    in.u16();
    in.skip(size_t{4} * in.u16());
  }
  ByteView payload = in.rest();
  if (!in.ok() || payload.empty()) return {};
  if (flags & 0x20) {
    const size_t padding = payload.back();
    if (padding == 0 || padding > payload.size()) return {};
    payload = payload.first(payload.size() - padding);
  }
  if (payload.empty() || payload[0] != 0x47) return {};
  if (sequence_ && source == source_) {
    const int step = static_cast<int16_t>(sequence - *sequence_);
    if (step <= 0 && step > -kMaxDropout) return {};
    if (step > 0 && step < kMaxDropout) lost += static_cast<uint64_t>(step - 1);
  }
  sequence_ = sequence;
  source_ = source;
  return payload;
}

}  // namespace m4f::ts
