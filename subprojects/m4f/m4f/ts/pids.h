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

}  // namespace m4f::ts
