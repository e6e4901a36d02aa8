// A segment's tracks as a program: what is carried, under which PIDs, and the tables that say so.
#pragma once

#include "m4f/ts/packager.h"
#include "m4f/ts/pes_writer.h"

namespace m4f::ts {

struct Program {
  // Who writes the clock: the frames' own packets, or whoever sends them.
  enum class Clock { kInFrames, kElsewhere };

  Program(const SegmentHeader& header, const Options& options, Clock where);

  bool carries(const Frame& frame) const {
    return frame.track < streams.size() && streams[frame.track].selected;
  }

  std::vector<PesStream> streams;  // in the track table's order
  uint16_t pcr_pid = 0x1fff;       // none
  size_t clock = SIZE_MAX;         // the track whose frames the clock follows
  bool clock_is_apart = false;     // pcr_pid is no track's
  Bytes pat, pmt, sdt;             // transport packets; counters are 0
};

}  // namespace m4f::ts
