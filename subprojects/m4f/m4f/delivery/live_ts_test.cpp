#include <gtest/gtest.h>

#include "m4f/delivery/delivery.h"
#include "m4f/playlist/testing/test_stream.h"
#include "m4f/ts/packager.h"

namespace m4f {
namespace {

using namespace m4f::testing;

Bytes joined(const std::vector<SharedBytes>& chunks) {
  Bytes out;
  for (const SharedBytes& chunk : chunks) out.insert(out.end(), chunk->begin(), chunk->end());
  return out;
}

struct LiveTsTest : ::testing::Test {
  RingPtr ring = std::make_shared<LiveRing>();
  TestStream stream{{h264_track(), aac_track()}, ring};
  LiveTs live{ring, {}};
  LiveTs::Cursor cursor;
  std::vector<SharedBytes> got;

  // All that is ready.
  void drain() {
    while (live.read(cursor, 1 << 16, got)) {
    }
  }
};

TEST_F(LiveTsTest, NothingIsReadyBeforeTheFirstFrame) {
  EXPECT_FALSE(live.read(cursor, 1 << 20, got));
  EXPECT_FALSE(live.ended());
  stream.end();
  EXPECT_TRUE(live.ended());
}

TEST_F(LiveTsTest, EqualsTheSegmentsOneAfterAnother) {
  stream.grow(Ticks::from_seconds(2));
  drain();
  Bytes expected;
  for (int i = 0; i < 12; ++i) {
    for (int step = 0; step < 3; ++step) {
      stream.grow(Ticks::from_seconds(1));
      drain();
    }
    const Bytes segment = ts::package(*stream.seal(), {});
    expected.insert(expected.end(), segment.begin(), segment.end());
    drain();
  }
  EXPECT_EQ(joined(got), expected);
}

TEST_F(LiveTsTest, NewcomerStartsAtTheNewestKeyFrame) {
  stream.segments(3);
  stream.without_key();
  stream.grow(Ticks::from_seconds(1));
  drain();
  EXPECT_EQ(cursor.segment, kFirstNumber + 3);
  const RingView view = stream.view();
  const Bytes first = ts::package(*view.segments[2], {});
  const Bytes all = joined(got);
  ASSERT_GT(all.size(), first.size());
  EXPECT_TRUE(std::equal(first.begin(), first.end(), all.begin()));
}

TEST_F(LiveTsTest, ReaderThatFellOffTheTailJumpsToTheNewestKeyFrame) {
  stream.segment();
  ASSERT_TRUE(live.read(cursor, 1, got));
  got.clear();
  stream.segments(10);
  ASSERT_TRUE(live.read(cursor, 1, got));
  EXPECT_EQ(cursor.segment, kFirstNumber + 10);
}

TEST_F(LiveTsTest, ReadersShareTheChunks) {
  stream.grow(Ticks::from_seconds(1));
  LiveTs::Cursor other;
  std::vector<SharedBytes> theirs;
  drain();
  live.read(other, 1 << 20, theirs);
  ASSERT_FALSE(got.empty());
  ASSERT_EQ(theirs.size(), got.size());
  for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(got[i].get(), theirs[i].get());
}

TEST_F(LiveTsTest, ReadsNoMoreThanItIsAskedFor) {
  stream.segments(1, Ticks::from_seconds(60));
  ASSERT_TRUE(live.read(cursor, 1, got));
  EXPECT_EQ(got.size(), 1u);
  EXPECT_LT(got[0]->size(), 300u << 10);
}

// Segments that never arrived are passed over; the reader goes on with the next key frame.
TEST_F(LiveTsTest, HoleInTheNumbersIsPassed) {
  stream.segment();
  drain();
  got.clear();
  stream.miss(2);
  stream.segment();
  drain();
  EXPECT_EQ(joined(got), ts::package(*stream.view().segments.back(), {}));
}

TEST_F(LiveTsTest, SelectionHoldsOnlyItsTracks) {
  LiveTs audio(ring, *TrackSelection::parse("a1"));
  stream.segment();
  drain();
  LiveTs::Cursor own;
  std::vector<SharedBytes> chunks;
  while (audio.read(own, 1 << 20, chunks)) {
  }
  EXPECT_LT(joined(chunks).size(), joined(got).size());
}

}  // namespace
}  // namespace m4f
