// Frames as PES packets in transport packets (ISO/IEC 13818-1 2.4.3).
#pragma once

#include <optional>

#include "m4f/ts/layout.h"

namespace m4f::ts {

// One elementary stream that is being written.
struct PesStream {
  explicit PesStream(const Track& track) : layout(track) {}

  TrackLayout layout;
  uint16_t pid = 0;
  uint8_t counter = 0;
  bool selected = false;
  bool pcr = false;  // each frame's first packet carries the clock
};

// The program clock reference that a frame with this DTS carries, in 27 MHz ticks.
constexpr int64_t clock_before(Ticks dts) {
  return (dts - kPcrLead).count * 300;
}

// Appends the transport packets of a frame; nothing for one that does not fit its elementary stream.
void write_frame(PesStream& stream, const Frame& frame, bool discontinuity, Bytes& scratch, Bytes& out);

// A transport packet that carries the clock and no payload; its counter is that of the PID's last packet
// (2.4.3.3: it does not rise). `clock` in 27 MHz ticks.
void write_pcr_packet(uint16_t pid, uint8_t counter, int64_t clock, bool discontinuity,
                      std::span<uint8_t, kPacketSize> out);

}  // namespace m4f::ts
