#include <algorithm>

#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

constexpr unsigned kListedTargets = 3;  // rfc8216bis 6.2.2: a live playlist keeps three target durations

unsigned ceil_seconds(Ticks duration) {
  return static_cast<unsigned>((std::max<int64_t>(duration.count, 0) + Ticks::kPerSecond - 1) /
                               Ticks::kPerSecond);
}

}  // namespace

unsigned target_duration(const RingView& view, Ticks segment_duration) {
  // A segment ends at the first key frame after the configured duration, so it lasts up to one GOP
  // longer: 1.4 times covers the usual GOPs (5 s give 7, as players of this kind of server know it).
  Ticks configured = segment_duration;
  if (!view.segments.empty() && view.segments.back()->header().target.count > 0)
    configured = view.segments.back()->header().target;
  const auto with_head_room =
      static_cast<unsigned>((configured.count * 14 / 10 + Ticks::kPerSecond / 2) / Ticks::kPerSecond);
  unsigned seconds = std::max({with_head_room, ceil_seconds(configured), 1u});
  for (const SegmentPtr& segment : view.segments)
    seconds = std::max(seconds, ceil_seconds(segment->duration()));
  return seconds;
}

Ticks part_hold_back(const RingView& view) {
  Ticks longest;
  for (const SegmentPtr& segment : view.segments)
    for (const Track& track : segment->header().tracks) longest = std::max(longest, track.part_target);
  return longest * 3;
}

ListedWindow listed_window(const RingView& view, unsigned target_duration, uint64_t first_number) {
  ListedWindow window;
  window.end = view.segments.size();
  if (window.end == 0) return window;
  if (!view.segments.back()->sealed()) window.open = view.segments[--window.end];
  window.first = window.end;
  const auto number = [&](size_t i) { return view.segments[i]->header().number; };
  // A playlist numbers its segments by counting: where some never arrived, it starts after the hole.
  uint64_t next = window.open ? window.open->header().number : window.end ? number(window.end - 1) + 1 : 0;
  const Ticks enough = Ticks::from_seconds(target_duration) * kListedTargets;
  Ticks listed;
  while (window.first > 0) {
    const size_t i = window.first - 1;
    if (!view.segments[i]->sealed() || number(i) + 1 != next || number(i) < first_number) break;
    if (i < view.first_listed && listed >= enough) break;
    listed += view.segments[i]->duration();
    next = number(i);
    window.first = i;
  }
  return window;
}

}  // namespace m4f
