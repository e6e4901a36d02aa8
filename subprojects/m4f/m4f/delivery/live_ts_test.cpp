#include <gtest/gtest.h>

#include "m4f/delivery/delivery.h"
#include "m4f/playlist/testing/test_stream.h"
#include "m4f/ts/packager.h"
#include "m4f/ts/test_support.h"

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
  LiveTsOptions options;
  options.ts.tracks = *TrackSelection::parse("a1");
  LiveTs audio(ring, options);
  stream.segment();
  drain();
  LiveTs::Cursor own;
  std::vector<SharedBytes> chunks;
  while (audio.read(own, 1 << 20, chunks)) {
  }
  EXPECT_LT(joined(chunks).size(), joined(got).size());
}

// Segments of 5 s with a key frame every second, in a ring; DTS from kStart on.
struct Prepush : ::testing::Test {
  RingPtr ring = std::make_shared<LiveRing>();
  ts::testing::SegmentChain chain{{ts::testing::h264_track()}};
  std::vector<SegmentPtr> all;
  std::unique_ptr<SegmentBuilder> open;
  Ticks now = Ticks::from_seconds(1000);
  int frames = 0;

  Prepush() { chain.header().number = 1; }

  void play(int pictures) {
    for (int i = 0; i < pictures; ++i, ++frames, now += Ticks(3600)) {
      if (frames % 125 == 0) {
        if (open) {
          open->seal(Ticks::from_seconds(5));
          ring->push(SegmentSealed{open->segment()});
        }
        SegmentHeader header = chain.header();
        header.number = 1 + static_cast<uint64_t>(frames) / 125;
        header.start = now;
        header.key_start = true;
        header.ts.tracks.resize(1);
        open = std::make_unique<SegmentBuilder>(header);
        ring->push(SegmentOpened{open->segment()});
      }
      const auto frame = ts::testing::test_frame(0, Codec::kH264, frames % 25 == 0, now, 400);
      ASSERT_TRUE(open->add_frame(frame.frame, frame.data));
      ring->push(FramesAdded{open->segment(), open->segment()->frame_count()});
    }
  }

  // Pictures that a newcomer gets at once, counted back from the live edge; the first one is a key frame
  // after tables.
  int burst(std::optional<std::chrono::milliseconds> prepush) {
    LiveTsOptions options;
    options.prepush = prepush;
    live = std::make_unique<LiveTs>(ring, options);
    cursor = {};
    return pictures();
  }
  int pictures() {
    std::vector<SharedBytes> chunks;
    while (live->read(cursor, 1 << 16, chunks)) {
    }
    const Bytes bytes = joined(chunks);
    if (bytes.empty()) return 0;
    EXPECT_EQ(bytes[1] & 0x1f, 0);  // a PAT
    const ts::testing::TsContent ts = ts::testing::read_ts(bytes);
    EXPECT_TRUE(ts.pes.at(0).random_access);
    return static_cast<int>(ts.pes.size());
  }

  std::unique_ptr<LiveTs> live;
  LiveTs::Cursor cursor;
};

TEST_F(Prepush, IsOneGroupOfPicturesUnlessToldOtherwise) {
  play(125 * 2 + 60);
  EXPECT_EQ(burst({}), 10);  // since the key frame at 50
}

TEST_F(Prepush, HoldsTheSecondsThatWereAskedFor) {
  play(125 * 3 + 60);
  EXPECT_EQ(burst(std::chrono::seconds(1)), 35);  // whole groups
  EXPECT_EQ(burst(std::chrono::seconds(2)), 60);
  EXPECT_EQ(burst(std::chrono::seconds(4)), 110);
  EXPECT_EQ(burst(std::chrono::seconds(12)), 310);
  EXPECT_EQ(burst(std::chrono::hours(1)), 125 * 3 + 60);  // what is there
}

TEST_F(Prepush, OfNothingBeginsWithTheNextKeyFrame) {
  play(125 + 60);
  EXPECT_EQ(burst(std::chrono::seconds(0)), 0);
  play(14);
  EXPECT_EQ(pictures(), 0);
  play(3);
  EXPECT_EQ(pictures(), 2);
}

TEST_F(Prepush, OfNothingFindsTheKeyFrameOfTheNextSegment) {
  play(124);
  EXPECT_EQ(burst(std::chrono::seconds(0)), 0);
  play(5);
  EXPECT_EQ(pictures(), 4);
}

}  // namespace
}  // namespace m4f
