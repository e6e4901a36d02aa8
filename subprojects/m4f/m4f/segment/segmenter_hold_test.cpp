// A stream that has several sources: one segmenter is cut from, the others follow theirs.
#include "m4f/segment/segmenter.h"
#include "m4f/segment/segmenter_test_support.h"

namespace m4f {
namespace {

// A source that goes on and on.
struct Fed : Bench {
  Source source;
  Ticks at;

  Fed() { source.declare(*this); }
  void go_on(Ticks duration) { source.run_until(*this, at += duration); }
};

// Two on one clock, side by side.
struct Pair {
  Fed first, second;

  void both(Ticks duration) {
    for (Ticks done; done < duration; done += 1_s) {
      first.go_on(1_s);
      second.go_on(1_s);
    }
  }
};

TEST(SegmenterHold, NothingIsCutOrKeptWhileItHolds) {
  Fed bench;
  bench.segmenter.hold();
  bench.go_on(20_s);
  EXPECT_TRUE(bench.segments.empty());
  EXPECT_EQ(bench.segmenter.stats().frames, 0u);
  EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
}

TEST(SegmenterHold, BeginsAtTheNextKeyFrameAfterItsRelease) {
  Fed bench;
  bench.segmenter.hold();
  bench.go_on(21_s);  // a key frame every 2 s
  bench.segmenter.release();
  bench.go_on(9_s);
  bench.check();
  ASSERT_FALSE(bench.segments.empty());
  const auto video = bench.frames("v1");
  EXPECT_TRUE(video[0].frame.key);
  EXPECT_EQ(Ticks(video[0].number), 22_s);
  EXPECT_EQ(bench.segments[0]->header().start, kWallStart + 22_s);
  EXPECT_EQ(bench.segments[0]->header().tracks.size(), 2u) << "both were known before";
}

TEST(SegmenterHold, SealsTheOpenSegment) {
  Fed bench;
  bench.go_on(8_s);
  ASSERT_EQ(bench.segments.size(), 2u);
  EXPECT_FALSE(bench.segments[1]->sealed());
  bench.segmenter.hold();
  EXPECT_TRUE(bench.segments[1]->sealed());
  bench.go_on(8_s);
  EXPECT_EQ(bench.segments.size(), 2u);
}

TEST(SegmenterHold, AsksBeforeItBeginsAndGoesOnAfterTheOther) {
  Pair pair;
  pair.second.segmenter.ask_before_begin();
  pair.second.segmenter.hold();
  pair.both(7_s);
  EXPECT_FALSE(pair.second.segmenter.wants_to_begin());
  pair.second.segmenter.release();
  pair.both(2_s);
  ASSERT_TRUE(pair.second.segmenter.wants_to_begin());
  EXPECT_TRUE(pair.second.segments.empty());
  pair.first.segmenter.hold();
  const SegmentPtr last = pair.first.segments.back();
  ASSERT_TRUE(last->sealed());
  pair.second.segmenter.go_on_after(last);
  pair.second.segmenter.begin();
  EXPECT_FALSE(pair.second.segmenter.wants_to_begin());
  ASSERT_EQ(pair.second.segments.size(), 1u);
  const SegmentHeader& header = pair.second.segments[0]->header();
  EXPECT_EQ(header.number, last->header().number + 1);
  EXPECT_TRUE(header.discontinuity);
  EXPECT_FALSE(header.gap);
  EXPECT_TRUE(header.key_start);
  EXPECT_LT(header.start - (last->header().start + last->duration()), Ticks::from_ms(200)) << "no hole";
  pair.second.go_on(10_s);
  pair.second.check();
}

TEST(SegmenterHold, GivesUpAndTakesOverAgainAndAgain) {
  Pair pair;
  pair.second.segmenter.ask_before_begin();
  pair.second.segmenter.hold();
  pair.first.segmenter.ask_before_begin();
  SegmentPtr last;
  Fed* on = nullptr;
  for (int round = 0; round < 10; ++round) {
    Fed& next = round % 2 ? pair.second : pair.first;
    next.segmenter.release();
    for (int s = 0; s < 8 && !next.segmenter.wants_to_begin(); ++s) pair.both(1_s);
    ASSERT_TRUE(next.segmenter.wants_to_begin()) << round;
    if (on) {
      on->segmenter.hold();
      last = on->segments.back();
      next.segmenter.go_on_after(last);
    }
    next.segmenter.begin();
    const SegmentHeader& header = next.segments.back()->header();
    if (last) {
      EXPECT_EQ(header.number, last->header().number + 1);
      EXPECT_EQ(header.discontinuity_sequence, last->header().discontinuity_sequence + 1);
      EXPECT_GE(header.start, last->header().start + last->duration());
    }
    on = &next;
    pair.both(7_s);
  }
}

TEST(SegmenterHold, AStreamThatEndsBeforeItWasLetBeginLeavesNothing) {
  Fed bench;
  bench.segmenter.ask_before_begin();
  bench.go_on(5_s);
  bench.segmenter.finish();
  EXPECT_TRUE(bench.segments.empty());
  EXPECT_FALSE(bench.segmenter.wants_to_begin());
}

TEST(SegmenterHold, NumbersStayAboveTheOnesThatWereGivenOut) {
  Fed bench;
  bench.segmenter.number_after(1'790'000'999);  // above the clock's seconds
  bench.go_on(5_s);
  EXPECT_EQ(bench.segments[0]->header().number, 1'790'001'000u);
}

}  // namespace
}  // namespace m4f
