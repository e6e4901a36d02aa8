// PIDs of a program: those that were asked for, and the rest counted up around them.
#pragma once

#include "m4f/ts/packager.h"

namespace m4f::ts {

constexpr uint16_t kFirstFreePid = 0x20, kNullPid = 0x1fff;  // below: PSI and SI of EN 300 468 table 1

// PMT, SDT and tracks in the track table's order, selected or not. No two are equal, whatever was asked for:
// what meets another, or is no PID for media, moves up to the next free one.
struct PidPlan {
  uint16_t pmt = 0, sdt = 0;
  std::vector<uint16_t> tracks;
};
PidPlan plan_pids(const std::vector<Track>& tracks, const Options& options);

// "v1", or "v0" for the base of a kind.
std::optional<TrackId> track_or_base(std::string_view name);
// "pmt=4095,sdt=0x12,pcr=300,v1=211,a0=220" into the fields of options; numbers as 251, 0xfb or 16#fb.
Result<void> parse_pids(std::string_view text, Options& options);

}  // namespace m4f::ts
