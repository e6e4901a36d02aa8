// How a run begins and ends. Until the first segment's track table is known and the lead track has a key
// frame, frames wait; then they are written at once, in the order they came.
#include <algorithm>

#include "m4f/segment/segmenter_impl.h"

namespace m4f {
namespace {

constexpr Ticks kMaxHeldAge = Ticks::from_seconds(3);  // of other tracks, before the lead's key frame

}  // namespace

void Segmenter::Impl::hold(const Arrival& arrival) {
  Held& h = held.emplace_back();
  h.arrival = arrival;
  h.payload.reserve(arrival.size);
  for (ByteView piece : arrival.pieces) h.payload.insert(h.payload.end(), piece.begin(), piece.end());
  h.arrival.pieces = {};  // the source's memory
  held_bytes += arrival.size;
}

// The track that segments follow, among those whose frames wait: the first video track, at its first key
// frame. Only after the wait another one will do.
std::optional<size_t> Segmenter::Impl::choose_lead(bool waited) const {
  std::optional<size_t> best;
  const auto before = [&](size_t a, size_t b) { return tracks[a].track.id < tracks[b].track.id; };
  for (size_t i = 0; i < tracks.size(); ++i) {
    if (tracks[i].removed) continue;
    const bool playable =
        std::ranges::any_of(held, [&](const Held& h) { return h.arrival.track == i && h.arrival.key; });
    if ((playable || !waited) && (!best || before(i, *best))) best = i;
  }
  if (best &&
      std::ranges::none_of(held, [&](const Held& h) { return h.arrival.track == *best && h.arrival.key; }))
    return std::nullopt;
  return best;
}

bool Segmenter::Impl::ready_to_start(Ticks steady) const {
  if (steady - *waiting_since >= settings.track_wait || held_bytes > kMaxHeldBytes) return true;
  return complete && std::ranges::all_of(tracks, [](const TrackState& t) { return t.removed || t.seen; });
}

Result<void> Segmenter::Impl::hold_for_start(const Arrival& arrival) {
  TrackState& t = tracks[arrival.track];
  if (!waiting_since) waiting_since = arrival.steady;
  const bool has_key = std::ranges::any_of(
      held, [&](const Held& h) { return h.arrival.track == arrival.track && h.arrival.key; });
  if (t.video() && !arrival.key && !has_key) {
    drop();
  } else {
    hold(arrival);
  }
  if (ready_to_start(arrival.steady)) {
    const bool waited = arrival.steady - *waiting_since >= settings.track_wait || held_bytes > kMaxHeldBytes;
    if (auto chosen = choose_lead(waited)) return start_or_ask(*chosen);
  }
  // Sound from long before the picture will not be needed.
  const bool has_video =
      std::ranges::any_of(held, [&](const Held& h) { return tracks[h.arrival.track].video(); });
  while (!has_video && !held.empty() && arrival.steady - held.front().arrival.steady > kMaxHeldAge) {
    held_bytes -= held.front().payload.size();
    held.pop_front();
    drop();
  }
  return {};
}

Result<void> Segmenter::Impl::start_or_ask(size_t lead_track) {
  if (!asks) return start_run(lead_track);
  wanted_lead = lead_track;
  return {};
}

Result<void> Segmenter::Impl::start_run(size_t lead_track) {
  const auto first = std::ranges::find_if(
      held, [&](const Held& h) { return h.arrival.track == lead_track && h.arrival.key; });
  if (first == held.end()) return {};  // it was too old to be kept until it was let begin
  Held begin = std::move(*first);
  held.erase(first);
  held_bytes -= begin.payload.size();
  lead = lead_track;
  running = true;
  waiting_since.reset();
  const ByteView payload = begin.payload;
  begin.arrival.pieces = {&payload, 1};
  timeline.start(begin.arrival.stamp.dts, begin.arrival.now, begin.arrival.steady);
  const Timeline::Place place =
      timeline.place(lead_track, begin.arrival.stamp.dts, begin.arrival.stamp.duration, begin.arrival.steady);
  timeline.observe(lead_track, begin.arrival.steady);
  if (!any_segment)
    number = std::max(static_cast<uint64_t>(std::max<int64_t>(begin.arrival.now.to_seconds(), 1)) - 1,
                      least_number);
  run_start = place.utc;
  cut(tracks[lead_track], begin.arrival, place.utc, any_segment);
  auto written = write(tracks[lead_track], begin.arrival, place.utc);
  auto released = release_held();
  return written ? released : written;
}

Result<void> Segmenter::Impl::release_held() {
  std::deque<Held> waiting = std::exchange(held, {});
  held_bytes = 0;
  holding_since.reset();
  Result<void> out;
  for (Held& h : waiting) {
    const ByteView payload = h.payload;
    h.arrival.pieces = {&payload, 1};
    auto accepted = accept(h.arrival);
    if (!accepted && out) out = std::move(accepted);
  }
  return out;
}

// The frame that has waited longest begins a segment, whatever the lead track does.
Result<void> Segmenter::Impl::cut_at_held() {
  Held first = std::move(held.front());
  held.pop_front();
  const ByteView payload = first.payload;
  first.arrival.pieces = {&payload, 1};
  TrackState& t = tracks[first.arrival.track];
  const FrameClock::Stamp& stamp = first.arrival.stamp;
  const Ticks utc = timeline.place(first.arrival.track, stamp.dts, stamp.duration, first.arrival.steady).utc;
  cut(t, first.arrival, utc, false);
  auto written = write(t, first.arrival, utc);
  auto released = release_held();
  return written ? released : written;
}

void Segmenter::Impl::end_run() {
  if (builder) seal(segment_end());
  stats.frames_dropped += held.size();
  held.clear();
  held_bytes = 0;
  waiting_since.reset();
  holding_since.reset();
  break_since.reset();
  wanted_lead.reset();
  running = false;
  for (TrackState& t : tracks) {
    t.seen = t.active = t.holding = false;
    if (t.next) t.track = *std::exchange(t.next, std::nullopt);
    t.clock = FrameClock(reorder_depth_of(t.track));
  }
}

}  // namespace m4f
