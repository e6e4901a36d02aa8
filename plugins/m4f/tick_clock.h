// From a pad's GStreamer timestamps to ticks without losing the source's exactness.
#pragma once

#include <gst/gst.h>

#include <optional>

#include "m4f/base/ticks.h"

namespace sluice {

// Nanoseconds that came from 90 kHz ticks (or from frames of whole ticks) have been rounded, and then moved
// by a segment's start and base, which are any number of nanoseconds. Rounding each of them by itself would
// make distances of one tick more or less. So the first timestamp's fraction of a tick is taken for the phase
// of them all: distances stay as the source had them, and the whole is moved by less than a tick.
class TickClock {
 public:
  TickClock() { gst_segment_init(&segment_, GST_FORMAT_TIME); }

  // REQUIRES: a TIME segment.
  void set_segment(const GstSegment& segment) {
    segment_ = segment;
    phase_.reset();
  }
  // Running time, also before the segment's start (then negative); nothing if there is no timestamp.
  std::optional<m4f::Ticks> at(GstClockTime timestamp) {
    guint64 running = 0;
    if (!GST_CLOCK_TIME_IS_VALID(timestamp)) return std::nullopt;
    const int sign = gst_segment_to_running_time_full(&segment_, GST_FORMAT_TIME, timestamp, &running);
    if (sign == 0) return std::nullopt;
    const int64_t ns = sign * static_cast<int64_t>(running);
    if (!phase_) phase_ = ns - m4f::Ticks::from_ns(ns).to_ns();
    return m4f::Ticks::from_ns(ns - *phase_);
  }

 private:
  GstSegment segment_;
  std::optional<int64_t> phase_;  // ns, less than a tick
};

}  // namespace sluice
