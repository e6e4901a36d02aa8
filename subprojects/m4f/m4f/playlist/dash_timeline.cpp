#include "m4f/playlist/dash_timeline.h"

#include <algorithm>

#include "m4f/mp4/packager.h"
#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

bool same_tracks(const std::vector<Track>& a, const std::vector<Track>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](const Track& x, const Track& y) { return x.id == y.id && x.same_format(y); });
}

bool continues(const SegmentHeader& before, const SegmentHeader& next) {
  return !next.discontinuity && before.discontinuity_sequence == next.discontinuity_sequence &&
         same_tracks(before.tracks, next.tracks);
}

bool selected(const TrackSelection& selection, const Track& track) {
  if (track.id.content == Content::kText || !mp4::carries(track.codec)) return false;
  return selection.ids.empty() || std::ranges::count(selection.ids, track.id) > 0;
}

bool starts_with_key(const Segment& segment, size_t track) {
  const size_t count = segment.frame_count();
  for (size_t i = 0; i < count; ++i)
    if (segment.frame(i).track == track) return segment.frame(i).key;
  return false;
}

DashTrack dash_track(std::span<const SegmentPtr> run, size_t index) {
  DashTrack out{.index = index, .track = run.back()->header().tracks[index], .segments = {}};
  const SegmentHeader* before = nullptr;  // of the newest entry
  for (const SegmentPtr& segment : run) {
    const mp4::TrackSpan span = mp4::track_span(*segment, index);
    if (span.frames == 0) continue;
    const SegmentHeader& header = segment->header();
    // Without a hole in between, a segment lasts until the next one starts: rounding leaves no gaps.
    if (before && before->number + 1 == header.number && !header.gap && span.start > out.segments.back().time)
      out.segments.back().duration = span.start - out.segments.back().time;
    const bool lead = index == segment->lead_track();
    out.segments.push_back(
        {.time = span.start,
         .duration =
             std::max(lead ? header.start + segment->duration() - span.start : span.duration, Ticks(1)),
         .key_start = starts_with_key(*segment, index),
         .bytes = span.bytes});
    before = &header;
  }
  return out;
}

DashPeriod dash_period(std::span<const SegmentPtr> run, Ticks start, const TrackSelection& selection) {
  DashPeriod period;
  period.start = Ticks::from_ms(start.to_ms());
  period.table = run.front()->header().tracks;
  for (size_t i = 0; i < period.table.size(); ++i) {
    if (!selected(selection, period.table[i])) continue;
    DashTrack track = dash_track(run, i);
    if (!track.segments.empty()) period.tracks.push_back(std::move(track));
  }
  return period;
}

}  // namespace

uint64_t DashTrack::bandwidth() const {
  uint64_t most = 0;
  for (const DashSegment& s : segments) {
    if (s.duration.count <= 0) continue;
    most =
        std::max(most, uint64_t{s.bytes} * 8 * Ticks::kPerSecond / static_cast<uint64_t>(s.duration.count));
  }
  return most;
}

bool DashTrack::starts_with_keys() const {
  return std::ranges::all_of(segments, &DashSegment::key_start);
}

std::vector<DashPeriod> dash_periods(const RingView& view, const TrackSelection& selection) {
  std::span<const SegmentPtr> listed = view.segments;
  listed = listed.subspan(std::min(view.first_listed, listed.size()));
  if (!listed.empty() && !listed.back()->sealed()) listed = listed.first(listed.size() - 1);

  std::vector<DashPeriod> periods;
  while (!listed.empty()) {
    size_t length = 1;
    while (length < listed.size() && continues(listed[length - 1]->header(), listed[length]->header()))
      ++length;
    const SegmentHeader& first = listed.front()->header();
    // A change of tracks without a discontinuity begins a period of its own.
    const bool since = periods.empty() || first.discontinuity;
    const Ticks start = first.start - (since ? first.since_discontinuity : Ticks());
    DashPeriod period = dash_period(listed.first(length), start, selection);
    if (!period.tracks.empty()) periods.push_back(std::move(period));
    listed = listed.subspan(length);
  }
  return periods;
}

SegmentPtr find_dash_segment(const RingView& view, TrackId id, uint64_t time) {
  for (auto it = view.segments.rbegin(); it != view.segments.rend(); ++it) {
    const Segment& segment = **it;
    if (!segment.sealed()) continue;
    const std::vector<Track>& tracks = segment.header().tracks;
    const auto track = std::ranges::find(tracks, id, &Track::id);
    if (track == tracks.end() || !mp4::carries(track->codec)) continue;
    const auto index = static_cast<size_t>(track - tracks.begin());
    for (size_t i = 0; i < segment.frame_count(); ++i) {
      if (segment.frame(i).track != index) continue;
      if (static_cast<uint64_t>(segment.frame(i).dts.count) == time) return *it;
      break;
    }
  }
  return nullptr;
}

}  // namespace m4f
