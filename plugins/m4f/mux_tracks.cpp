#include "m4f/mux_tracks.h"

#include <algorithm>

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Content;
using m4f::RecordEvent;
using m4f::SegmentOpened;
using m4f::Ticks;

// How long inputs without caps may hold up the others.
constexpr Ticks kCapsWait = Ticks::from_seconds(3);
constexpr size_t kMaxHeld = 64u << 20;  // bytes of buffers that wait for it
// A demuxer that shows its pads as it finds them shows the other kind within this time, of media or of
// waiting: sound soon after a picture, but a picture only with its next key frame.
constexpr Ticks kSoundWait = Ticks::from_seconds(1);
constexpr Ticks kPictureWait = Ticks::from_seconds(3);

// What an operator would call the same tracks: measured bitrates differ from segment to segment.
bool same_tracks(const std::vector<m4f::Track>& a, const std::vector<m4f::Track>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const m4f::Track& x, const m4f::Track& y) {
    return x.id == y.id && x.language == y.language && x.same_format(y);
  });
}

}  // namespace

void MuxTracks::start(const m4f::SegmenterSettings& settings, bool on_hold, bool asks) {
  segmenter_.emplace(settings, [this](const RecordEvent& event) { on_record(event); });
  if (on_hold) segmenter_->hold();
  if (asks) segmenter_->ask_before_begin();
  newest_ = 0;
  video_ = audio_ = {};
  declared_ = complete_ = ended_ = false;
  segments_ = 0;
  last_dts_ = Ticks();
  running_time_ = 0;
}

void MuxTracks::set_hold(bool hold) {
  if (!segmenter_) return;
  if (hold)
    segmenter_->hold();
  else
    segmenter_->release();
}

void MuxTracks::begin(const m4f::LiveRing* ring) {
  if (ring) {
    const auto view = ring->view();
    // What this one has cut itself may still be on its way to the ring.
    if (!view->segments.empty() && view->segments.back()->header().number > newest_)
      segmenter_->go_on_after(view->segments.back());
    else
      segmenter_->number_after(view->newest);
  }
  segmenter_->begin();
}

void MuxTracks::stop() {
  // Whoever holds the open segment sees that nothing will follow.
  if (segmenter_) segmenter_->finish();
  segmenter_.reset();
  held_.clear();
  held_bytes_ = 0;
  holding_since_.reset();
  tracks_.clear();
  messages_.clear();
  for (MuxInput& input : inputs_) {
    input.flush();
    input.index.reset();
    input.asked = false;
  }
}

unsigned MuxTracks::next_number(Content content) const {
  unsigned number = 0;
  for (const MuxInput& other : inputs_) {
    if (other.content == content) number = std::max(number, other.number + 1);
  }
  return number;
}

MuxInput& MuxTracks::add_input(GstPad* pad, Content content, unsigned number) {
  auto after = std::find_if(inputs_.begin(), inputs_.end(), [&](const MuxInput& other) {
    return std::pair(other.content, other.number) > std::pair(content, number);
  });
  return *inputs_.emplace(after, pad, content, number);
}

void MuxTracks::remove_input(MuxInput& input) {
  std::erase_if(held_, [&](const Held& held) { return held.input == &input; });
  if (segmenter_ && input.index) segmenter_->remove_track(*input.index);
  inputs_.remove_if([&](const MuxInput& i) { return &i == &input; });
}

bool MuxTracks::all_inputs(bool (*is)(const MuxInput&)) const {
  return std::all_of(inputs_.begin(), inputs_.end(), is);
}

// Caps that cannot be used are warned about and their frames left out: the other tracks go on.
void MuxTracks::take_caps(MuxInput& input, const GstCaps* caps) {
  if (auto set = input.set_caps(caps); !set) warn(input, set.error().message(), caps);
}

void MuxTracks::take(MuxInput& input, Ptr<GstBuffer> buffer, Ticks now, Ticks steady) {
  if (declared_) {
    complete_if_all_there(steady);
    return push(input, buffer.get(), now, steady);
  }
  held_bytes_ += gst_buffer_get_size(buffer.get());
  held_.push_back(Held{&input, std::move(buffer), now, steady});
  if (!holding_since_) holding_since_ = steady;
  const bool complete = all_inputs([](const MuxInput& i) { return i.caps_seen() || i.eos; });
  if (complete || steady - *holding_since_ >= kCapsWait || held_bytes_ >= kMaxHeld) declare(steady);
}

// Declares all tracks at once, in the order of the pads, so that their ids do not depend on which thread came
// first.
void MuxTracks::declare(Ticks steady) {
  declared_ = true;
  if (!holding_since_) holding_since_ = steady;
  for (MuxInput& input : inputs_) {
    if (input.has_caps()) sync_track(input);
  }
  complete_if_all_there(steady);
  held_bytes_ = 0;
  for (const Held& h : std::exchange(held_, {})) push(*h.input, h.buffer.get(), h.now, h.steady);
}

