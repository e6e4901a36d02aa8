#include "m4f/segment/frame_clock.h"

#include <algorithm>

#include "m4f/codec/h264.h"
#include "m4f/codec/h265.h"

namespace m4f {
namespace {

constexpr unsigned kMaxReorder = 16;  // of H.264 and H.265
constexpr unsigned kGuessedReorder =
    2;  // what encoders use as a rule; too much costs nothing but an even offset
constexpr Ticks kMaxOffset = Ticks::from_seconds(10);    // between PTS and DTS
constexpr Ticks kMaxDuration = Ticks::from_seconds(10);  // of one frame
constexpr Ticks kMaxDistance = Ticks::from_seconds(1);   // that says something about a frame's duration
constexpr Ticks kRounding = Ticks(91);                   // of timestamps that come in milliseconds
constexpr Ticks kJump = Ticks::from_seconds(1);
constexpr Ticks kDefaultDuration = Ticks::from_ms(40);
// Beyond this (3000 years) a timestamp is noise, and sums could overflow.
constexpr int64_t kMaxTimestamp = int64_t{1} << 53;

std::optional<Ticks> usable(std::optional<Ticks> time) {
  if (!time || time->count > kMaxTimestamp || time->count < -kMaxTimestamp) return std::nullopt;
  return time;
}

Ticks absolute(Ticks t) {
  return t < Ticks() ? -t : t;
}

}  // namespace

unsigned reorder_depth_of(const Track& track) {
  if (track.codec == Codec::kH264) {
    auto avcc = h264::parse_avcc(track.config);
    if (!avcc || avcc->sps.empty()) return kGuessedReorder;
    auto sps = h264::parse_sps(avcc->sps[0]);
    // Without a bitstream restriction the level's limit is all that is known, and far too much.
    return sps ? std::min(sps->max_reorder, 4u) : kGuessedReorder;
  }
  if (track.codec == Codec::kH265) {
    auto hvcc = h265::parse_hvcc(track.config);
    if (!hvcc || hvcc->sps.empty()) return kGuessedReorder;
    auto sps = h265::parse_sps(hvcc->sps[0]);
    return sps ? sps->max_reorder : kGuessedReorder;
  }
  return track.codec == Codec::kMpeg1Video || track.codec == Codec::kMpeg2Video ? 1 : 0;
}

DtsEstimator::DtsEstimator(unsigned reorder_depth) : depth_(std::min(reorder_depth, kMaxReorder)) {
  waiting_.reserve(kMaxReorder + 1);
}

Ticks DtsEstimator::next(Ticks pts, Ticks frame_duration) {
  const Ticks reach = frame_duration * static_cast<int64_t>(2 * kMaxReorder) + kJump;
  if (!any_ || absolute(pts - last_) > reach) {
    waiting_.clear();
    for (size_t i = depth_; i > 0; --i) waiting_.push_back(pts - frame_duration * static_cast<int64_t>(i));
    last_ = pts - frame_duration * static_cast<int64_t>(depth_ + 1);
    any_ = true;
  }
  waiting_.insert(std::upper_bound(waiting_.begin(), waiting_.end(), pts), pts);
  if (pts <= last_ && depth_ < kMaxReorder) {
    // It is decoded after its presentation: the depth is too small. What waits stays one frame longer, and
    // the decoding times creep until they are behind again.
    ++depth_;
    return last_ = last_ + Ticks(1);
  }
  const Ticks dts = std::max(waiting_.front(), last_ + Ticks(1));
  waiting_.erase(waiting_.begin());
  return last_ = dts;
}

std::optional<FrameClock::Stamp> FrameClock::stamp(const InputFrame& frame, Ticks usual, bool reorders) {
  const auto dts = usable(frame.dts), pts = usable(frame.pts);
  if (!dts && !pts) return std::nullopt;
  const Ticks known = usual > Ticks() && usual < kMaxDuration ? usual : Ticks();
  Stamp out;
  out.duration = frame.duration > Ticks() && frame.duration < kMaxDuration ? frame.duration
                 : last_distance_ > Ticks()                                ? last_distance_
                 : known > Ticks()                                         ? known
                                                                           : kDefaultDuration;
  if (dts) {
    has_dts_ = true;
    out.dts = *dts;
  } else if (!reorders) {
    out.dts = *pts;
  } else if (has_dts_ && last_dts_) {
    const Ticks expected = *last_dts_ + out.duration;
    out.dts = absolute(*pts - expected) > kMaxOffset ? *pts : std::min(expected, *pts);
    out.corrected = true;
  } else {
    out.dts = estimator_.next(*pts, known > Ticks() ? known : out.duration);
  }
  if (pts) {
    int64_t offset = (*pts - out.dts).count;
    if (offset < -kWrap / 2) offset += kWrap;
    if (offset > kWrap / 2) offset -= kWrap;
    out.cts_offset = Ticks(offset);
  }
  if (!pts || absolute(out.cts_offset) > kMaxOffset) {
    out.cts_offset = Ticks();
    out.corrected = true;
  }
  if (last_dts_) {
    const Ticks distance = out.dts - *last_dts_;
    if (distance > Ticks() && distance < kMaxDistance) last_distance_ = distance;
    if (frame.duration <= Ticks() && last_distance_ > Ticks())
      out.duration = absolute(last_distance_ - known) <= kRounding ? known : last_distance_;
  }
  last_dts_ = out.dts;
  return out;
}

}  // namespace m4f
