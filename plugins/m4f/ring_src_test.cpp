// m4fringsrc: the ring's own segments, from the newest key frame on, as they come.
#include <gst/app/gstappsink.h>

#include "common/event_meta.h"
#include "common/testing.h"
#include "m4f/ring/live_ring.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::LiveRing;
using m4f::RingPtr;
using m4f::SegmentPtr;
using m4f::Ticks;
using testing::events_of;
using testing::make_segment;

void push(LiveRing& ring, const SegmentPtr& segment) {
  for (const auto& event : events_of(segment)) ring.push(event);
}

struct Reader {
  explicit Reader(RingPtr ring, const char* text = "m4fringsrc name=src ! appsink name=out sync=false") {
    pipeline.reset(gst_parse_launch(text, nullptr));
    Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "src"));
    g_object_set(source.get(), "ring", &ring, nullptr);
    out.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  }
  ~Reader() { gst_element_set_state(pipeline.get(), GST_STATE_NULL); }
  Ptr<GstSample> pull() {
    return Ptr<GstSample>(gst_app_sink_try_pull_sample(GST_APP_SINK(out.get()), 10 * GST_SECOND));
  }
  Ptr<GstElement> pipeline, out;
};

TEST(M4fRingSrc, GivesTheRingsOwnSegmentsFromTheNewestOnUntilItsEnd) {
  auto ring = std::make_shared<LiveRing>();
  const Ticks start = Ticks::from_ns(g_get_real_time() * 1000);
  push(*ring, make_segment(1, start));
  const SegmentPtr second = make_segment(2, start + Ticks::from_seconds(1));
  push(*ring, second);
  Reader reader(ring);
  const SegmentPtr third = make_segment(3, start + Ticks::from_seconds(2));
  size_t frames = 0, opened = 0;
  GstClockTime first = GST_CLOCK_TIME_NONE, last = 0;
  while (Ptr<GstSample> sample = reader.pull()) {
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    const m4f::RecordEvent* event = event_of(buffer);
    ASSERT_TRUE(event);
    opened += std::holds_alternative<m4f::SegmentOpened>(*event);
    if (auto* added = std::get_if<m4f::FramesAdded>(event)) {
      ++frames;
      EXPECT_EQ(added->segment, opened == 1 ? second : third) << "the same memory";
      if (first == GST_CLOCK_TIME_NONE) first = GST_BUFFER_PTS(buffer);
      last = GST_BUFFER_PTS(buffer);
    }
    if (frames == second->frame_count() && opened == 1) push(*ring, third);
    if (frames == second->frame_count() + third->frame_count()) ring->end();
  }
  EXPECT_EQ(opened, 2u);
  EXPECT_EQ(frames, second->frame_count() + third->frame_count());
  EXPECT_TRUE(gst_app_sink_is_eos(GST_APP_SINK(reader.out.get())));
  EXPECT_EQ(last - first, 2 * GST_SECOND - GST_SECOND / 50);
}

// Two streams of one server share its clock: frames of one moment have one running time.
TEST(M4fRingSrc, TwoRingsKeepTheirTimesToEachOther) {
  auto a = std::make_shared<LiveRing>(), b = std::make_shared<LiveRing>();
  const Ticks start = Ticks::from_ns(g_get_real_time() * 1000);
  push(*a, make_segment(1, start));
  push(*b, make_segment(7, start + Ticks::from_ms(500)));
  Reader one(a), two(b);
  const auto running = [](Reader& reader) {
    Ptr<GstSample> sample = reader.pull();
    const auto base = gst_element_get_base_time(reader.pipeline.get());
    return static_cast<int64_t>(GST_BUFFER_PTS(gst_sample_get_buffer(sample.get())) + base);
  };
  const int64_t apart = running(two) - running(one);
  EXPECT_NEAR(static_cast<double>(apart), 500e6, 5e6);
}

TEST(M4fRingSrc, WithoutARingItDoesNotStart) {
  EXPECT_NE(testing::run_pipeline("m4fringsrc ! fakesink").error, "");
}

TEST(M4fRingSrc, StopsWhileItWaits) {
  auto ring = std::make_shared<LiveRing>();
  for (int i = 0; i < 20; ++i) Reader reader(ring);
  EXPECT_EQ(ring.use_count(), 1) << "still referenced";
}

}  // namespace
}  // namespace sluice
