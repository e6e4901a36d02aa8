#include "m4f/ts/shaper.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "m4f/ts/pids.h"

namespace m4f::ts {
namespace {

using std::chrono::nanoseconds;

constexpr int64_t kClock = 27'000'000;
constexpr uint64_t kPacketBits = kPacketSize * 8;
constexpr int64_t kPsiEvery = 200 * kClockPerMs;   // TR 101 290 1.3: 500 ms at most
constexpr int64_t kSdtEvery = 1000 * kClockPerMs;  // TR 101 211 4.4: 2 s at most
constexpr int64_t kHold =
    10 * kClockPerMs;  // variable: a packet waits so long for others to share a datagram
constexpr int64_t kMissed = 500 * kClockPerMs;  // slots that are older are left out
constexpr int64_t kFarAhead =
    30'000 * kClockPerMs;  // no source gives frames so much too early: the timeline jumped
constexpr int64_t kSettled =
    10'000 * kClockPerMs;  // on time for so long: what does not fit next is told again
constexpr int64_t kMeasured = 2'000 * kClockPerMs;
constexpr int64_t kOutlive = 1'000 * kClockPerMs;  // variable: clock and tables after the last frame
constexpr size_t kMostWaiting = 20'000;            // frames of one track

}  // namespace

Shaper::Shaper(ShaperSettings settings)
    : settings_(std::move(settings)),
      delay_(std::max<int64_t>(settings_.delay.count(), 1) * kClockPerMs),
      pcr_interval_(std::max<int64_t>(settings_.pcr_interval.count(), 1) * kClockPerMs) {}

int64_t Shaper::stc_at(Instant now) const {
  const auto ns = std::chrono::duration_cast<nanoseconds>(now - origin_).count();
  return origin_stc_ + ns / 1000 * 27 + ns % 1000 * 27 / 1000;
}

// Rounded up, so that stc_at() of it is not before `stc`.
Shaper::Instant Shaper::instant_of(int64_t stc) const {
  const int64_t ticks = stc - origin_stc_;
  return origin_ + nanoseconds(ticks / 27 * 1000 + (ticks % 27 * 1000 + 26) / 27);
}

// -- what comes in

void Shaper::add(const RecordEvent& event, Instant now) {
  const auto* frames = std::get_if<FramesAdded>(&event);
  if (!frames) return;
  if (frames->segment != segment_) {
    segment_ = frames->segment;
    position_ = frames->end - 1;  // one who joins takes what comes from now on
    use_program_of(*segment_);
  }
  for (; position_ < frames->end; ++position_) add_frame(segment_, position_, now);
}

void Shaper::add_frame(const SegmentPtr& segment, size_t index, Instant now) {
  const Frame& frame = segment->frame(index);
  if (!program_->carries(frame)) return;
  const int64_t dts = frame.dts.count * kClockPerTick;
  if (!started_) {
    if (!begins(*segment, frame)) return;
    started_ = true;
    origin_ = now;
    origin_stc_ = stc_ = dts - delay_;
    stc_rest_ = 0;
    pcr_sent_ = psi_sent_ = false;
    sending_ = program_;
    window_start_ = dts;
    window_bytes_ = 0;
  } else if (dts <= stc_at(now)) {
    set_clock(now, dts - delay_);  // it can no longer be in time: all that follows moves with it
  }
  Lane& lane = lane_of(segment->header().tracks[frame.track]);
  last_time_ = stc_at(now);
  lane.add(segment, index, program_, last_time_);
  note_size(frame, dts);
  if (lane.waiting_frames() > kMostWaiting) reset();
}

// Pictures begin with a key frame; sound alone anywhere.
bool Shaper::begins(const Segment& segment, const Frame& frame) const {
  const auto& tracks = segment.header().tracks;
  for (size_t i = 0; i < tracks.size(); ++i)
    if (tracks[i].id.content == Content::kVideo && program_->streams[i].selected)
      return frame.track == i && frame.key;
  return true;
}

void Shaper::use_program_of(const Segment& segment) {
  if (program_ && program_tracks_ == segment.header().tracks) return;
  program_tracks_ = segment.header().tracks;
  program_ = std::make_shared<LaneProgram>(segment.header(), settings_.options, ++programs_);
}

Lane& Shaper::lane_of(const Track& track) {
  for (const auto& lane : lanes_)
    if (lane->id() == track.id) return *lane;
  const int64_t lead = track.id.content == Content::kVideo ? delay_ : std::min(delay_, kAudioLead);
  return *lanes_.emplace_back(std::make_unique<Lane>(track.id, lead));
}

void Shaper::set_clock(Instant now, int64_t stc) {
  const int64_t by = stc - stc_at(now);
  origin_stc_ += by;
  stc_ += by;
  last_pcr_ += by;
  last_psi_ += by;
  last_sdt_ += by;
  active_until_ += by;
  fits_since_ += by;
  for (const auto& lane : lanes_) lane->shift(by);
  discontinuity_ = true;
  ++stats_.restarts;
}

void Shaper::reset() {
  for (const auto& lane : lanes_) stats_.dropped_frames += lane->drop_all();
  started_ = false;
  tables_.clear();
  tables_at_ = 0;
  discontinuity_ = true;
}

bool Shaper::drained() const {
  return std::all_of(lanes_.begin(), lanes_.end(), [](const auto& lane) { return lane->idle(); });
}

// -- what goes out

std::optional<Shaper::Instant> Shaper::due() const {
  if (!started_) return std::nullopt;
  if (settings_.bitrate) {  // when the last packet's slot is over
    const uint64_t ahead = stc_rest_ + kDatagramPackets * kPacketBits * kClock;
    return instant_of(stc_ + static_cast<int64_t>(ahead / settings_.bitrate));
  }
  const auto first = next_time();
  if (!first) return std::nullopt;
  if (*first - last_time_ > kFarAhead) return instant_of(last_time_);  // take() sets the clock
  int64_t at = *first + kHold;
  for (const auto& lane : lanes_) at = std::min(at, lane->time_of_place(kDatagramPackets - 1));
  return instant_of(std::max(at, *first));
}

size_t Shaper::take(Instant now, std::span<uint8_t, kDatagramSize> out) {
  if (!started_) return 0;
  return settings_.bitrate ? take_steady(now, out) : take_variable(now, out);
}

void Shaper::next_slot() {
  stc_rest_ += kPacketBits * kClock;
  stc_ += static_cast<int64_t>(stc_rest_ / settings_.bitrate);
  stc_rest_ %= settings_.bitrate;
}

void Shaper::skip_missed_slots(Instant now) {
  if (stc_at(now) - stc_ <= kMissed) return;
  while (stc_at(now) > stc_) next_slot();
}

size_t Shaper::take_steady(Instant now, std::span<uint8_t, kDatagramSize> out) {
  skip_missed_slots(now);
  jump_over_silence();
  for (size_t i = 0; i < kDatagramPackets; ++i) {
    fill_slot(out.data() + i * kPacketSize);
    next_slot();
  }
  stats_.packets += kDatagramPackets;
  if (!fits_ && stc_ - fits_since_ > kSettled) fits_ = true;
  return kDatagramSize;
}

void Shaper::fill_slot(uint8_t* out) {
  const auto slot = static_cast<int64_t>(kPacketBits * kClock / settings_.bitrate) + 1;
  // The next slot would be too late.
  if (!pcr_sent_ || stc_ + slot - last_pcr_ > pcr_interval_) return put_pcr(stc_, out);
  if (put_tables(stc_, out)) return;
  while (Lane* lane = most_urgent()) {
    if (!lane->sending()) {
      if (too_late(*lane)) continue;
      activate(*lane);
      if (!lane->sending()) continue;
      if (put_tables(stc_, out)) return;
    }
    return put_lane_packet(*lane, stc_ + slot, out);
  }
  const uint8_t header[4] = {0x47, kNullPid >> 8, kNullPid & 0xff, 0x10};
  std::memcpy(out, header, sizeof header);
  std::memset(out + 4, 0xff, kPacketSize - 4);
  ++stats_.null_packets;
}

// Of those that may leave now, sound first: it is little, and its decoders hold little. Then in order of DTS.
Lane* Shaper::most_urgent() {
  Lane* best = nullptr;
  const auto rank = [](const Lane& lane) {
    return std::pair(lane.id().content == Content::kVideo, lane.deadline());
  };
  for (const auto& lane : lanes_) {
    if (lane->idle() || (!lane->sending() && lane->release() > stc_)) continue;
    if (!best || rank(*lane) < rank(*best)) best = lane.get();
  }
  return best;
}

// Leaves out what could only come later than the delay allows, and pictures that need it.
bool Shaper::too_late(Lane& lane) {
  const int64_t late = stc_ - lane.head_dts();
  if (lane.dropping()) {
    if (lane.head().key && late <= 0) {
      lane.stop_dropping();
      return false;
    }
  } else if (late <= delay_) {
    return false;
  }
  lane.drop();
  ++stats_.dropped_frames;
  note_not_fitting(stc_);
  return true;
}

// All that waits is far ahead: the timeline jumped, not the source's speed.
void Shaper::jump_over_silence() {
  int64_t earliest = INT64_MAX;
  for (const auto& lane : lanes_) {
    if (lane->sending()) return;
    if (lane->waiting()) earliest = std::min(earliest, lane->release());
  }
  if (earliest == INT64_MAX || earliest - stc_ <= kFarAhead) return;
  set_clock(instant_of(stc_), earliest);
}

std::optional<int64_t> Shaper::next_time() const {
  std::optional<int64_t> media;
  for (const auto& lane : lanes_)
    if (!lane->idle()) media = std::min(media.value_or(INT64_MAX), lane->next_time());
  if (tables_at_ < tables_.size()) return std::min(last_psi_, media.value_or(INT64_MAX));
  const int64_t pcr = next_pcr(media);
  if (pcr == INT64_MAX) return media;
  return std::min(pcr, media.value_or(INT64_MAX));
}

// When the clock goes out next: with the frames, and a little longer. INT64_MAX = not before there are some.
int64_t Shaper::next_pcr(std::optional<int64_t> media) const {
  const int64_t next = last_pcr_ + pcr_interval_;
  if (pcr_sent_ && next <= active_until_) return next;
  return media ? std::max(*media, pcr_sent_ ? last_pcr_ + 1 : *media) : INT64_MAX;
}

size_t Shaper::take_variable(Instant now, std::span<uint8_t, kDatagramSize> out) {
  const int64_t until = last_time_ = stc_at(now);
  if (const auto first = next_time(); first && *first - until > kFarAhead) {
    set_clock(now, *first);
    last_time_ = *first;
    return 0;
  }
  size_t size = 0;
  while (size < out.size()) {
    const auto at = next_time();
    if (!at || *at > until) break;
    uint8_t* const to = out.data() + size;
    Lane* lane = nullptr;
    for (const auto& each : lanes_)
      if (!each->idle() && (!lane || each->next_time() < lane->next_time())) lane = each.get();
    const auto media = lane ? std::optional(lane->next_time()) : std::nullopt;
    if (next_pcr(media) <= *at) {
      put_pcr(*at, to);
    } else if (!put_tables(*at, to)) {
      if (!lane) break;
      if (!lane->sending()) activate(*lane);
      if (!lane->sending()) continue;
      put_lane_packet(*lane, *at, to);
      active_until_ = std::max(active_until_, lane->end() + kOutlive);
    }
    size += kPacketSize;
    ++stats_.packets;
  }
  return size;
}

void Shaper::activate(Lane& lane) {
  if (lane.head_program()->number > sending_->number) {  // its tables go first
    sending_ = lane.head_program();
    psi_sent_ = false;
  }
  if (!lane.activate()) {
    ++stats_.dropped_frames;  // MPEG-TS cannot express it
    return;
  }
  ++stats_.frames;
}

void Shaper::put_lane_packet(Lane& lane, int64_t at, uint8_t* out) {
  put(lane.packet(), out);
  const int64_t deadline = lane.deadline();
  lane.advance();
  if (at <= deadline) return;
  if (settings_.bitrate) note_not_fitting(at);
  if (!lane.sending()) ++stats_.late_frames;
}

void Shaper::put_pcr(int64_t at, uint8_t* out) {
  const uint16_t pid = sending_->pcr_pid;
  write_pcr_packet(pid, static_cast<uint8_t>((counters_[pid & 0x1fff] - 1) & 15), at,
                   std::exchange(discontinuity_, false), std::span<uint8_t, kPacketSize>(out, kPacketSize));
  last_pcr_ = at;
  pcr_sent_ = true;
}

bool Shaper::put_tables(int64_t at, uint8_t* out) {
  if (tables_at_ >= tables_.size()) {
    if (psi_sent_ && at - last_psi_ < kPsiEvery) return false;
    const bool sdt = !psi_sent_ || at - last_sdt_ >= kSdtEvery;
    tables_ = sending_->pat;
    tables_.insert(tables_.end(), sending_->pmt.begin(), sending_->pmt.end());
    if (sdt) tables_.insert(tables_.end(), sending_->sdt.begin(), sending_->sdt.end());
    tables_at_ = 0;
    last_psi_ = at;
    if (sdt) last_sdt_ = at;
    psi_sent_ = true;
  }
  put(std::span(tables_).subspan(tables_at_, kPacketSize), out);
  tables_at_ += kPacketSize;
  return true;
}

// Counters run on whatever happens to segments, programs and clocks.
void Shaper::put(std::span<const uint8_t> packet, uint8_t* out) {
  std::memcpy(out, packet.data(), kPacketSize);
  uint8_t& counter = counters_[(out[1] & 0x1f) << 8 | out[2]];
  out[3] = static_cast<uint8_t>((out[3] & 0xf0) | counter);
  counter = (counter + 1) & 15;
}

// What the stream takes, of the clock's track from frame to frame.
void Shaper::note_size(const Frame& frame, int64_t dts) {
  window_bytes_ +=
      program_->streams[frame.track].layout.packets(frame, frame.data.size(), false) * kPacketSize;
  const int64_t length = dts - window_start_;
  if (frame.track != program_->clock || length < kMeasured) return;
  constexpr double kTables = 3.0 * kClock / kPsiEvery;
  const double clocks = static_cast<double>(kClock) / static_cast<double>(pcr_interval_);
  stats_.needed =
      static_cast<uint64_t>(static_cast<double>(window_bytes_) * 8 * kClock / static_cast<double>(length) +
                            static_cast<double>(kPacketBits) * (kTables + clocks));
  window_start_ = dts;
  window_bytes_ = 0;
}

void Shaper::note_not_fitting(int64_t at) {
  fits_since_ = at;
  if (std::exchange(fits_, false)) ++stats_.does_not_fit;
}

}  // namespace m4f::ts
