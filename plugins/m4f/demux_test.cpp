// m4fdemux: segments become frames again.
#include "common/event_meta.h"
#include "common/testing.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::SegmentPtr;
using m4f::Ticks;
using testing::events_of;
using testing::Harness;
using testing::make_segment;

struct Collected {
  std::string caps;
  std::vector<Ptr<GstBuffer>> buffers;
  std::vector<GstEventType> events;
  GstSegment segment = {};
};

// Receives whatever pads the demuxer shows.
class Receiver {
 public:
  explicit Receiver(GstElement* demux) {
    g_signal_connect(demux, "pad-added",
                     G_CALLBACK(+[](GstElement*, GstPad* pad, Receiver* r) { r->link(pad); }), this);
    g_signal_connect(demux, "no-more-pads", G_CALLBACK(+[](GstElement*, Receiver* r) { r->complete = true; }),
                     this);
  }
  ~Receiver() {
    for (auto& [name, pad] : pads_) gst_pad_set_active(pad.get(), FALSE);
  }
  std::map<std::string, Collected> streams;
  bool complete = false;

 private:
  void link(GstPad* pad) {
    Collected* to = &streams[GST_PAD_NAME(pad)];
    Ptr<GstPad> sink(GST_PAD(gst_object_ref_sink(gst_pad_new("sink", GST_PAD_SINK))));
    gst_pad_set_element_private(sink.get(), to);
    gst_pad_set_chain_function(sink.get(), [](GstPad* p, GstObject*, GstBuffer* buffer) {
      static_cast<Collected*>(gst_pad_get_element_private(p))->buffers.emplace_back(buffer);
      return GST_FLOW_OK;
    });
    gst_pad_set_event_function(sink.get(), [](GstPad* p, GstObject*, GstEvent* event) -> gboolean {
      Ptr<GstEvent> owned(event);
      auto* c = static_cast<Collected*>(gst_pad_get_element_private(p));
      c->events.push_back(GST_EVENT_TYPE(event));
      if (GST_EVENT_TYPE(event) == GST_EVENT_CAPS) {
        GstCaps* caps = nullptr;
        gst_event_parse_caps(event, &caps);
        c->caps = gst_structure_get_name(gst_caps_get_structure(caps, 0));
      } else if (GST_EVENT_TYPE(event) == GST_EVENT_SEGMENT) {
        gst_event_copy_segment(event, &c->segment);
      }
      return TRUE;
    });
    gst_pad_set_active(sink.get(), TRUE);
    ASSERT_EQ(gst_pad_link(pad, sink.get()), GST_PAD_LINK_OK);
    pads_[GST_PAD_NAME(pad)] = std::move(sink);
  }

  std::map<std::string, Ptr<GstPad>> pads_;
};

Ptr<GstBuffer> plain(m4f::ByteView bytes) {
  Ptr<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, bytes.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, bytes.data(), bytes.size());
  return buffer;
}

std::string text_of(GstBuffer* buffer) {
  gstx::ReadMap map(buffer);
  return std::string(m4f::as_text({map.data(), map.size()}));
}

int64_t running(const Collected& stream, GstClockTime t) {
  guint64 value = 0;
  const int sign = gst_segment_to_running_time_full(&stream.segment, GST_FORMAT_TIME, t, &value);
  return sign * static_cast<int64_t>(value);
}

Harness demux_harness() {
  Harness h(gst_harness_new_with_padnames("m4fdemux", "sink", nullptr));
  gst_harness_set_src_caps_str(h.get(), kM4fCaps);
  return h;
}

void expect_two_seconds(const Receiver& got) {
  ASSERT_EQ(got.streams.size(), 2u);
  EXPECT_TRUE(got.complete);
  const Collected& video = got.streams.at("video_0");
  const Collected& audio = got.streams.at("audio_0");
  EXPECT_EQ(video.caps, "video/x-h264");
  EXPECT_EQ(audio.caps, "audio/mpeg");
  ASSERT_EQ(video.buffers.size(), 50u);
  ASSERT_EQ(audio.buffers.size(), 100u);
  EXPECT_EQ(text_of(video.buffers[25].get()), "v8 0");
  EXPECT_EQ(text_of(audio.buffers[99].get()), "a8 49");
  for (size_t i = 0; i < 50; ++i) {
    const int64_t dts = static_cast<int64_t>(i) * 40'000'000;
    EXPECT_EQ(running(video, GST_BUFFER_DTS(video.buffers[i].get())), dts);
    EXPECT_EQ(running(video, GST_BUFFER_PTS(video.buffers[i].get())), dts + 40'000'000);
    EXPECT_EQ(GST_BUFFER_DURATION(video.buffers[i].get()), 40'000'000u);
    EXPECT_EQ(GST_BUFFER_FLAG_IS_SET(video.buffers[i].get(), GST_BUFFER_FLAG_DELTA_UNIT), i % 25 != 0);
    EXPECT_EQ(GST_BUFFER_FLAG_IS_SET(video.buffers[i].get(), GST_BUFFER_FLAG_DISCONT), i == 0);
  }
  EXPECT_EQ(running(audio, GST_BUFFER_PTS(audio.buffers[99].get())), 99 * 20'000'000);
}

