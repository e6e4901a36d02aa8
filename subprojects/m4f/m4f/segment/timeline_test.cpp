#include "m4f/segment/timeline.h"

#include "m4f/segment/frame_clock.h"
#include "m4f/segment/segmenter_test_support.h"

namespace m4f {
namespace {

TEST(Timeline, FirstFramesShareOneOffset) {
  Timeline timeline;
  timeline.start(100_s, kWallStart, 7_s);
  EXPECT_EQ(timeline.place(0, 100_s, Ticks(3600), 7_s).utc, kWallStart);
  EXPECT_EQ(timeline.place(1, 99_s, Ticks(1920), 7_s).utc, kWallStart - 1_s);
  EXPECT_EQ(timeline.place(2, 101_s, Ticks(1920), 7_s).utc, kWallStart + 1_s);
}

TEST(Timeline, JumpGoesRightBehindOrWhereTheWallClockIs) {
  Timeline timeline;
  timeline.start(100_s, kWallStart, 7_s);
  timeline.place(0, 100_s, Ticks(3600), 7_s);
  auto near = timeline.place(0, 500_s, Ticks(3600), 7_s + 10_ms);
  EXPECT_EQ(near.kind, Timeline::Kind::kJump);
  EXPECT_EQ(near.utc, kWallStart + Ticks(3600));
  auto far = timeline.place(0, 3_s, Ticks(3600), 17_s);
  EXPECT_EQ(far.kind, Timeline::Kind::kJump);
  EXPECT_EQ(far.utc, kWallStart + 10_s);
  EXPECT_EQ(timeline.place(0, 3_s + Ticks(3600), Ticks(3600), 17_s).utc, kWallStart + 10_s + Ticks(3600));
}

TEST(Timeline, NextRunNeverBeginsBeforeTheLastOneEnded) {
  Timeline timeline;
  timeline.start(Ticks(), kWallStart, Ticks());
  timeline.place(0, Ticks(), Ticks(3600), Ticks());
  timeline.place(0, Ticks(3600), Ticks(3600), Ticks());  // a burst: ahead of the clock
  timeline.start(5_s, kWallStart - 100_s, Ticks(90));
  EXPECT_EQ(timeline.place(0, 5_s, Ticks(3600), Ticks(90)).utc, kWallStart + Ticks(7200));
  timeline.start(5_s, kWallStart - 100_s, 60_s);
  EXPECT_EQ(timeline.place(0, 5_s, Ticks(3600), 60_s).utc, kWallStart + Ticks(7200) + 60_s - Ticks(90));
  timeline.start(5_s, kWallStart + 500_s, 61_s);
  EXPECT_EQ(timeline.place(0, 5_s, Ticks(3600), 61_s).utc, kWallStart + 500_s);
}

TEST(Drift, IsFollowedInBoundedStepsAndThenLeftAlone) {
  Drift drift;
  drift.start(Ticks());
  Ticks steady;
  size_t steps = 0, quiet = 0;
  for (int segment = 0; segment < 2000; ++segment) {
    for (int i = 0; i < 5; ++i) drift.observe(Ticks((steady += 1_s).count / 5000), steady);  // 200 ppm
    const Ticks step = drift.begin_segment(10_ms);
    EXPECT_LE(step, Ticks());
    EXPECT_GE(step, -10_ms);
    (step == Ticks() ? quiet : steps) += 1;
    EXPECT_LE(steady / 5000 + drift.corrected(), 330_ms);
    EXPECT_GE(steady / 5000 + drift.corrected(), Ticks());
  }
  EXPECT_GT(quiet, steps * 5);
  EXPECT_GT(steps, 50u);
  EXPECT_EQ(drift.ppm(), 199);
  EXPECT_EQ(drift.behind(), Ticks());
}

TEST(DtsEstimator, StartsAnewAfterAJump) {
  DtsEstimator estimator(1);
  EXPECT_EQ(estimator.next(10_s, Ticks(3600)), 10_s - Ticks(3600));
  EXPECT_EQ(estimator.next(10_s + Ticks(7200), Ticks(3600)), 10_s);
  EXPECT_EQ(estimator.next(10_s + Ticks(3600), Ticks(3600)), 10_s + Ticks(3600));
  EXPECT_EQ(estimator.next(500_s, Ticks(3600)), 500_s - Ticks(3600));
  EXPECT_EQ(estimator.next(3_s, Ticks(3600)), 3_s - Ticks(3600));
}

TEST(FrameClock, OffsetsAreRightAcrossAWrap) {
  FrameClock clock;
  InputFrame frame;
  frame.dts = Ticks(kWrap - 1800);
  frame.pts = Ticks(1800);
  EXPECT_EQ(clock.stamp(frame, Ticks(3600), true)->cts_offset, Ticks(3600));
  frame.dts.reset();
  frame.pts.reset();
  EXPECT_FALSE(clock.stamp(frame, Ticks(3600), true));
}

}  // namespace
}  // namespace m4f
