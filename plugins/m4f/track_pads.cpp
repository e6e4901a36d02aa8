#include "m4f/track_pads.h"

#include <gst/tag/tag.h>

#include <algorithm>

#include "gstx/element.h"
#include "m4f/caps.h"

namespace sluice {
namespace {

constexpr GstClockTime kStart = GST_SECOND * 3600;
constexpr size_t kMaxHeld = 64u << 20;  // bytes that wait for complete()

}  // namespace

using gstx::Ptr;
using m4f::ByteView;
using m4f::Content;
using m4f::Ticks;
using m4f::Track;

bool TrackPads::set_choice(const std::string& choice) {
  const bool known = choice.empty() || choice == "v" || choice == "a" || choice == "v1" || choice == "a1";
  if (!known)
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("tracks=%s: write v, a, v1 or a1", choice.c_str()),
                      (nullptr));
  else
    choice_ = choice;
  return known;
}

bool TrackPads::chosen(size_t key, const Track& track) const {
  if (choice_.empty()) return true;
  const Content content = m4f::content_of(track.codec);
  if (content != (choice_[0] == 'v' ? Content::kVideo : Content::kAudio)) return false;
  return choice_.size() == 1 || std::none_of(tracks_.begin(), tracks_.end(), [&](const auto& other) {
           return other.first != key && m4f::content_of(other.second.track.codec) == content;
         });
}

void TrackPads::set_track(size_t key, const Track& track) {
  if (!chosen(key, track)) return;
  auto [at, fresh] = tracks_.try_emplace(key);
  Output& output = at->second;
  if (!fresh && output.track == track) return;
  output.track = track;
  output.caps_sent = false;
}

GstEvent* TrackPads::segment_event() const {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = kStart;
  segment.time = 0;
  segment.position = kStart;
  // Whole ticks, so that running times come back to the source's ticks.
  segment.base = static_cast<guint64>(Ticks::from_ns(static_cast<int64_t>(base_running_)).to_ns());
  return gst_event_new_segment(&segment);
}

void TrackPads::send_format(Output& output, ByteView frame) {
  output.caps_sent = true;
  Ptr<GstCaps> caps = caps_of(output.track, frame);
  gst_pad_push_event(output.pad.get(), gst_event_new_caps(caps.get()));
}

void TrackPads::show(Output& output, ByteView frame) {
  const bool video = m4f::content_of(output.track.codec) == Content::kVideo;
  unsigned& number = video ? shown_video_ : shown_audio_;
  const char* name = video ? "video_%u" : "audio_%u";
  Ptr<gchar> pad_name(g_strdup_printf(name, number));
  ++number;
  GstPad* pad = gstx::pad_from_template(element_, name, pad_name.get());
  output.pad = gstx::share(pad);
  gst_pad_use_fixed_caps(pad);
  gst_pad_set_active(pad, TRUE);
  Ptr<gchar> id(gst_pad_create_stream_id(pad, element_, pad_name.get()));
  GstEvent* start = gst_event_new_stream_start(id.get());
  if (group_ == 0) group_ = gst_util_group_id_next();
  gst_event_set_group_id(start, group_);
  gst_pad_push_event(pad, start);
  send_format(output, frame);
  gst_pad_push_event(pad, segment_event());
  if (!output.track.language.empty()) {
    // Tags name languages by ISO 639-1 where there is one.
    const char* language = gst_tag_get_language_code(output.track.language.c_str());
    gst_pad_push_event(pad, gst_event_new_tag(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, language, nullptr)));
  }
  gst_flow_combiner_add_pad(flow_.get(), pad);
  gst_element_add_pad(element_, pad);
}

GstFlowReturn TrackPads::complete() {
  if (completed_) return GST_FLOW_OK;
  completed_ = true;
  for (const TrackFrame& frame : held_) origin_ = origin_ ? std::min(*origin_, frame.dts) : frame.dts;
  std::vector<TrackFrame> held = std::move(held_);
  held_.clear();
  held_bytes_ = 0;
  for (Content content : {Content::kVideo, Content::kAudio}) {
    for (auto& [key, output] : tracks_) {
      if (m4f::content_of(output.track.codec) != content) continue;
      const size_t wanted = key;
      auto first =
          std::find_if(held.begin(), held.end(), [&](const TrackFrame& f) { return f.track == wanted; });
      if (first == held.end()) {
        show(output, {});
      } else {
        gstx::ReadMap map(first->data.get());
        show(output, {map.data(), map.size()});
      }
    }
  }
  gst_element_no_more_pads(element_);
  push_event(gst_event_new_custom(GST_EVENT_CUSTOM_DOWNSTREAM, gst_structure_new_empty(kTracksComplete)));
  GstFlowReturn flow = GST_FLOW_OK;
  for (TrackFrame& frame : held) {
    if (flow == GST_FLOW_OK) flow = push_now(std::move(frame));
  }
  return flow;
}

