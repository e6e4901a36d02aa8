// Decides which frames end an LL-HLS part of a track (rfc8216bis 4.4.4.9).
#pragma once

#include "m4f/base/ticks.h"

namespace m4f {

// The part target of a track whose frames usually last `frame_duration`: the whole number of frames nearest
// to `part_duration`, at least one, rounded up to a millisecond, which is what a playlist can say. Zero turns
// parts off.
Ticks part_target_of(Ticks part_duration, Ticks frame_duration);

// No part is longer than the target, and each but the last of a segment is as long as whole frames let it be.
// Whether a frame is the last of its part is decided before its successor is known, from durations.
class PartPacer {
 public:
  void set_target(Ticks target) { target_ = target; }
  void begin_segment() { open_ = false; }
  // The next frame of the track, in order: whether its part ends with it. `duration` is the frame's own, or
  // the best guess, and stands in for the one that follows.
  bool ends_part(Ticks dts, Ticks duration);

 private:
  Ticks target_, begin_;
  bool open_ = false;
};

}  // namespace m4f
