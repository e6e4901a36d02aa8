#include "m4f/delivery/blocking.h"

#include <utility>

#include "m4f/mp4/packager.h"

namespace m4f {
namespace {

constexpr uint64_t kAdvanceSegments = 2;

// The Advance Part Limit (rfc8216bis 6.2.5.2).
uint64_t advance_parts(Ticks part_target) {
  if (part_target.count <= 0 || part_target.count >= Ticks::kPerSecond) return 3;
  return static_cast<uint64_t>((3 * Ticks::kPerSecond + part_target.count - 1) / part_target.count);
}

// `part` counts from 0, `count` parts exist.
Readiness in_growing_segment(uint64_t part, size_t count, uint64_t limit) {
  if (part < count) return Readiness::kReady;
  return part - count >= limit ? Readiness::kTooFar : Readiness::kWait;
}

}  // namespace

LiveEdge live_edge(const RingView& view, const ListedWindow& window, const TrackSelection& selection) {
  LiveEdge edge;
  const auto look_at = [&](const Segment& segment) {
    const auto& tracks = segment.header().tracks;
    const auto picked = pick_tracks(tracks, selection, Container::kFmp4);
    if (picked.empty()) return size_t{0};
    edge.part_target = tracks[lead_of(tracks, picked)].part_target;
    return mp4::parts(segment, picked).size();
  };
  if (window.first < window.end) {
    const Segment& last = *view.segments[window.end - 1];
    edge.any = true;
    edge.last_sealed = last.header().number;
    edge.last_parts = look_at(last);
  }
  if (window.open) {
    edge.open_parts = look_at(*window.open);
    if (window.open->sealed()) {
      // It was sealed since the window was looked at.
      edge.last_sealed = window.open->header().number;
      edge.last_parts = look_at(*window.open);
      edge.open_parts = 0;
    } else {
      // What never arrived before it counts as complete.
      const uint64_t before = window.open->header().number - 1;
      if (std::exchange(edge.last_sealed, before) != before) edge.last_parts = 0;
    }
    edge.any = true;
  }
  return edge;
}

Readiness playlist_readiness(const LiveEdge& edge, const Query& query) {
  if (!query.msn) return Readiness::kReady;
  const uint64_t msn = *query.msn;
  if (msn > edge.last_sealed && msn - edge.last_sealed > kAdvanceSegments) return Readiness::kTooFar;
  if (!query.part) return msn <= edge.last_sealed ? Readiness::kReady : Readiness::kWait;
  const uint64_t part = *query.part, limit = advance_parts(edge.part_target);
  if (msn < edge.last_sealed) return Readiness::kReady;
  if (msn == edge.last_sealed) {
    // A part past the last one of a finished segment means the first one of the next.
    if (part < edge.last_parts || edge.open_parts > 0) return Readiness::kReady;
    return in_growing_segment(part, edge.last_parts, limit);
  }
  if (msn == edge.last_sealed + 1) return in_growing_segment(part, edge.open_parts, limit);
  return part >= limit ? Readiness::kTooFar : Readiness::kWait;
}

Readiness part_readiness(const LiveEdge& edge, uint64_t number, uint64_t part) {
  if (!edge.any) return Readiness::kTooFar;
  if (number == edge.last_sealed + 1) {
    if (part < edge.open_parts) return Readiness::kReady;
    return part == edge.open_parts ? Readiness::kWait : Readiness::kTooFar;
  }
  return number == edge.last_sealed && part < edge.last_parts ? Readiness::kReady : Readiness::kTooFar;
}

}  // namespace m4f
