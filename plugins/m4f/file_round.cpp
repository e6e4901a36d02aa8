#include "m4f/file_round.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <fstream>

#include "m4f/caps.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Content;

const char* input_caps(Content content) {
  return content == Content::kVideo ? kVideoInputCaps : kAudioInputCaps;
}

// Bare MPEG-TS: three packets on end (ISO 13818-1 2.4.3.2).
bool is_mpegts(const std::string& path) {
  constexpr size_t kPacket = 188;
  std::array<char, 2 * kPacket + 1> head{};
  std::ifstream file(path, std::ios::binary);
  if (!file.read(head.data(), head.size())) return false;
  return head[0] == 0x47 && head[kPacket] == 0x47 && head[2 * kPacket] == 0x47;
}

// Whether the pad can give that; a parser may have chosen another framing of its own accord.
bool gives(GstPad* pad, const char* caps_text) {
  Ptr<GstCaps> wanted(gst_caps_from_string(caps_text));
  Ptr<GstCaps> caps(gst_pad_query_caps(pad, nullptr));
  return gst_caps_can_intersect(wanted.get(), caps.get()) != FALSE;
}

std::string name_of(GstPad* pad) {
  Ptr<GstCaps> caps(gst_pad_get_current_caps(pad));
  return caps ? gst_structure_get_name(gst_caps_get_structure(caps.get(), 0)) : "unknown data";
}

}  // namespace

// A track's end: a pad of ours, since a sink element would clip what lies before the segment's start. Belongs
// to the track's thread.
struct FileRound::Output {
  Output(FileRound& to, Content of) : round(to), content(of) {
    Ptr<GstCaps> caps(gst_caps_from_string(input_caps(content)));
    Ptr<GstPadTemplate> made_from(static_cast<GstPadTemplate*>(
        gst_object_ref_sink(gst_pad_template_new("sink", GST_PAD_SINK, GST_PAD_ALWAYS, caps.get()))));
    pad.reset(static_cast<GstPad*>(gst_object_ref_sink(gst_pad_new_from_template(made_from.get(), nullptr))));
    gst_segment_init(&segment, GST_FORMAT_TIME);
    gst_pad_set_element_private(pad.get(), this);
    gst_pad_set_chain_function(pad.get(), [](GstPad* on, GstObject*, GstBuffer* buffer) {
      return static_cast<Output*>(gst_pad_get_element_private(on))->take(Ptr<GstBuffer>(buffer));
    });
    gst_pad_set_event_function(pad.get(), [](GstPad* on, GstObject*, GstEvent* event) -> gboolean {
      return static_cast<Output*>(gst_pad_get_element_private(on))->take(Ptr<GstEvent>(event));
    });
    gst_pad_set_active(pad.get(), TRUE);
  }

  GstFlowReturn take(Ptr<GstBuffer> buffer) {
    if (!round.show_tracks()) return GST_FLOW_EOS;
    if (!caps) return GST_FLOW_NOT_NEGOTIATED;
    if (tags) round.listener_.tags(track, std::exchange(tags, nullptr).get());
    return round.listener_.frame(track, caps.get(), segment, std::move(buffer));
  }

  gboolean take(Ptr<GstEvent> event) {
    GstTagList* told = nullptr;
    GstCaps* format = nullptr;
    switch (GST_EVENT_TYPE(event.get())) {
      case GST_EVENT_CAPS:
        gst_event_parse_caps(event.get(), &format);
        caps = gstx::share(format);
        break;
      case GST_EVENT_SEGMENT:
        gst_event_copy_segment(event.get(), &segment);
        return segment.format == GST_FORMAT_TIME;
      case GST_EVENT_TAG:
        gst_event_parse_tag(event.get(), &told);
        tags.reset(gst_tag_list_ref(told));
        break;
      case GST_EVENT_EOS:
        round.on_track_end(*this);
        break;
      default:
        break;
    }
    return TRUE;
  }

  FileRound& round;
  const Content content;
  Ptr<GstPad> pad;
  size_t track = 0;  // once shown
  Ptr<GstCaps> caps;
  Ptr<GstTagList> tags;  // not told yet
  GstSegment segment;
};

FileRound::FileRound(RoundListener& listener)
    : listener_(listener),
      pipeline_(static_cast<GstElement*>(gst_object_ref_sink(gst_pipeline_new(nullptr)))) {
  Ptr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(
      bus.get(),
      [](GstBus*, GstMessage* message, gpointer round) -> GstBusSyncReply {
        const GstBusSyncReply reply = static_cast<FileRound*>(round)->on_message(message);
        gst_message_unref(message);
        return reply;
      },
      this, nullptr);
}

FileRound::FileRound(const m4f::RingPtr& ring, RoundListener& listener) : FileRound(listener) {
  GstElement* source = gst_element_factory_make("m4fringsrc", nullptr);
  GstElement* demuxer = gst_element_factory_make("m4fdemux", nullptr);
  g_object_set(source, "ring", &ring, nullptr);
  play(source, demuxer);
}

