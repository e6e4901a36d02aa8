#include "m4f/segment/segmenter.h"

#include <algorithm>
#include <cassert>

#include "m4f/segment/segmenter_impl.h"

namespace m4f {
namespace {

// The lead track is dead if it gave nothing to cut at for so long while another track's new format waited.
constexpr Ticks kMaxHoldTime = Ticks::from_seconds(3);

void copy_description(const Track& from, Track& to) {
  to.language = from.language;
  to.title = from.title;
  if (from.bitrate > 0) to.bitrate = from.bitrate;
  to.rfc6381 = from.rfc6381;
  to.sar_width = from.sar_width;
  to.sar_height = from.sar_height;
  to.fps_num = from.fps_num;
  to.fps_den = from.fps_den;
  to.frame_duration = from.frame_duration;
}

}  // namespace

Segmenter::Segmenter(SegmenterSettings settings, std::function<void(const RecordEvent&)> sink)
    : impl_(new Impl(settings, std::move(sink))) {}
Segmenter::~Segmenter() = default;

void Segmenter::go_on_after(const SegmentPtr& last) {
  assert(!impl_->builder);
  const SegmentHeader& header = last->header();
  impl_->any_segment = true;
  impl_->segment = last;
  impl_->number = header.number;
  impl_->discontinuities = header.discontinuity_sequence;
  impl_->other_end = header.start + last->duration();
  impl_->counters.emplace(header);
  // Nothing that follows is shown or heard before the end of what was there, in whatever track.
  Ticks floor = impl_->other_end;
  for (size_t i = 0; i < last->frame_count(); ++i) {
    const Frame& frame = last->frame(i);
    impl_->counters->add(frame, frame.data.size());
    floor = std::max(floor, std::max(frame.dts, frame.pts()) + frame.duration);
    impl_->wrote_before(header.tracks[frame.track].id, frame.dts);
  }
  for (Impl::TrackState& t : impl_->tracks) t.last_utc = impl_->last_written(t.track.id);
  impl_->timeline.not_before(floor);
  for (const Track& track : header.tracks)
    if (std::ranges::find(impl_->part_targets, track.id, &std::pair<TrackId, Ticks>::first) ==
        impl_->part_targets.end())
      impl_->part_targets.emplace_back(track.id, track.part_target);
}

void Segmenter::number_after(uint64_t number) {
  impl_->least_number = number;
}

void Segmenter::hold() {
  impl_->end_run();
  impl_->on_hold = true;
}

void Segmenter::release() {
  impl_->on_hold = false;
}

void Segmenter::ask_before_begin() {
  impl_->asks = true;
}

bool Segmenter::wants_to_begin() const {
  return impl_->wanted_lead.has_value();
}

void Segmenter::settle() {
  if (!impl_->running && impl_->asks) impl_->wanted_lead = impl_->choose_lead(true);
}

void Segmenter::begin() {
  assert(impl_->wanted_lead);
  (void)impl_->start_run(*std::exchange(impl_->wanted_lead, std::nullopt));
}

size_t Segmenter::add_track(Track track) {
  // The lowest free number: a track that is declared again after its removal (a reconnected source) keeps its
  // name.
  const auto taken = [&](TrackId id) {
    return std::ranges::any_of(impl_->tracks, [&](const auto& t) { return !t.removed && t.track.id == id; });
  };
  track.id = {content_of(track.codec), 1};
  while (taken(track.id) && track.id.number < UINT8_MAX) ++track.id.number;
  const Ticks last_written = impl_->last_written(track.id);
  Impl::TrackState& t = impl_->tracks.emplace_back();
  t.last_utc = last_written;
  t.clock = FrameClock(reorder_depth_of(track));
  t.track = std::move(track);
  return impl_->tracks.size() - 1;
}

void Segmenter::update_track(size_t index, Track track) {
  assert(index < impl_->tracks.size());
  Impl::TrackState& t = impl_->tracks[index];
  track.id = t.track.id;
  track.part_target = t.track.part_target;
  if (t.active && !t.track.same_format(track)) {
    t.next = std::move(track);
    return;
  }
  t.next.reset();
  if (t.active) return copy_description(track, t.track);
  if (!t.track.same_format(track)) t.clock = FrameClock(reorder_depth_of(track));
  t.track = std::move(track);
}

void Segmenter::remove_track(size_t index) {
  assert(index < impl_->tracks.size());
  impl_->tracks[index].removed = true;
  for (auto held = impl_->held.begin(); held != impl_->held.end();) {
    if (held->arrival.track != index) {
      ++held;
      continue;
    }
    impl_->held_bytes -= held->payload.size();
    impl_->drop();
    held = impl_->held.erase(held);
  }
  if (impl_->wanted_lead == index) impl_->wanted_lead.reset();
  if (impl_->running && index == impl_->lead) impl_->lead = impl_->find_lead();
}

void Segmenter::tracks_complete() {
  impl_->complete = true;
}

Result<void> Segmenter::push(const InputFrame& frame, Ticks now, Ticks steady) {
  return impl_->push(frame, now, steady);
}

void Segmenter::interrupt() {
  impl_->end_run();
}

void Segmenter::finish() {
  if (!impl_->running && !impl_->asks)
    if (auto lead = impl_->choose_lead(true)) (void)impl_->start_run(*lead);
  impl_->end_run();
}

const SegmenterStats& Segmenter::stats() const {
  return impl_->stats;
}

Ticks Segmenter::Impl::last_written(TrackId id) const {
  Ticks last;
  for (const TrackState& t : tracks)
    if (t.track.id == id) last = std::max(last, t.last_utc);
  for (const auto& [written, utc] : written_before)
    if (written == id) last = std::max(last, utc);
  return last;
}

void Segmenter::Impl::wrote_before(TrackId id, Ticks utc) {
  const auto known = std::ranges::find(written_before, id, &std::pair<TrackId, Ticks>::first);
  if (known != written_before.end())
    known->second = std::max(known->second, utc);
  else
    written_before.emplace_back(id, utc);
}

Result<void> Segmenter::Impl::push(const InputFrame& frame, Ticks now, Ticks steady) {
  assert(frame.track < tracks.size());
  TrackState& t = tracks[frame.track];
  Arrival arrival;
  arrival.track = frame.track;
  arrival.key = frame.key;
  arrival.discont = frame.discont;
  arrival.pieces = frame.pieces;
  arrival.now = now;
  arrival.steady = steady;
  for (ByteView piece : frame.pieces) arrival.size += piece.size();
  if (t.removed || arrival.size == 0 || !t.complete()) return drop(), Result<void>{};
  if (arrival.size > kMaxFrameSize) {
    drop();
    return error(Errc::kLimit, "a frame of {} bytes, at most {}", arrival.size, kMaxFrameSize);
  }
  auto stamp = t.clock.stamp(frame, t.track.frame_duration, t.video());
  if (!stamp) return drop(), Result<void>{};
  arrival.stamp = *stamp;
  if (stamp->corrected) ++stats.timestamps_corrected;
  t.seen = true;
  t.last_duration = stamp->duration;
  if (on_hold) return {};
  return running ? accept(arrival) : hold_for_start(arrival);
}

Result<void> Segmenter::Impl::accept(const Arrival& arrival) {
  TrackState& t = tracks[arrival.track];
  const bool is_lead = arrival.track == lead;
  // A video that comes after its audio began alone takes the lead at its first key frame.
  const bool takes_lead = !t.active && t.video() && arrival.key && !tracks[lead].video();
  if (!t.active && !takes_lead) return drop(), Result<void>{};
  if (t.needs_key && !arrival.key) return drop(), Result<void>{};
  if (t.holding || (t.next && arrival.key && !is_lead)) {
    t.holding = true;
    if (!holding_since) holding_since = arrival.steady;
    hold(arrival);
    return arrival.steady - *holding_since > kMaxHoldTime || held_bytes > kMaxHeldBytes ? cut_at_held()
                                                                                        : Result<void>{};
  }

  Timeline::Place place =
      timeline.place(arrival.track, arrival.stamp.dts, arrival.stamp.duration, arrival.steady);
  if (place.mended) ++stats.timestamps_corrected;
  if (is_lead) timeline.observe(arrival.track, arrival.steady);
  stats.drift_ppm = timeline.drift_ppm();
  if (!is_lead && !takes_lead && place.utc < run_start - arrival.stamp.duration)
    return drop(), Result<void>{};
  // A track that begins anew (a run, a declaration) may reach back behind what its name had already.
  if (place.utc <= t.last_utc) return drop(), Result<void>{};

  const Cut due = takes_lead ? Cut::kBreak : decide(t, arrival, place);
  if (due == Cut::kNone && break_since && break_has_hole && !is_lead) return drop(), Result<void>{};
  Ticks utc = place.utc;
  if (due != Cut::kNone) {
    bool broken = due == Cut::kBreak;
    if (!broken)
      utc = timeline.begin_segment(arrival.track, max_drift_step());
    else if (is_lead && timeline.behind())
      utc = timeline.anchor_again(arrival.track);
    if (takes_lead) lead = arrival.track;
    cut(t, arrival, utc, broken);
    // What was held knows its format now. Its frames are older than this one: of other tracks, so their order
    // is free.
    auto written = write(t, arrival, utc);
    auto released = release_held();
    return written ? released : written;
  }
  return write(t, arrival, utc);
}

Result<void> Segmenter::Impl::write(TrackState& t, const Arrival& arrival, Ticks utc) {
  auto written = write_once(t, arrival, utc);
  if (written || written.error().code != Errc::kLimit) return written;
  ++stats.forced_cuts;  // the segment is full
  cut(t, arrival, utc, false);
  return write_once(t, arrival, utc);
}

Result<void> Segmenter::Impl::write_once(TrackState& t, const Arrival& arrival, Ticks utc) {
  Frame frame;
  frame.track = t.table_index;
  frame.key = arrival.key;
  frame.gap_before = arrival.discont;
  frame.dts = utc;
  frame.cts_offset = arrival.stamp.cts_offset;
  frame.duration = arrival.stamp.duration;
  PartPacer pacer = t.pacer;
  frame.part_end = pacer.ends_part(utc, frame.duration);
  auto space = builder->reserve_frame(frame, arrival.size);
  if (!space) return tl::unexpected(std::move(space.error()));
  t.pacer = pacer;
  auto to = space->begin();
  for (ByteView piece : arrival.pieces) to = std::ranges::copy(piece, to).out;
  builder->commit_frame();
  counters->add(frame, arrival.size);

  ++stats.frames;
  stats.bytes += arrival.size;
  t.segment_bytes += arrival.size;
  t.needs_key = false;
  t.last_utc = utc;
  if (arrival.track == lead) {
    lead_end = utc + frame.duration;
    lead_in_segment = true;
  } else {
    other_end = std::max(other_end, utc + frame.duration);
  }
  sink(FramesAdded{segment, segment->frame_count()});
  return {};
}

}  // namespace m4f
