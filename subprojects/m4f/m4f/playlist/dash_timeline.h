// Which media an MPD describes: periods, tracks and where their segments stand in time.
#pragma once

#include "m4f/ring/live_ring.h"

namespace m4f {

// One segment of one track.
struct DashSegment {
  Ticks time;      // tfdt of its first sample
  Ticks duration;  // until the next one starts, where it follows
  bool key_start = false;
  size_t bytes = 0;
};

struct DashTrack {
  size_t index = 0;  // into the track table
  Track track;
  std::vector<DashSegment> segments;  // oldest first, at least one

  uint64_t bandwidth() const;  // bit/s of the densest segment
  bool starts_with_keys() const;
};

// A run of segments without discontinuity or change of tracks.
struct DashPeriod {
  Ticks start;  // whole milliseconds, at or just before the run's first segment, also if that left the window
                // long ago
  std::vector<Track> table;
  std::vector<DashTrack> tracks;
};

// What fMP4 can carry of the selected tracks (empty = all) in the sealed segments that playlists show.
std::vector<DashPeriod> dash_periods(const RingView& view, const TrackSelection& selection);

}  // namespace m4f
