#include "common/record_feed.h"

#include "common/event_meta.h"
#include "common/testing.h"

namespace sluice {
namespace {

using m4f::FramesAdded;
using m4f::RecordEvent;
using m4f::SegmentOpened;
using m4f::SegmentPtr;
using m4f::SegmentSealed;
using m4f::Ticks;
using testing::bytes_of;
using testing::events_of;
using testing::make_segment;

std::string shape(const std::vector<RecordEvent>& events) {
  std::string text;
  for (const RecordEvent& event : events) {
    if (auto* opened = std::get_if<SegmentOpened>(&event)) {
      text += fmt::format("open {} ", opened->segment->header().number);
    } else if (auto* frames = std::get_if<FramesAdded>(&event)) {
      if (frames->end == frames->segment->frame_count()) text += fmt::format("{} frames ", frames->end);
    } else {
      text += fmt::format("seal {} ", std::get<SegmentSealed>(event).segment->header().number);
    }
  }
  return text;
}

TEST(EventMeta, BufferIsTheRecordWithoutACopy) {
  const SegmentPtr segment = make_segment(7, Ticks::from_seconds(1000));
  const auto opened = buffer_of(SegmentOpened{segment});
  gstx::ReadMap begin(opened.get());
  EXPECT_EQ(begin.data(), segment->begin_record().data());
  EXPECT_FALSE(GST_BUFFER_FLAG_IS_SET(opened.get(), GST_BUFFER_FLAG_DELTA_UNIT));
  const auto frame = buffer_of(FramesAdded{segment, 3});
  gstx::ReadMap record(frame.get());
  EXPECT_EQ(record.data(), segment->frame_record(2).data());
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(frame.get(), GST_BUFFER_FLAG_DELTA_UNIT));
}

TEST(EventMeta, BufferKeepsItsSegmentAlive) {
  SegmentPtr segment = make_segment(7, Ticks::from_seconds(1000));
  const std::weak_ptr<const m4f::Segment> watch = segment;
  auto buffer = buffer_of(FramesAdded{segment, 1});
  // The memory alone holds it too: whoever takes it out of the buffer may keep it.
  GstMemory* memory = gst_memory_ref(gst_buffer_peek_memory(buffer.get(), 0));
  segment.reset();
  EXPECT_FALSE(watch.expired());
  buffer.reset();
  EXPECT_FALSE(watch.expired());
  gst_memory_unref(memory);
  EXPECT_TRUE(watch.expired());
}

TEST(EventMeta, ACopiedBufferStillCarriesItAPartDoesNot) {
  const SegmentPtr segment = make_segment(7, Ticks::from_seconds(1000));
  const auto buffer = buffer_of(FramesAdded{segment, 1});
  gstx::Ptr<GstBuffer> copy(gst_buffer_copy(buffer.get()));
  ASSERT_NE(event_of(copy.get()), nullptr);
  gstx::Ptr<GstBuffer> part(gst_buffer_copy_region(buffer.get(), GST_BUFFER_COPY_ALL, 0, 4));
  EXPECT_EQ(event_of(part.get()), nullptr);
}

TEST(RecordFeed, EventsPassAsTheyAre) {
  RecordFeed feed;
  std::vector<RecordEvent> out;
  for (const RecordEvent& event : events_of(make_segment(7, Ticks::from_seconds(1000)))) {
    ASSERT_TRUE(feed.take(buffer_of(event).get(), out));
  }
  EXPECT_EQ(shape(out), "open 7 75 frames seal 7 ");
}

TEST(RecordFeed, BytesWithoutASegmentAreRead) {
  const SegmentPtr segment = make_segment(7, Ticks::from_seconds(1000));
  const m4f::Bytes bytes = bytes_of(segment);
  RecordFeed feed;
  std::vector<RecordEvent> out;
  for (size_t at = 0; at < bytes.size(); at += 100) {
    const size_t size = std::min<size_t>(100, bytes.size() - at);
    gstx::Ptr<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, size, nullptr));
    gst_buffer_fill(buffer.get(), 0, bytes.data() + at, size);
    ASSERT_TRUE(feed.take(buffer.get(), out));
  }
  EXPECT_EQ(shape(out), "open 7 75 frames seal 7 ");
  EXPECT_EQ(bytes_of(std::get<SegmentOpened>(out.front()).segment), bytes);
}

TEST(RecordFeed, OrderIsKeptWhereALeakyQueueDroppedBuffers) {
  RecordFeed feed;
  std::vector<RecordEvent> out;
  const auto first = events_of(make_segment(7, Ticks::from_seconds(1000)));
  const auto second = events_of(make_segment(8, Ticks::from_seconds(1001)));
  // Without the first one's end and the second one's beginning.
  ASSERT_TRUE(feed.take(buffer_of(first[0]).get(), out));
  ASSERT_TRUE(feed.take(buffer_of(first[75]).get(), out));
  ASSERT_TRUE(feed.take(buffer_of(second[75]).get(), out));
  ASSERT_TRUE(feed.take(buffer_of(second[76]).get(), out));
  EXPECT_EQ(shape(out), "open 7 75 frames seal 7 open 8 75 frames seal 8 ");
}

}  // namespace
}  // namespace sluice
