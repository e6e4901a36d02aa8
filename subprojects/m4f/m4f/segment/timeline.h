// From the source's clock to UTC. The first frame of a run is at the wall clock's time; from there on the
// source's own clock is followed to the tick, all tracks by one offset, until its timestamps jump.
#pragma once

#include <vector>

#include "m4f/segment/drift.h"

namespace m4f {

class Timeline {
 public:
  enum class Kind : uint8_t {
    kContinuous,
    kJump,    // the timestamps jumped: the track goes on where the wall clock says, or right behind its last
              // frame
    kJoined,  // follows a jump that another track made before it
    kGap,     // nothing came for a while, and the timestamps tell so: they are kept
  };
  struct Place {
    Ticks utc;
    Kind kind = Kind::kContinuous;
    Ticks hole;           // from the end of the track's last frame to this one, if it has one
    bool mended = false;  // did not rise: one tick behind its predecessor
  };

  // A run begins: the source's `dts` is at `now`, or where our steady clock says if the wall clock was set
  // back since the last run, but never before what was placed already. All tracks begin anew.
  void start(Ticks dts, Ticks now, Ticks steady);
  // What was there before the first run ends at `utc`: nothing is placed before it.
  void not_before(Ticks utc) { floor_ = utc; }
  // Gives the next frame of a track its place. `duration` is the frame's own. REQUIRES: started.
  Place place(size_t track, Ticks dts, Ticks duration, Ticks steady);
  void forget_track(size_t track);

  // The frame of `track` that was placed last begins a segment: its place, after the correction for drift
  // that is due.
  Ticks begin_segment(size_t track, Ticks max_step);
  // Feeds the drift's measurement with the frame of `track` that was placed last: the lead track's frames.
  void observe(size_t track, Ticks steady);
  // The source fell behind for good (it paused). The frame that was placed last begins a segment where UTC
  // says.
  bool behind() const { return drift_.behind() > Ticks(); }
  Ticks anchor_again(size_t track);

  Ticks newest() const { return newest_; }  // largest UTC placed
  int64_t drift_ppm() const { return drift_.ppm(); }

 private:
  struct TrackClock {
    bool any = false;
    Ticks wrap;      // added to the source's DTS: 2^33 per wrap that the source left in
    Ticks last_dts;  // of the source, unwrapped
    Ticks duration;  // of the last frame
    Ticks offset;    // source to UTC, without the drift's correction
    Ticks last_utc, last_steady;
  };
  struct Jump {
    Ticks offset, steady;
  };

  Place place_first(TrackClock& t, Ticks dts, Ticks steady);
  Place place_next(TrackClock& t, Ticks dts, Ticks steady);
  Ticks wall(Ticks steady) const { return anchor_utc_ + (steady - anchor_steady_); }
  Ticks utc_of(Ticks dts, Ticks offset) const { return dts + offset + drift_.corrected(); }

  std::vector<TrackClock> tracks_;
  bool anchored_ = false;
  Ticks floor_;
  Ticks anchor_utc_, anchor_steady_;
  Ticks offset_;  // of the run, or of its last jump
  Ticks newest_, newest_steady_, newest_end_;
  std::optional<Jump> jump_;
  Drift drift_;
};

}  // namespace m4f
