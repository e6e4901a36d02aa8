#include "m4f/ts/layout.h"
#include "m4f/ts/packager.h"

namespace m4f::ts {

CounterTracker::CounterTracker(const SegmentHeader& header) : at_(header.ts), schedule_(header) {
  at_.tracks.resize(header.tracks.size());
  for (const Track& track : header.tracks) {
    ids_.push_back(track.id);
    layouts_.emplace_back(track);
  }
}

void CounterTracker::add(const Frame& frame, size_t payload_size) {
  if (schedule_.due(frame)) at_.psi = (at_.psi + 1) & 15;
  if (frame.track >= layouts_.size()) return;
  const TrackLayout& layout = layouts_[frame.track];
  TsCounters::PerTrack& track = at_.tracks[frame.track];
  track.plain = (track.plain + layout.packets(frame, payload_size, false)) & 15;
  track.with_pcr = (track.with_pcr + layout.packets(frame, payload_size, true)) & 15;
}

TsCounters CounterTracker::next(const std::vector<Track>& next_tracks) const {
  TsCounters next;
  next.psi = at_.psi;
  for (const Track& track : next_tracks) {
    TsCounters::PerTrack counters;
    for (size_t i = 0; i < ids_.size(); ++i)
      if (ids_[i] == track.id) counters = at_.tracks[i];
    next.tracks.push_back(counters);
  }
  return next;
}

}  // namespace m4f::ts
