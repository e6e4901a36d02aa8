// A track's own timestamps, whole: every frame gets a decoding time, whatever the source left out.
#pragma once

#include <optional>
#include <vector>

#include "m4f/segment/segmenter.h"

namespace m4f {

// Decoding times of a source that tells presentation times alone. The n-th frame is decoded no later than the
// n-th presentation time in order, moved by the number of frames that may overtake it (H.264 C.4.5.3): a
// constant, so that distances are the source's own. It is given at first and grows when a frame proves it too
// small.
class DtsEstimator {
 public:
  explicit DtsEstimator(unsigned reorder_depth = 0);
  // Rises with every call. After a jump of the presentation times it begins anew behind them.
  Ticks next(Ticks pts, Ticks frame_duration);

 private:
  size_t depth_;
  std::vector<Ticks> waiting_;  // rising: presentation times that are not yet decoding times
  Ticks last_;
  bool any_ = false;
};

class FrameClock {
 public:
  struct Stamp {
    Ticks dts, cts_offset;
    Ticks duration;  // nominal
    bool corrected = false;
  };

  FrameClock() = default;
  explicit FrameClock(unsigned reorder_depth) : estimator_(reorder_depth) {}

  // `usual` = the track's frame duration; `reorders` = video. Nothing if the frame has no usable time at all.
  std::optional<Stamp> stamp(const InputFrame& frame, Ticks usual, bool reorders);

 private:
  DtsEstimator estimator_;
  std::optional<Ticks> last_dts_;
  Ticks last_distance_;
  bool has_dts_ = false;  // the source tells decoding times
};

// How many frames may overtake a frame in output order, as the track's configuration says; a guess where it
// does not.
unsigned reorder_depth_of(const Track& track);

constexpr int64_t kWrap = int64_t{1} << 33;  // of MPEG-TS timestamps

}  // namespace m4f
