#include "m4f/segment/timeline.h"

#include <algorithm>
#include <cassert>

#include "m4f/segment/frame_clock.h"

namespace m4f {
namespace {

constexpr Ticks kJumpThreshold = Ticks::from_seconds(1);
constexpr Ticks kWrapTolerance = Ticks::from_seconds(10);  // around 2^33, for the frames at the wrap
constexpr Ticks kBaseTolerance = Ticks::from_seconds(10);  // tracks of one base begin this close
constexpr Ticks kJoinWithin = Ticks::from_seconds(5);      // of a jump, on our clock
constexpr Ticks kJoinReach = Ticks::from_seconds(3);       // from the newest frame
constexpr Ticks kJoinBack = Ticks::from_ms(200);           // behind the track's own last frame

Ticks absolute(Ticks t) {
  return t < Ticks() ? -t : t;
}

}  // namespace

void Timeline::start(Ticks dts, Ticks now, Ticks steady) {
  Ticks utc = std::max(now, floor_);
  if (anchored_) utc = std::max({now, wall(steady), newest_end_, floor_});
  anchored_ = true;
  anchor_utc_ = utc;
  anchor_steady_ = steady;
  newest_ = utc;
  newest_steady_ = steady;
  offset_ = utc - dts;
  jump_.reset();
  drift_.start(steady);
  tracks_.clear();
}

void Timeline::forget_track(size_t track) {
  if (track < tracks_.size()) tracks_[track] = {};
}

Timeline::Place Timeline::place_first(TrackClock& t, Ticks dts, Ticks steady) {
  const Ticks expected = newest_ - offset_ - drift_.corrected();
  for (int64_t wrap : {kWrap, -kWrap})
    if (absolute(dts + Ticks(wrap) - expected) < kBaseTolerance) t.wrap = Ticks(wrap);
  t.last_dts = dts + t.wrap;
  t.offset = offset_;
  // A track on a base of its own: its offset to the others is unknown, so it begins now.
  if (absolute(utc_of(t.last_dts, t.offset) - newest_) > kBaseTolerance)
    t.offset = std::max(newest_, wall(steady)) - t.last_dts - drift_.corrected();
  return {utc_of(t.last_dts, t.offset), Kind::kContinuous, Ticks(), false};
}

Timeline::Place Timeline::place_next(TrackClock& t, Ticks dts, Ticks steady) {
  const Ticks expected = t.last_dts + t.duration;
  Ticks source = dts + t.wrap;
  for (int64_t wrap : {kWrap, -kWrap}) {
    if (absolute(source + Ticks(wrap) - expected) >= kWrapTolerance) continue;
    t.wrap += Ticks(wrap);
    source += Ticks(wrap);
    break;
  }
  const Ticks delta = source - expected, elapsed = steady - t.last_steady;
  const Ticks end = t.last_utc + t.duration;
  Place place{utc_of(source, t.offset), Kind::kContinuous, Ticks(), false};

  bool joined = false;
  if (jump_ && t.offset != jump_->offset && steady - jump_->steady < kJoinWithin) {
    const Ticks utc = utc_of(source, jump_->offset);
    // Also a jump that is just too small to be one by itself: the tracks must not part.
    joined = absolute(utc - end) < absolute(place.utc - end) && utc > t.last_utc - kJoinBack &&
             absolute(utc - newest_) < kJoinReach;
    if (joined) {
      t.offset = jump_->offset;
      place.utc = utc;
      place.kind = Kind::kJoined;
    }
  }
  const bool backward = delta<-kJumpThreshold, forward = delta> kJumpThreshold;
  if (!joined && (backward || (forward && delta - elapsed > kJumpThreshold))) {
    place.utc = std::max(end, wall(steady));
    place.kind = Kind::kJump;
    t.offset = offset_ = place.utc - source - drift_.corrected();
    jump_ = Jump{offset_, steady};
    drift_.forget_window();
  } else if (!joined && forward && steady - newest_steady_ > kJumpThreshold) {
    place.kind = Kind::kGap;
  }
  if (place.utc <= t.last_utc) {
    place.utc = t.last_utc + Ticks(1);
    place.mended = true;
  }
  place.hole = place.utc - end;
  t.last_dts = source;
  return place;
}

Timeline::Place Timeline::place(size_t track, Ticks dts, Ticks duration, Ticks steady) {
  assert(anchored_);
  if (track >= tracks_.size()) tracks_.resize(track + 1);
  TrackClock& t = tracks_[track];
  const Place out = t.any ? place_next(t, dts, steady) : place_first(t, dts, steady);
  t.any = true;
  t.duration = duration;
  t.last_utc = out.utc;
  t.last_steady = newest_steady_ = steady;
  newest_ = std::max(newest_, out.utc);
  newest_end_ = std::max(newest_end_, out.utc + duration);
  return out;
}

Ticks Timeline::begin_segment(size_t track, Ticks max_step) {
  const Ticks step = drift_.begin_segment(max_step);
  TrackClock& t = tracks_[track];
  t.last_utc += step;
  newest_ = std::max(newest_, t.last_utc);
  newest_end_ = std::max(newest_end_, t.last_utc + t.duration);
  return t.last_utc;
}

void Timeline::observe(size_t track, Ticks steady) {
  const TrackClock& t = tracks_[track];
  drift_.observe(t.last_dts + t.offset - wall(steady), steady);
}

Ticks Timeline::anchor_again(size_t track) {
  const Ticks step = drift_.behind();
  for (TrackClock& t : tracks_) t.offset += step;
  offset_ += step;
  if (jump_) jump_->offset += step;
  drift_.forget_window();
  TrackClock& t = tracks_[track];
  t.last_utc += step;
  newest_ = std::max(newest_, t.last_utc);
  newest_end_ = std::max(newest_end_, t.last_utc + t.duration);
  return t.last_utc;
}

}  // namespace m4f
