// Durations of samples. A sample lasts until the next one of its track; the last one of a part lasts its
// nominal duration, for a part must come out the same whether or not its successor is known yet.
#pragma once

#include <algorithm>
#include <limits>

#include "m4f/segment/segment.h"

namespace m4f::mp4 {

// `previous` = distance of the frame before, 0 if there is none: stands in where neither frame nor track
// know.
inline Ticks nominal_duration(const Frame& frame, const Track& track, Ticks previous = {}) {
  if (frame.duration.count > 0) return frame.duration;
  if (track.frame_duration.count > 0) return track.frame_duration;
  return std::max(previous, Ticks());
}

inline uint32_t sample_duration(Ticks t) {
  return static_cast<uint32_t>(std::clamp<int64_t>(t.count, 0, std::numeric_limits<uint32_t>::max()));
}

}  // namespace m4f::mp4
