// Where the rounds of a source that is played over and over belong on one clock.
#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "m4f/base/ticks.h"

namespace sluice {

// A round is one pass over the same tracks, each of which begins and ends where it likes. The next round is
// moved so that it begins right behind this one's longest track; every round is moved as a whole, so tracks
// keep their distances however often. Times are running time in ns, in decoding order. Not thread-safe.
class RoundClock {
 public:
  // A frame of the present round, on the round's own clock. `duration` 0 = unknown: as its predecessor's
  // distance.
  void note(size_t track, int64_t at, int64_t duration);
  // How long a track has been going in the present round when it comes to `at`.
  int64_t since_first(size_t track, int64_t at) const;
  // The present round begins at `time` or later. REQUIRES: nothing of it was noted.
  void not_before(int64_t time) { shift_ = std::max(shift_, m4f::Ticks::from_ns(time).to_ns()); }
  // What to add to the present round's times.
  int64_t shift() const { return shift_; }
  // The length of the present round so far: a whole number of ticks, so that no round is moved by a fraction.
  int64_t length() const;
  // The next round begins. False if this one was shorter than any that makes sense to play over and over.
  bool next_round();

 private:
  struct Track {
    std::optional<int64_t> first;
    int64_t last = 0, duration = 0;
  };
  std::map<size_t, Track> tracks_;
  int64_t shift_ = 0;
};

}  // namespace sluice