FileRound::FileRound(const std::string& path, RoundListener& listener) : FileRound(listener) {
  GstElement* source = gst_element_factory_make("filesrc", nullptr);
  const char* kind = is_mpegts(path) ? "m4ftsdemux" : "parsebin";
  GstElement* demuxer = gst_element_factory_make(kind, nullptr);
  if (!source || !demuxer) {
    if (source) gst_object_unref(gst_object_ref_sink(source));
    if (demuxer) gst_object_unref(gst_object_ref_sink(demuxer));
    fail(fmt::format("GStreamer has no {}: install gstreamer1.0-plugins-base", source ? kind : "filesrc"));
    return;
  }
  g_object_set(source, "location", path.c_str(), nullptr);
  play(source, demuxer);
}

void FileRound::play(GstElement* source, GstElement* demuxer) {
  gst_bin_add_many(GST_BIN(pipeline_.get()), source, demuxer, nullptr);
  gst_element_link(source, demuxer);
  g_signal_connect(demuxer, "pad-added", G_CALLBACK(+[](GstElement*, GstPad* pad, gpointer round) {
                     static_cast<FileRound*>(round)->on_pad(pad);
                   }),
                   this);
  gst_element_set_state(pipeline_.get(), GST_STATE_PLAYING);  // a failure comes as a message
}

FileRound::~FileRound() {
  over_ = true;
  {
    std::lock_guard lock(mutex_);
    closing_ = true;  // nobody adds outputs any more
  }
  for (const auto& output : outputs_) gst_pad_set_active(output->pad.get(), FALSE);
  gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
  Ptr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  gst_bus_set_sync_handler(bus.get(), nullptr, nullptr, nullptr);
}

void FileRound::on_pad(GstPad* pad) {
  if (complete_) return listener_.tracks_changed();
  for (const Content content : {Content::kVideo, Content::kAudio}) {
    if (!gives(pad, input_caps(content))) continue;
    auto output = std::make_unique<Output>(*this, content);
    GstPad* to = output->pad.get();
    std::unique_lock lock(mutex_);
    if (closing_) return;
    const auto behind = std::find_if(outputs_.begin(), outputs_.end(),
                                     [&](const auto& other) { return other->content > content; });
    outputs_.insert(behind, std::move(output));
    lock.unlock();
    gst_pad_link(pad, to);
    return;
  }
  Ptr<GError> error(g_error_new(GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND,
                                "left out a track that nothing here carries: %s", name_of(pad).c_str()));
  listener_.warning(*error, nullptr);
  GstElement* sink = gst_element_factory_make("fakesink", nullptr);
  if (!sink) return;
  g_object_set(sink, "sync", FALSE, "async", FALSE, nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), sink);
  Ptr<GstPad> to(gst_element_get_static_pad(sink, "sink"));
  gst_pad_link(pad, to.get());
  gst_element_sync_state_with_parent(sink);
}

// With the first thing that comes from any track: demuxers show all their pads before that.
bool FileRound::show_tracks() {
  std::call_once(shown_, [this] {
    complete_ = true;
    std::vector<Content> tracks;
    for (const auto& output : outputs_) {
      output->track = tracks.size();
      tracks.push_back(output->content);
    }
    running_ = tracks.size();
    wanted_ = listener_.tracks(tracks);
    if (!wanted_) over_ = true;
  });
  return wanted_;
}

void FileRound::on_track_end(Output& output) {
  if (!show_tracks()) return;
  listener_.track_ended(output.track);
  if (--running_ == 0 && !over_.exchange(true)) listener_.ended();
}

void FileRound::fail(const std::string& text) {
  if (over_.exchange(true)) return;
  Ptr<GError> error(g_error_new_literal(GST_STREAM_ERROR, GST_STREAM_ERROR_WRONG_TYPE, text.c_str()));
  listener_.failed(*error, nullptr);
}

GstBusSyncReply FileRound::on_message(GstMessage* message) {
  const GstMessageType type = GST_MESSAGE_TYPE(message);
  if (type == GST_MESSAGE_EOS && outputs_.empty())
    fail("the file holds no video or audio that can be carried");
  if (type != GST_MESSAGE_ERROR && type != GST_MESSAGE_WARNING) return GST_BUS_DROP;
  Ptr<GError> error;
  Ptr<gchar> debug;
  if (type == GST_MESSAGE_WARNING) {
    gst_message_parse_warning(message, gstx::out(error), gstx::out(debug));
    listener_.warning(*error, debug.get());
  } else {
    gst_message_parse_error(message, gstx::out(error), gstx::out(debug));
    if (!over_.exchange(true)) listener_.failed(*error, debug.get());
  }
  return GST_BUS_DROP;
}

}  // namespace sluice
