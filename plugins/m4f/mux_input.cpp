#include "m4f/mux_input.h"

#include <algorithm>

namespace sluice {

using m4f::AccessUnit;
using m4f::ByteView;
using m4f::InputFrame;
using m4f::Result;
using m4f::Ticks;
using m4f::Track;

Result<void> MuxInput::set_caps(const GstCaps* caps) {
  auto format = format_of(caps);
  caps_seen_ = true;
  warned = false;
  if (format && format_ == *format && canonicalizer_) return {};
  if (format && format_ && canonicalizer_ && format_->same_framing(*format)) {
    format_ = std::move(*format);
    if (auto applied = format_->apply(*canonicalizer_); applied) {
      track_changed_ = true;
      return {};
    }
  }
  canonicalizer_.reset();
  format_.reset();
  if (!format) return tl::unexpected(format.error());
  if (m4f::content_of(format->codec) != content) {
    return m4f::error(m4f::Errc::kInvalid, "{} on a pad of another kind", m4f::codec_name(format->codec));
  }
  m4f::Canonicalizer made(format->codec);
  if (auto applied = format->apply(made); !applied) return tl::unexpected(applied.error());
  canonicalizer_.emplace(std::move(made));
  format_ = std::move(*format);
  track_changed_ = true;
  return {};
}

void MuxInput::set_language(std::string language) {
  if (language.empty() || language == language_) return;
  language_ = std::move(language);
  track_changed_ = true;
}

void MuxInput::flush() {
  next_dts_.reset();
  lost_ = true;
  eos = false;
  lane.reset();
}

void MuxInput::skip(GstEvent* gap) {
  GstClockTime at = GST_CLOCK_TIME_NONE, duration = GST_CLOCK_TIME_NONE;
  gst_event_parse_gap(gap, &at, &duration);
  if (!GST_CLOCK_TIME_IS_VALID(duration)) {
    lane.ended = true;
  } else if (lane.position) {
    if (const std::optional<Ticks> end = clock_.at(at + duration))
      lane.position = std::max(*lane.position, *end);
  }
}

Track MuxInput::track() const {
  Track track = canonicalizer_ ? canonicalizer_->track() : Track{};
  if (format_) track.codec = format_->codec;
  track.id.content = content;
  track.language = language_;
  return track;
}

std::optional<Ticks> MuxInput::time_of(GstBuffer* buffer) {
  return clock_.at(GST_BUFFER_DTS_OR_PTS(buffer));
}

bool MuxInput::take_track_changed() {
  const bool changed = track_changed_;
  track_changed_ = false;
  return changed;
}

bool MuxInput::set_times(GstBuffer* buffer, const AccessUnit& unit) {
  frame_.dts = clock_.at(GST_BUFFER_DTS(buffer));
  frame_.pts = clock_.at(GST_BUFFER_PTS(buffer));
  const uint32_t rate = canonicalizer_->track().sample_rate;
  if (unit.samples > 0 && rate > 0) {
    frame_.duration = Ticks((static_cast<int64_t>(unit.samples) * Ticks::kPerSecond + rate / 2) / rate);
  } else if (GST_BUFFER_DURATION_IS_VALID(buffer)) {
    frame_.duration = Ticks::from_ns(static_cast<int64_t>(GST_BUFFER_DURATION(buffer)));
  } else {
    frame_.duration = canonicalizer_->track().frame_duration;
  }
  if (!frame_.dts && !frame_.pts) {
    if (!next_dts_) return false;
    frame_.dts = next_dts_;
  }
  next_dts_ = (frame_.dts ? *frame_.dts : *frame_.pts) + frame_.duration;
  return true;
}

Result<InputFrame*> MuxInput::take(GstBuffer* buffer, ByteView bytes) {
  auto unit = canonicalizer_->push(bytes);
  if (!unit) {
    lost_ = true;
    return tl::unexpected(std::move(unit.error()));
  }
  if (unit->format_changed) track_changed_ = true;
  if (unit->pieces.empty() || !canonicalizer_->ready()) return nullptr;
  // The first buffer of every stream says DISCONT; nothing was lost before it.
  const bool continues = next_dts_.has_value();
  if (!set_times(buffer, *unit)) {
    lost_ = true;
    return m4f::error(m4f::Errc::kInvalid,
                      "frames without timestamps: put a parser or demuxer before m4fmux");
  }
  frame_.key = unit->key;
  frame_.discont = lost_ || (continues && GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT));
  lost_ = false;
  frame_.pieces.assign(unit->pieces.begin(), unit->pieces.end());
  return &frame_;
}

}  // namespace sluice
