// MPEG-TS in RTP (RFC 2250) or bare in datagrams.
#pragma once

#include <optional>

#include "m4f/base/bytes.h"

namespace m4f::ts {

class RtpReceiver {
 public:
  // The transport packets in a datagram, whether wrapped in RTP or not; empty for an RTP packet that comes
  // again or too late. Adds to `lost` the packets that the sequence numbers show to be missing.
  ByteView unwrap(ByteView datagram, uint64_t& lost);

 private:
  std::optional<uint16_t> sequence_;
  uint32_t source_ = 0;
};

}  // namespace m4f::ts