void MuxTracks::complete_if_all_there(Ticks steady) {
  if (complete_) return;
  if (!all_inputs([](const MuxInput& input) { return input.caps_seen() || input.eos; })) return;
  const bool one_kind = inputs_.empty() || inputs_.front().content == inputs_.back().content;
  const bool sound = !inputs_.empty() && inputs_.front().content == m4f::Content::kAudio;
  const Ticks patience = sound ? kPictureWait : kSoundWait;
  const bool waited =
      steady - *holding_since_ > patience || std::ranges::all_of(inputs_, [&](const MuxInput& input) {
        return input.lane.position && *input.lane.position - *input.lane.first > patience;
      });
  const bool through = all_inputs([](const MuxInput& input) { return input.eos || !input.may_grow; });
  if (one_kind && !waited && !through) return;
  complete_ = true;
  segmenter_->tracks_complete();
}

void MuxTracks::sync_track(MuxInput& input) {
  const bool changed = input.take_track_changed();
  if (!input.index) {
    input.index = segmenter_->add_track(input.track());
  } else if (changed) {
    segmenter_->update_track(*input.index, input.track());
  }
}

void MuxTracks::push(MuxInput& input, GstBuffer* buffer, Ticks now, Ticks steady) {
  gstx::ReadMap map(buffer);
  if (!map.ok() || !input.has_caps()) {
    ++input.unusable;
    return;
  }
  auto frame = input.take(buffer, {map.data(), map.size()});
  sync_track(input);
  if (!frame) return warn_once(input, frame.error());
  if (!*frame) return;
  (*frame)->track = *input.index;
  MuxStats::Kind& kind = input.content == Content::kVideo ? video_ : audio_;
  ++kind.frames;
  kind.last = std::chrono::nanoseconds(steady.to_ns());
  const Ticks running = (*frame)->dts ? *(*frame)->dts : *(*frame)->pts;
  if (running.count >= 0) running_time_ = static_cast<GstClockTime>(running.to_ns());
  if (auto pushed = segmenter_->push(**frame, now, steady); !pushed) warn_once(input, pushed.error());
}

void MuxTracks::on_record(const RecordEvent& event) {
  if (auto* frames = std::get_if<m4f::FramesAdded>(&event)) {
    for (; sent_ < frames->end; ++sent_) {
      out_(m4f::FramesAdded{frames->segment, sent_ + 1}, running_time_);
      last_dts_ = std::max(last_dts_, frames->segment->frame(sent_).dts);
    }
    return;
  }
  if (auto* opened = std::get_if<SegmentOpened>(&event)) {
    const m4f::SegmentHeader& header = opened->segment->header();
    sent_ = 0;
    ++segments_;
    newest_ = header.number;
    if (!same_tracks(header.tracks, tracks_)) {
      tracks_ = header.tracks;
      messages_.emplace_back(gst_message_new_element(GST_OBJECT(owner_), tracks_structure(header).release()));
    }
  }
  out_(event, running_time_);
}

void MuxTracks::interrupt() {
  held_.clear();
  held_bytes_ = 0;
  ended_ = false;
  if (segmenter_) segmenter_->interrupt();
}

void MuxTracks::settle_if_ended(Ticks steady) {
  if (!segmenter_ || ended_ || inputs_.empty()) return;
  if (!all_inputs([](const MuxInput& input) { return input.eos; })) return;
  if (!declared_) declare(steady);
  segmenter_->settle();
}

bool MuxTracks::finish_if_ended(Ticks steady) {
  if (!segmenter_ || ended_ || inputs_.empty()) return false;
  if (!all_inputs([](const MuxInput& input) { return input.eos; })) return false;
  if (!declared_) declare(steady);
  segmenter_->finish();
  ended_ = true;
  return true;
}

void MuxTracks::warn(const MuxInput& input, const std::string& text, const GstCaps* caps) {
  Ptr<GError> reason(g_error_new(GST_STREAM_ERROR, caps ? GST_STREAM_ERROR_FORMAT : GST_STREAM_ERROR_DECODE,
                                 "%s: %s", GST_PAD_NAME(input.pad), text.c_str()));
  Ptr<gchar> detail(caps ? gst_caps_to_string(caps) : nullptr);
  messages_.emplace_back(gst_message_new_warning(GST_OBJECT(owner_), reason.get(), detail.get()));
}

void MuxTracks::warn_once(MuxInput& input, const m4f::Error& error) {
  ++input.unusable;
  if (!std::exchange(input.warned, true))
    warn(input, error.message() + "; such frames are left out", nullptr);
}

MuxStats MuxTracks::stats() const {
  MuxStats stats;
  if (segmenter_) stats.segmenter = segmenter_->stats();
  stats.segments = segments_;
  stats.last_dts = last_dts_;
  stats.video = video_;
  stats.audio = audio_;
  for (const MuxInput& input : inputs_) stats.unusable += input.unusable;
  return stats;
}

}  // namespace sluice
