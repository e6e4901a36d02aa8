// When a segment ends, and what the next one's header says.
#include <algorithm>

#include "m4f/segment/segmenter_impl.h"

namespace m4f {
namespace {

constexpr Ticks kLeadSilent = Ticks::from_seconds(2);  // then other tracks may cut
constexpr Ticks kBreakWait = Ticks::from_seconds(2);   // for the lead to follow another track's break
constexpr Ticks kHoldWait =
    Ticks::from_seconds(1);                   // for a key frame, while a track with a new format is held
constexpr Ticks kHole = Ticks::from_ms(500);  // between segments that are said to have a gap
constexpr Ticks kMaxDriftStep = Ticks::from_ms(10);

bool same_table(const std::vector<Track>& a, const std::vector<Track>& b) {
  return std::ranges::equal(a, b,
                            [](const Track& x, const Track& y) { return x.id == y.id && x.same_format(y); });
}

}  // namespace

size_t Segmenter::Impl::find_lead() const {
  size_t best = tracks.size();
  for (size_t i = 0; i < tracks.size(); ++i)
    if (tracks[i].active && !tracks[i].removed &&
        (best == tracks.size() || tracks[i].track.id < tracks[best].track.id))
      best = i;
  return best == tracks.size() ? lead : best;
}

// At most half of a frame, so that no two frames of a track meet.
Ticks Segmenter::Impl::max_drift_step() const {
  Ticks step = settings.slew ? kMaxDriftStep : Ticks();
  for (const TrackState& t : tracks)
    if (t.active && t.last_duration > Ticks()) step = std::min(step, t.last_duration / 2);
  return step;
}

Segmenter::Impl::Cut Segmenter::Impl::decide(const TrackState& t, const Arrival& arrival,
                                             const Timeline::Place& place) {
  const bool is_lead = arrival.track == lead;
  const bool broken = place.kind == Timeline::Kind::kJump || place.kind == Timeline::Kind::kGap;
  const Ticks length = place.utc - segment->header().start;
  const bool lead_silent =
      !is_lead && place.utc - (tracks[lead].last_utc + tracks[lead].last_duration) > kLeadSilent;

  if (broken) {
    ++stats.timestamp_jumps;
    if (!is_lead) {
      break_since = arrival.steady;
      break_has_hole = place.hole > kHole;
    }
  }
  if (is_lead) {
    if (broken || (break_since && (place.kind == Timeline::Kind::kJoined || place.hole > kHole)))
      return Cut::kBreak;
    if (break_since && arrival.key && arrival.steady - *break_since > kBreakWait) return Cut::kBreak;
    if (arrival.key && timeline.behind()) {
      ++stats.timestamp_jumps;
      return Cut::kBreak;
    }
    if (t.next && arrival.key) return Cut::kContinue;  // the table says the rest
    if (holding_since && (arrival.key || arrival.steady - *holding_since > kHoldWait)) return Cut::kContinue;
  } else if (break_since) {
    return lead_silent && arrival.steady - *break_since > kBreakWait ? Cut::kBreak : Cut::kNone;
  } else if (lead_silent && holding_since && arrival.steady - *holding_since > kHoldWait) {
    return Cut::kContinue;
  }
  const Ticks due = settings.segment_duration - arrival.stamp.duration / 2;
  if (length >= due && ((is_lead && arrival.key) || lead_silent)) return Cut::kContinue;
  if (length >= settings.max_segment_duration && (is_lead || lead_silent)) {
    ++stats.forced_cuts;
    return Cut::kContinue;
  }
  return Cut::kNone;
}

void Segmenter::Impl::choose_part_target(TrackState& t, Ticks frame_duration) {
  const auto known = std::ranges::find(part_targets, t.track.id, &std::pair<TrackId, Ticks>::first);
  if (known != part_targets.end()) {
    t.track.part_target = known->second;
  } else {
    t.track.part_target = part_target_of(
        settings.part_duration, t.track.frame_duration > Ticks() ? t.track.frame_duration : frame_duration);
    part_targets.emplace_back(t.track.id, t.track.part_target);
  }
  t.pacer.set_target(t.track.part_target);
}

std::vector<Track> Segmenter::Impl::make_table() {
  std::vector<TrackState*> in;
  for (TrackState& t : tracks) {
    t.active = t.seen && !t.removed && t.complete() && in.size() < kMaxTracks;
    if (t.active) in.push_back(&t);
  }
  std::ranges::sort(in, {}, [](const TrackState* t) { return t->track.id; });
  std::vector<Track> table;
  for (TrackState* t : in) {
    t->table_index = static_cast<uint8_t>(table.size());
    table.push_back(t->track);
  }
  return table;
}

void Segmenter::Impl::seal(Ticks end) {
  const Ticks duration = std::max(end - segment->header().start, Ticks(1));
  builder->seal(duration);
  for (TrackState& t : tracks) {
    // Told with the next table, rounded so that equal streams keep equal headers; the newest counts half.
    if (t.active) {
      const int64_t rate = static_cast<int64_t>(t.segment_bytes) * 8 * Ticks::kPerSecond / duration.count;
      const int64_t mean = t.track.bitrate > 0 ? (rate + t.track.bitrate) / 2 : rate;
      t.track.bitrate = static_cast<uint32_t>(std::min<int64_t>((mean + 500) / 1000 * 1000, UINT32_MAX));
    }
    t.segment_bytes = 0;
  }
  sink(SegmentSealed{segment});
  builder.reset();
}

void Segmenter::Impl::cut(TrackState& by, const Arrival& arrival, Ticks utc, bool discontinuity) {
  // New formats, where their key frame has come.
  for (TrackState& t : tracks) {
    if (t.next && (t.holding || (&t == &by && arrival.key))) {
      t.track = *std::exchange(t.next, std::nullopt);
    }
    t.holding = false;
  }
  by.seen = true;
  for (TrackState& t : tracks)
    if (!t.active && t.video()) t.needs_key = true;
  by.needs_key = by.needs_key && !arrival.key;
  for (TrackState& t : tracks)
    if (t.seen && !t.removed && t.complete())
      choose_part_target(t, &t == &by ? arrival.stamp.duration : t.last_duration);

  SegmentHeader header;
  // Starts rise even where another track began the last segment because the lead was silent.
  header.start = any_segment ? std::max(utc, segment->header().start + Ticks(1)) : utc;
  header.tracks = make_table();
  if (builder) {
    discontinuity = discontinuity || !same_table(header.tracks, segment->header().tracks);
    seal(discontinuity ? segment_end() : header.start);
    for (const TrackState& t : tracks)  // bitrates were measured just now
      if (t.active) header.tracks[t.table_index].bitrate = t.track.bitrate;
  }
  header.number = ++number;
  header.discontinuity = discontinuity;
  header.gap = discontinuity && utc - segment_end() > kHole;
  header.key_start = arrival.key && &by == &tracks[lead];
  if (discontinuity) ++discontinuities;
  if (discontinuity || !any_segment) last_break_start = header.start;
  header.discontinuity_sequence = discontinuities;
  header.since_discontinuity = header.start - last_break_start;
  header.target = settings.segment_duration;
  if (counters)
    header.ts = counters->next(header.tracks);
  else
    header.ts.tracks.resize(header.tracks.size());
  any_segment = true;
  lead_in_segment = false;
  other_end = utc;
  break_since.reset();
  break_has_hole = false;

  builder.emplace(header);
  segment = builder->segment();
  counters.emplace(header);
  for (TrackState& t : tracks) t.pacer.begin_segment();
  sink(SegmentOpened{segment});
}

}  // namespace m4f
