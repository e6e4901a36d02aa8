// Watches how a source's clock runs against ours, and says when and how far to follow.
#pragma once

#include <array>
#include <optional>

#include "m4f/base/ticks.h"

namespace m4f {

// The lag of a frame is its media time minus the time that passed on our clock since the run began. Networks,
// bursts and scheduling only ever lower it, so what counts is the highest of the last 30 s. Its value in the
// first 30 s is the baseline: a source that begins with a burst is ahead for good, and that is no drift.
//
// Within 300 ms of the baseline nothing is done. Beyond, each segment start moves by at most one step until
// less than 100 ms are left, so that distances inside of segments stay the source's own to the tick; a clock
// that is 200 ppm fast needs a tenth of that. A source that was silent and then goes on in real time, its
// timestamps as though nothing had happened, was paused: it is behind for good and needs a new anchor. One
// that catches up after its silence (a network that stalled) does not; which of the two it is shows in the 3
// s after.
class Drift {
 public:
  void start(Ticks steady);
  // `lag` without the corrections that begin_segment() made. REQUIRES: started.
  void observe(Ticks lag, Ticks steady);
  // Timestamps jumped: what was observed says nothing about what comes.
  void forget_window();

  // How far to move the segment that starts now, within +-max_step; later if positive.
  Ticks begin_segment(Ticks max_step);
  Ticks corrected() const { return corrected_; }  // sum of those
  // How far the source fell behind for good; 0 = not. The caller moves its anchor by that and calls
  // forget_window().
  Ticks behind() const { return behind_; }
  int64_t ppm() const;

 private:
  struct Silence {
    Ticks since, lag, highest, before;
  };
  std::optional<Ticks> highest() const;
  void rotate(Ticks steady);
  void watch_silence(Ticks lag, Ticks steady);

  std::array<std::optional<Ticks>, 3> buckets_;  // highest lag of 10 s each, newest first
  Ticks bucket_since_, started_, last_;
  size_t rotations_ = 0;
  std::optional<Ticks> baseline_;
  std::optional<Silence> silence_;
  Ticks corrected_, behind_;
  bool following_ = false;
};

}  // namespace m4f
