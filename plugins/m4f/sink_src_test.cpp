// m4fsink and m4fsrc: a stream from one process to another.
#include "common/event_meta.h"
#include "common/testing.h"
#include "m4f/ring/live_ring.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::RecordEvent;
using m4f::SegmentPtr;
using m4f::Ticks;
using testing::events_of;
using testing::Harness;
using testing::make_segment;

Harness sink_harness(unsigned port, m4f::RingPtr* ring = nullptr) {
  GstElement* sink = gst_element_factory_make("m4fsink", nullptr);
  g_object_set(sink, "port", port, "address", "127.0.0.1", nullptr);
  if (ring) g_object_set(sink, "ring", ring, nullptr);
  Harness h(gst_harness_new_with_element(sink, "sink", nullptr));
  gst_object_unref(sink);
  gst_harness_set_src_caps_str(h.get(), kM4fCaps);
  return h;
}

Harness src_harness(unsigned port) {
  GstElement* src = gst_element_factory_make("m4fsrc", nullptr);
  Ptr<gchar> uri(g_strdup_printf("m4f://127.0.0.1:%u/live", port));
  g_object_set(src, "uri", uri.get(), nullptr);
  Harness h(gst_harness_new_with_element(src, nullptr, "src"));
  gst_object_unref(src);
  gst_harness_use_systemclock(h.get());
  return h;
}

TEST(M4fSinkAndSrc, SegmentsArriveByteByByteAsTheyWereCut) {
  const unsigned port = testing::free_port();
  Harness sink = sink_harness(port);
  const SegmentPtr sent = make_segment(7, Ticks::from_seconds(1000));
  for (const auto& event : events_of(sent)) gst_harness_push(sink.get(), buffer_of(event).release());
  Harness src = src_harness(port);
  gst_harness_play(src.get());
  SegmentPtr got;
  for (size_t i = 0; i < events_of(sent).size(); ++i) {
    Ptr<GstBuffer> buffer(gst_harness_pull(src.get()));
    ASSERT_TRUE(buffer) << i;
    const RecordEvent* event = event_of(buffer.get());
    ASSERT_NE(event, nullptr) << i;
    if (auto* opened = std::get_if<m4f::SegmentOpened>(event)) got = opened->segment;
  }
  ASSERT_TRUE(got);
  EXPECT_TRUE(got->sealed());
  EXPECT_EQ(testing::bytes_of(got), testing::bytes_of(sent));
  EXPECT_EQ(got->header(), sent->header());
  // The sink's end is the source's.
  gst_harness_push_event(sink.get(), gst_event_new_eos());
  while (Ptr<GstEvent> event{gst_harness_pull_event(src.get())}) {
    if (GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS) return;
  }
  FAIL() << "no EOS";
}

TEST(M4fSink, ARingThatWasHandedInOutlivesThePipelineAndIsNotEnded) {
  auto ring = std::make_shared<m4f::LiveRing>();
  {
    Harness sink = sink_harness(0, &ring);
    for (const auto& event : events_of(make_segment(7, Ticks::from_seconds(1000)))) {
      gst_harness_push(sink.get(), buffer_of(event).release());
    }
    gst_harness_push_event(sink.get(), gst_event_new_eos());
  }
  const auto view = ring->view();
  ASSERT_EQ(view->segments.size(), 1u);
  EXPECT_TRUE(view->segments[0]->sealed());
  EXPECT_FALSE(view->ended);
  EXPECT_EQ(ring.use_count(), 1);
}

TEST(M4fSink, APortInUseIsAnErrorThatSaysWhatToDo) {
  const unsigned port = testing::free_port();
  Harness first = sink_harness(port);
  Ptr<gchar> text(
      g_strdup_printf("fakesrc num-buffers=1 ! application/x-m4f ! m4fsink port=%u address=127.0.0.1", port));
  const auto run = testing::run_pipeline(text.get());
  Ptr<gchar> expected(g_strdup_printf("port %u is in use by another program: choose another port", port));
  EXPECT_EQ(run.error, expected.get());
}

TEST(M4fSrc, AServerThatIsNotThereIsAnError) {
  Ptr<gchar> text(g_strdup_printf("m4fsrc uri=m4f://127.0.0.1:%u/live ! fakesink", testing::free_port()));
  const auto run = testing::run_pipeline(text.get());
  EXPECT_NE(run.error.find("127.0.0.1"), std::string::npos) << run.error;
}

TEST(M4fSrc, StopsAtOnceWhileItWaitsForData) {
  const unsigned port = testing::free_port();
  Harness sink = sink_harness(port);  // accepts and sends nothing
  testing::expect_freed("m4fsrc", [&](GstElement* src) {
    Ptr<gchar> uri(g_strdup_printf("m4f://127.0.0.1:%u/live", port));
    g_object_set(src, "uri", uri.get(), "timeout", 3600000u, nullptr);
    gst_element_set_state(src, GST_STATE_PLAYING);
    EXPECT_EQ(gst_element_set_state(src, GST_STATE_NULL), GST_STATE_CHANGE_SUCCESS);
  });
}

TEST(M4fSrc, IsFoundByItsUri) {
  Ptr<GError> fault;
  Ptr<GstElement> made(
      gst_element_make_from_uri(GST_URI_SRC, "m4f://127.0.0.1:8081/live", nullptr, gstx::out(fault)));
  ASSERT_TRUE(made) << fault->message;
  gst_object_ref_sink(made.get());
  EXPECT_STREQ(G_OBJECT_TYPE_NAME(made.get()), "SluiceM4fSrc");
  Ptr<GstElement> bad(gst_element_make_from_uri(GST_URI_SRC, "m4f://nowhere", nullptr, gstx::out(fault)));
  EXPECT_FALSE(bad);
}

}  // namespace
}  // namespace sluice