TEST(M4fDemux, SegmentsBecomeFramesWithCapsAndTimes) {
  Harness h = demux_harness();
  Receiver got(h->element);
  for (uint64_t number : {7, 8}) {
    const SegmentPtr segment = make_segment(number, Ticks::from_seconds(1000 + static_cast<int64_t>(number)));
    for (const auto& event : events_of(segment))
      ASSERT_EQ(gst_harness_push(h.get(), buffer_of(event).release()), GST_FLOW_OK);
    // Not a copy.
    gstx::ReadMap last(got.streams["audio_0"].buffers.back().get());
    EXPECT_EQ(last.data(), segment->frame(74).data.data());
  }
  gst_harness_push_event(h.get(), gst_event_new_eos());
  expect_two_seconds(got);
  for (auto& [name, stream] : got.streams) EXPECT_EQ(stream.events.back(), GST_EVENT_EOS) << name;
  EXPECT_EQ(got.streams["audio_0"].events[3], GST_EVENT_TAG);  // the language
}

TEST(M4fDemux, BytesThatCameThroughAForeignElementDoToo) {
  Harness h = demux_harness();
  Receiver got(h->element);
  m4f::Bytes all;
  for (uint64_t number : {7, 8}) {
    const auto bytes =
        testing::bytes_of(make_segment(number, Ticks::from_seconds(1000 + static_cast<int64_t>(number))));
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  for (size_t at = 0; at < all.size(); at += 777) {
    ASSERT_EQ(
        gst_harness_push(
            h.get(), plain(m4f::ByteView(all).subspan(at, std::min<size_t>(777, all.size() - at))).release()),
        GST_FLOW_OK);
  }
  expect_two_seconds(got);
}

TEST(M4fDemux, DamagedBytesAreOneWarningAndTheNextSegmentPlays) {
  Harness h = demux_harness();
  Ptr<GstBus> bus(gst_bus_new());
  gst_element_set_bus(h->element, bus.get());
  Receiver got(h->element);
  auto bytes = testing::bytes_of(make_segment(7, Ticks::from_seconds(1007)));
  for (size_t i = 300; i < 340; ++i) bytes[i] ^= 0xff;
  EXPECT_EQ(gst_harness_push(h.get(), plain(bytes).release()), GST_FLOW_OK);
  EXPECT_EQ(gst_harness_push(h.get(),
                             plain(testing::bytes_of(make_segment(8, Ticks::from_seconds(1008)))).release()),
            GST_FLOW_OK);
  Ptr<GstMessage> warning(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_WARNING));
  EXPECT_TRUE(warning);
  Ptr<GstMessage> second(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_WARNING));
  EXPECT_FALSE(second);
  EXPECT_EQ(text_of(got.streams["video_0"].buffers.back().get()), "v8 48");
  gst_element_set_bus(h->element, nullptr);
}

TEST(M4fDemux, AJumpOfTheClockBackwardIsPassedOn) {
  Harness h = demux_harness();
  Receiver got(h->element);
  for (const auto& event : events_of(make_segment(7, Ticks::from_seconds(1000)))) {
    gst_harness_push(h.get(), buffer_of(event).release());
  }
  for (const auto& event : events_of(make_segment(8, Ticks::from_seconds(990)))) {
    gst_harness_push(h.get(), buffer_of(event).release());
  }
  const Collected& video = got.streams["video_0"];
  EXPECT_EQ(running(video, GST_BUFFER_DTS(video.buffers[25].get())), -10'000'000'000);
}

TEST(M4fDemux, FlushStartsTheClockAgain) {
  Harness h = demux_harness();
  Receiver got(h->element);
  for (const auto& event : events_of(make_segment(7, Ticks::from_seconds(1000)))) {
    gst_harness_push(h.get(), buffer_of(event).release());
  }
  gst_harness_push_event(h.get(), gst_event_new_flush_start());
  gst_harness_push_event(h.get(), gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(h.get(), gst_event_new_segment(&segment));
  for (const auto& event : events_of(make_segment(9, Ticks::from_seconds(5000)))) {
    ASSERT_EQ(gst_harness_push(h.get(), buffer_of(event).release()), GST_FLOW_OK);
  }
  const Collected& video = got.streams["video_0"];
  ASSERT_EQ(video.buffers.size(), 50u);
  EXPECT_EQ(running(video, GST_BUFFER_DTS(video.buffers[25].get())), 0);
}

}  // namespace
}  // namespace sluice