void TrackPads::remove_track(size_t key) {
  auto at = tracks_.find(key);
  if (at == tracks_.end()) return;
  std::erase_if(held_, [&](const TrackFrame& frame) { return frame.track == key; });
  Ptr<GstPad> pad = std::move(at->second.pad);
  tracks_.erase(at);
  if (!pad) return;
  gst_pad_push_event(pad.get(), gst_event_new_eos());
  gst_flow_combiner_remove_pad(flow_.get(), pad.get());
  gst_pad_set_active(pad.get(), FALSE);
  gst_element_remove_pad(element_, pad.get());
}

GstClockTime TrackPads::time_of(Ticks t) {
  return kStart + static_cast<GstClockTime>((t - *origin_).to_ns());
}

GstFlowReturn TrackPads::push(TrackFrame frame) {
  if (completed_) return push_now(std::move(frame));
  held_bytes_ += gst_buffer_get_size(frame.data.get());
  held_.push_back(std::move(frame));
  return held_bytes_ > kMaxHeld ? complete() : GST_FLOW_OK;
}

GstFlowReturn TrackPads::push_now(TrackFrame frame) {
  auto at = tracks_.find(frame.track);
  if (at == tracks_.end()) {
    if (!origin_) origin_ = std::min(frame.dts, frame.pts);
    return GST_FLOW_OK;
  }
  Output& output = at->second;
  if (!output.pad || !output.caps_sent) {
    gstx::ReadMap map(frame.data.get());
    const ByteView bytes(map.data(), map.size());
    output.pad ? send_format(output, bytes) : show(output, bytes);
  }
  // A jump back by more than the hour: the clock starts again.
  const Ticks first = std::min(frame.dts, frame.pts);
  if (!origin_ || (first - *origin_).to_ns() < -static_cast<int64_t>(kStart)) origin_ = first;
  GstBuffer* buffer = frame.data.get();
  const bool video = m4f::content_of(output.track.codec) == Content::kVideo;
  GST_BUFFER_PTS(buffer) = time_of(frame.pts);
  if (video) GST_BUFFER_DTS(buffer) = time_of(frame.dts);
  if (frame.duration.count > 0)
    GST_BUFFER_DURATION(buffer) = static_cast<GstClockTime>(frame.duration.to_ns());
  if (video && !frame.key) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT);
  if (output.fresh || frame.discont) GST_BUFFER_FLAG_SET(buffer, GST_BUFFER_FLAG_DISCONT);
  output.fresh = false;
  Ptr<GstPad> pad = gstx::share(output.pad.get());
  const GstFlowReturn flow = gst_pad_push(pad.get(), frame.data.release());
  return gst_flow_combiner_update_pad_flow(flow_.get(), pad.get(), flow);
}

bool TrackPads::push_event(GstEvent* event) {
  Ptr<GstEvent> owned(event);
  bool any = false;
  for (auto& [key, output] : tracks_) {
    if (!output.pad) continue;
    any = true;
    gst_pad_push_event(output.pad.get(), gst_event_ref(event));
  }
  return any;
}

void TrackPads::flush() {
  held_.clear();
  held_bytes_ = 0;
  origin_.reset();
  gst_flow_combiner_reset(flow_.get());
  for (auto& [key, output] : tracks_) output.fresh = true;
  push_event(segment_event());
}

void TrackPads::stop() {
  for (auto& [key, output] : tracks_) {
    if (!output.pad) continue;
    gst_flow_combiner_remove_pad(flow_.get(), output.pad.get());
    gst_pad_set_active(output.pad.get(), FALSE);
    gst_element_remove_pad(element_, output.pad.get());
  }
  tracks_.clear();
  held_.clear();
  held_bytes_ = 0;
  completed_ = false;
  origin_.reset();
  base_running_ = 0;
  group_ = 0;
  shown_video_ = shown_audio_ = 0;
  gst_flow_combiner_reset(flow_.get());
}

}  // namespace sluice
