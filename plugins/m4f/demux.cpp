// m4fdemux: M4F records into frames. The frames are the segment's own memory.
#include <algorithm>
#include <array>

#include "common/event_meta.h"
#include "common/record_feed.h"
#include "gstx/element.h"
#include "m4f/caps.h"
#include "m4f/elements.h"
#include "m4f/track_pads.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::FramesAdded;
using m4f::RecordEvent;
using m4f::SegmentHeader;
using m4f::SegmentOpened;
using m4f::SegmentPtr;
using m4f::TrackId;

size_t key_of(TrackId id) {
  return static_cast<size_t>(id.content) << 8 | id.number;
}

struct Settings {
  std::string tracks;
};

// Everything belongs to the streaming thread.
class Demux {
 public:
  using Base = GstElement;
  using BaseClass = GstElementClass;
  static constexpr const char* kTypeName = "SluiceM4fDemux";
  static GType base_type() { return GST_TYPE_ELEMENT; }
  static const auto& fields() {
    static const std::array kFields{gstx::Field<Settings>{"tracks", kTracksBlurb, &Settings::tracks}};
    return kFields;
  }
  static const auto& computed() {
    static const std::array<gstx::Computed<Demux>, 0> kComputed{};
    return kComputed;
  }

  static void class_init(GstElementClass* klass) {
    gstx::override<&Demux::change_state>(klass->change_state);
    gst_element_class_set_static_metadata(klass, "M4F demuxer", "Codec/Demuxer",
                                          "M4F segments into parsed streams", "Sluice");
    gstx::add_template(klass, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, kM4fCaps);
    gstx::add_template(klass, "video_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, kVideoOutputCaps);
    gstx::add_template(klass, "audio_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, kAudioOutputCaps);
  }

  explicit Demux(GstElement* element) : element_(element), pads_(element) {
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
    GstPad* sink = gstx::pad_from_template(element, "sink", "sink");
    gstx::on_chain<&Demux::chain>(sink);
    gstx::on_event<&Demux::sink_event>(sink);
    gst_element_add_pad(element, sink);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  GstStateChangeReturn change_state(GstStateChange transition);
  GstFlowReturn chain(GstPad* pad, Ptr<GstBuffer> buffer);
  bool sink_event(GstPad* pad, Ptr<GstEvent> event);
  GstFlowReturn take(std::vector<RecordEvent>& events);
  GstFlowReturn on_opened(const SegmentPtr& segment);
  GstFlowReturn on_frames(const SegmentPtr& segment, size_t end);
  void reset();

  GstElement* const element_;
  TrackPads pads_;
  RecordFeed feed_;
  SegmentPtr current_;
  size_t next_ = 0;  // frame of current_
  std::vector<RecordEvent> events_;
  GstSegment segment_ = {};
  bool warned_ = false;
};

GstStateChangeReturn Demux::change_state(GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !pads_.set_choice(settings_.get().tracks))
    return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result = gstx::parent_class<Demux>()->change_state(element_, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    pads_.stop();
    reset();
    gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
    warned_ = false;
  }
  return result;
}

void Demux::reset() {
  feed_.reset();
  current_.reset();
  next_ = 0;
}

GstFlowReturn Demux::chain(GstPad*, Ptr<GstBuffer> buffer) {
  if (!current_ && segment_.format == GST_FORMAT_TIME) {
    const GstClockTime running =
        gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_DTS_OR_PTS(buffer.get()));
    if (GST_CLOCK_TIME_IS_VALID(running)) pads_.set_base(running);
  }
  events_.clear();
  if (auto fed = feed_.take(buffer.get(), events_); !fed && !warned_) {
    warned_ = true;
    GST_ELEMENT_WARNING(
        element_, STREAM, DEMUX,
        ("damaged M4F input: %s; going on with the next segment", fed.error().message().c_str()), (nullptr));
  }
  return take(events_);
}

GstFlowReturn Demux::take(std::vector<RecordEvent>& events) {
  GstFlowReturn flow = GST_FLOW_OK;
  for (const RecordEvent& event : events) {
    if (flow != GST_FLOW_OK) break;
    if (auto* opened = std::get_if<SegmentOpened>(&event)) {
      flow = on_opened(opened->segment);
    } else if (auto* frames = std::get_if<FramesAdded>(&event)) {
      flow = on_frames(frames->segment, frames->end);
    }
  }
  return flow;
}

GstFlowReturn Demux::on_opened(const SegmentPtr& segment) {
  const SegmentHeader& header = segment->header();
  current_ = segment;
  next_ = 0;
  for (const m4f::Track& track : header.tracks) {
    // The key already says which one it is; a measured bitrate is no reason for new caps.
    m4f::Track known = track;
    known.bitrate = 0;
    pads_.set_track(key_of(track.id), known);
  }
  pads_.remove_tracks_if([&](size_t key) {
    return std::none_of(header.tracks.begin(), header.tracks.end(),
                        [&](const m4f::Track& track) { return key_of(track.id) == key; });
  });
  return GST_FLOW_OK;
}

GstFlowReturn Demux::on_frames(const SegmentPtr& segment, size_t end) {
  const SegmentHeader& header = segment->header();
  GstFlowReturn flow = GST_FLOW_OK;
  for (; next_ < end && flow == GST_FLOW_OK; ++next_) {
    const m4f::Frame& in = segment->frame(next_);
    TrackFrame frame;
    frame.track = key_of(header.tracks[in.track].id);
    frame.key = in.key;
    frame.discont = in.gap_before || (next_ == 0 && header.discontinuity);
    frame.dts = in.dts;
    frame.pts = in.pts();
    frame.duration = in.duration;
    frame.data.reset(gst_buffer_new());
    gst_buffer_append_memory(frame.data.get(), wrap(in.data, segment));
    flow = pads_.push(std::move(frame));
    // The header names all tracks, so nothing is waited for.
    if (!pads_.completed()) flow = pads_.complete();
  }
  return flow;
}

bool Demux::sink_event(GstPad* pad, Ptr<GstEvent> event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event.get(), &segment_);
      return true;
    case GST_EVENT_EOS:
      events_.clear();
      feed_.finish(events_);
      take(events_);
      if (pads_.push_event(gst_event_new_eos())) return true;
      GST_ELEMENT_ERROR(element_, STREAM, WRONG_TYPE, ("the source ended without an M4F segment"), (nullptr));
      return true;
    // Comes beside the streaming thread, to which pads_ belongs.
    case GST_EVENT_FLUSH_START:
      return gst_pad_event_default(pad, GST_OBJECT(element_), event.release()) != FALSE;
    case GST_EVENT_FLUSH_STOP:
      pads_.push_event(event.release());
      reset();
      pads_.flush();
      return true;
    default:
      return true;
  }
}

}  // namespace

bool register_demux(GstPlugin* plugin) {
  return gstx::register_element<Demux>(plugin, "m4fdemux");
}

}  // namespace sluice
