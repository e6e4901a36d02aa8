#include "m4f/ring_cursor.h"

#include <gtest/gtest.h>

#include <array>

#include "common/testing.h"

namespace sluice {
namespace {

using m4f::Bytes;
using m4f::LiveRing;
using m4f::SegmentPtr;
using m4f::Ticks;
using testing::bytes_of;
using testing::events_of;
using testing::make_segment;

void push(LiveRing& ring, const SegmentPtr& segment) {
  for (const auto& event : events_of(segment)) ring.push(event);
}

// Takes everything there is, `step` bytes at a time as a full socket would.
Bytes take(RingCursor& cursor, const LiveRing& ring, size_t step) {
  Bytes out;
  std::array<iovec, 8> pieces;
  while (size_t count = cursor.gather(*ring.view(), pieces)) {
    size_t sent = 0;
    for (size_t i = 0; i < count && sent < step; ++i) {
      const size_t size = std::min(step - sent, pieces[i].iov_len);
      const auto* from = static_cast<const uint8_t*>(pieces[i].iov_base);
      out.insert(out.end(), from, from + size);
      sent += size;
    }
    cursor.advance(sent);
  }
  return out;
}

TEST(RingCursor, BeginsAtTheNewestKeyFrameAndGoesOn) {
  LiveRing ring;
  RingCursor cursor;
  EXPECT_TRUE(take(cursor, ring, 1000).empty());
  const auto first = make_segment(7, Ticks::from_seconds(1000));
  const auto second = make_segment(8, Ticks::from_seconds(1001));
  const auto third = make_segment(9, Ticks::from_seconds(1002));
  push(ring, first);
  push(ring, second);
  EXPECT_EQ(take(cursor, ring, 1000), bytes_of(second));
  EXPECT_TRUE(cursor.at_end(*ring.view()));
  push(ring, third);
  EXPECT_FALSE(cursor.at_end(*ring.view()));
  EXPECT_EQ(take(cursor, ring, 7), bytes_of(third));
}

TEST(RingCursor, FollowsASegmentWhileItGrows) {
  LiveRing ring;
  const auto segment = make_segment(7, Ticks::from_seconds(1000));
  m4f::SegmentBuilder builder(segment->header());
  ring.push(m4f::SegmentOpened{builder.segment()});
  RingCursor cursor;
  Bytes got = take(cursor, ring, 50);
  for (size_t i = 0; i < segment->frame_count(); ++i) {
    ASSERT_TRUE(builder.add_frame(segment->frame(i), segment->frame(i).data));
    ring.push(m4f::FramesAdded{builder.segment(), i + 1});
    const Bytes more = take(cursor, ring, 50);
    EXPECT_FALSE(more.empty()) << i;
    got.insert(got.end(), more.begin(), more.end());
  }
  builder.seal(segment->duration());
  ring.push(m4f::SegmentSealed{builder.segment()});
  const Bytes rest = take(cursor, ring, 50);
  got.insert(got.end(), rest.begin(), rest.end());
  EXPECT_EQ(got, bytes_of(segment));
}

TEST(RingCursor, ASlowClientFinishesItsRecordAndJumpsToTheNewestKeyFrame) {
  LiveRing ring(m4f::RingSettings{.segment_count = 1});
  const auto first = make_segment(7, Ticks::from_seconds(1000));
  push(ring, first);
  RingCursor cursor;
  std::array<iovec, 8> pieces;
  ASSERT_GT(cursor.gather(*ring.view(), pieces), 0u);
  const size_t begun = pieces[0].iov_len + 5;  // into the first frame
  cursor.advance(begun);
  uint64_t number = 7;
  SegmentPtr newest;
  while (ring.view()->segments.front()->header().number <= 7) {
    ++number;
    newest = make_segment(number, Ticks::from_seconds(993 + static_cast<int64_t>(number)));
    push(ring, newest);
    ASSERT_LT(number, 100u);
  }
  Bytes expected(first->frame_record(0).begin() + 5, first->frame_record(0).end());
  const Bytes then = bytes_of(newest);
  expected.insert(expected.end(), then.begin(), then.end());
  EXPECT_EQ(take(cursor, ring, 1000), expected);
}

}  // namespace
}  // namespace sluice
