#include "common/testing.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

namespace sluice::testing {

using gstx::Ptr;
using m4f::Bytes;
using m4f::FramesAdded;
using m4f::RecordEvent;
using m4f::SegmentPtr;
using m4f::Ticks;
using m4f::Track;

Track h264_track() {
  Track track;
  track.id = {m4f::Content::kVideo, 1};
  track.codec = m4f::Codec::kH264;
  track.rfc6381 = "avc1.42c01e";
  track.config = {0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe1, 0x00, 0x0a, 0x67, 0x42, 0xc0, 0x1e, 0xda,
                  0x05, 0x07, 0xe8, 0x40, 0x00, 0x01, 0x00, 0x04, 0x68, 0xce, 0x3c, 0x80};
  track.width = 320;
  track.height = 180;
  track.fps_num = 25;
  track.frame_duration = Ticks(3600);
  return track;
}

Track aac_track() {
  Track track;
  track.id = {m4f::Content::kAudio, 1};
  track.codec = m4f::Codec::kAac;
  track.rfc6381 = "mp4a.40.2";
  track.config = {0x11, 0x90};
  track.language = "deu";
  track.sample_rate = 48000;
  track.channels = 2;
  track.frame_duration = Ticks(1800);
  return track;
}

SegmentPtr make_segment(uint64_t number, Ticks start, int seconds, bool sound) {
  m4f::SegmentHeader header;
  header.number = number;
  header.start = start;
  header.key_start = true;
  header.target = Ticks::from_seconds(seconds);
  header.tracks = {h264_track()};
  if (sound) header.tracks.push_back(aac_track());
  header.ts.tracks.resize(header.tracks.size());
  m4f::SegmentBuilder builder(header);
  for (int i = 0; i < seconds * 50; ++i) {
    m4f::Frame frame;
    const auto add = [&](char kind) {
      const std::string payload = fmt::format("{}{} {}", kind, number, i);
      EXPECT_TRUE(builder.add_frame(frame, m4f::as_bytes(payload)));
    };
    frame.dts = start + Ticks(1800) * i;
    if (i % 2 == 0) {
      frame.track = 0;
      frame.key = i == 0;
      frame.cts_offset = Ticks(3600);
      frame.duration = Ticks(3600);
      add('v');
    }
    if (!sound) continue;
    frame.track = 1;
    frame.key = true;
    frame.cts_offset = Ticks();
    frame.duration = Ticks(1800);
    add('a');
  }
  SegmentPtr segment = builder.segment();
  builder.seal(Ticks::from_seconds(seconds));
  return segment;
}

std::vector<RecordEvent> events_of(const SegmentPtr& segment) {
  std::vector<RecordEvent> events{m4f::SegmentOpened{segment}};
  for (size_t i = 0; i < segment->frame_count(); ++i) events.push_back(FramesAdded{segment, i + 1});
  events.push_back(m4f::SegmentSealed{segment});
  return events;
}

Bytes bytes_of(const SegmentPtr& segment) {
  Bytes out;
  for (m4f::ByteView piece : segment->records()) out.insert(out.end(), piece.begin(), piece.end());
  return out;
}

void expect_freed(const char* factory, const std::function<void(GstElement*)>& use) {
  bool freed = false;
  GstElement* element = gst_element_factory_make(factory, nullptr);
  ASSERT_NE(element, nullptr) << factory;
  gst_object_ref_sink(element);
  g_object_weak_ref(
      G_OBJECT(element), [](gpointer flag, GObject*) { *static_cast<bool*>(flag) = true; }, &freed);
  use(element);
  gst_element_set_state(element, GST_STATE_NULL);
  gst_object_unref(element);
  EXPECT_TRUE(freed) << factory << " is still referenced";
}

Outcome run_pipeline(const std::string& text, const std::function<void(GstElement*)>& at_end) {
  Outcome run;
  Ptr<GError> fault;
  Ptr<GstElement> pipeline(gst_parse_launch(text.c_str(), gstx::out(fault)));
  if (fault || !pipeline) {
    run.error = fault ? fault->message : "no pipeline";
    return run;
  }
  Ptr<GstElement> out(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  if (out) g_object_set(out.get(), "sync", FALSE, "async", FALSE, "wait-on-eos", FALSE, nullptr);
  Ptr<GstBus> bus(gst_element_get_bus(pipeline.get()));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  run.error = "no end within 60 s";
  while (Ptr<GstMessage> message{gst_bus_timed_pop(bus.get(), 60 * GST_SECOND)}) {
    const GstMessageType type = GST_MESSAGE_TYPE(message.get());
    Ptr<GError> told;
    if (type == GST_MESSAGE_EOS) {
      run.error.clear();
      break;
    }
    if (type == GST_MESSAGE_ERROR) {
      gst_message_parse_error(message.get(), gstx::out(told), nullptr);
      run.error = told->message;
      break;
    }
    if (type == GST_MESSAGE_WARNING) {
      gst_message_parse_warning(message.get(), gstx::out(told), nullptr);
      run.warnings.emplace_back(told->message);
    } else if (type == GST_MESSAGE_ELEMENT) {
      run.messages.emplace_back(gst_structure_get_name(gst_message_get_structure(message.get())));
    }
  }
  while (out) {
    GstSample* sample = nullptr;
    g_signal_emit_by_name(out.get(), "try-pull-sample", guint64{0}, &sample);
    if (!sample) break;
    Ptr<GstSample> owned(sample);
    run.buffers.push_back(gstx::share(gst_sample_get_buffer(sample)));
  }
  if (at_end) at_end(pipeline.get());
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return run;
}

void expect_survives_state_changes(const char* factory, const std::function<void(GstElement*)>& prepare) {
  expect_freed(factory, [&](GstElement* element) {
    if (prepare) prepare(element);
    for (int i = 0; i < 50; ++i) {
      ASSERT_NE(gst_element_set_state(element, GST_STATE_PAUSED), GST_STATE_CHANGE_FAILURE)
          << factory << " " << i;
      ASSERT_EQ(gst_element_set_state(element, i % 2 ? GST_STATE_NULL : GST_STATE_READY),
                GST_STATE_CHANGE_SUCCESS);
    }
  });
}

unsigned free_port() {
  const int fd = socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), size), 0);
  EXPECT_EQ(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size), 0);
  close(fd);
  return ntohs(address.sin_port);
}

}  // namespace sluice::testing
