#include <algorithm>

#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

constexpr uint64_t kMaxMissing = 16;    // segments in a row that are listed as gaps
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

std::optional<uint64_t> missing_between(const Segment& before, const Segment& after,
                                        unsigned target_duration) {
  const SegmentHeader &a = before.header(), &b = after.header();
  const uint64_t missing = b.number - a.number - 1;
  if (missing == 0) return 0;
  const Ticks hole = b.start - (a.start + before.duration());
  if (missing > kMaxMissing || hole.count <= 0) return std::nullopt;
  if (hole / static_cast<int64_t>(missing) > Ticks::from_seconds(target_duration)) return std::nullopt;
  if (b.discontinuity_sequence != a.discontinuity_sequence + (b.discontinuity ? 1 : 0)) return std::nullopt;
  return missing;
}

ListedWindow listed_window(const RingView& view, unsigned target_duration, uint64_t first_number) {
  ListedWindow window;
  window.end = view.segments.size();
  if (window.end == 0) return window;
  if (!view.segments.back()->sealed()) window.open = view.segments[--window.end];
  window.first = window.end;
  const Ticks enough = Ticks::from_seconds(target_duration) * kListedTargets;
  const Segment* next = window.open.get();
  Ticks end = next ? next->header().start : Ticks();
  Ticks listed;
  while (window.first > 0) {
    const size_t i = window.first - 1;
    const Segment& segment = *view.segments[i];
    if (!segment.sealed() || segment.header().number < first_number) break;
    if (i < view.first_listed && listed >= enough) break;
    if (next) {
      // A playlist numbers its segments by counting.
      const auto missing = missing_between(segment, *next, target_duration);
      if (!missing) break;
      if (*missing > 0) listed += end - (segment.header().start + segment.duration());
    }
    listed += segment.duration();
    next = &segment;
    end = segment.header().start;
    window.first = i;
  }
  return window;
}

}  // namespace m4f
