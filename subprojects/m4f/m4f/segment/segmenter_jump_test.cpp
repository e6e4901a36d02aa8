// Timestamps that jump, wrap, stop and drift: the stream goes on, and breaks exactly where the source does.
#include "m4f/segment/segmenter_test_support.h"

namespace m4f {
namespace {

// UTC of every frame is where the wall clock was when it came, give or take `within`.
void expect_utc_true(const Bench& bench, const Source& source, Ticks within) {
  for (const char* id : {"v1", "a1"}) {
    for (const Output& o : bench.frames(id)) {
      const Ticks wall = kWallStart + source.arrival(Ticks(o.number));
      EXPECT_LE(o.frame.dts - wall, within) << id << " " << o.number;
      EXPECT_GE(o.frame.dts - wall, -within) << id << " " << o.number;
    }
  }
}

struct JumpCase {
  const char* name;
  Ticks by;
};

class SegmenterJump : public testing::TestWithParam<JumpCase> {};

TEST_P(SegmenterJump, IsOneDiscontinuityAndLosesNothing) {
  // At a key frame, in the middle of a GOP; audio a few frames before, at the same time, after.
  for (Ticks at : {20_s, 21_s + 400_ms}) {
    for (int64_t skew : {-100, -30, 0, 30, 100}) {
      SCOPED_TRACE(fmt::format("at {} audio {} ms", at.seconds(), skew));
      Bench bench;
      Source source;
      source.video_clock = jumping(at, GetParam().by);
      source.audio_clock = jumping(at + Ticks::from_ms(skew), GetParam().by);
      source.run(bench, 60_s);
      bench.check();
      EXPECT_EQ(bench.breaks().size(), 1u);
      EXPECT_EQ(bench.segmenter.stats().timestamp_jumps, 1u);
      EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
      EXPECT_EQ(bench.segmenter.stats().timestamps_corrected, 0u);
      expect_even(bench.frames("v1"), Ticks(3600), 1);
      expect_even(bench.frames("a1"), Ticks(1920), 2);
      expect_utc_true(bench, source, 200_ms);
      // The offset of sound and picture is the source's to the tick, long after.
      const Ticks video = bench.frames("v1").back().frame.dts - Ticks(bench.frames("v1").back().number);
      const Ticks audio = bench.frames("a1").back().frame.dts - Ticks(bench.frames("a1").back().number);
      EXPECT_EQ(video, audio);
      const SegmentHeader& after = bench.segments[bench.breaks()[0]]->header();
      EXPECT_FALSE(after.gap);
      EXPECT_LE(after.start, kWallStart + at + 200_ms);
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Sizes, SegmenterJump,
                         testing::Values(JumpCase{"forward_10s", 10_s}, JumpCase{"back_10s", -10_s},
                                         JumpCase{"forward_1h", 3600_s}, JumpCase{"back_1h", -3600_s},
                                         JumpCase{"forward_26h", 26_s * 3600},
                                         JumpCase{"back_26h", -26_s * 3600}),
                         [](const auto& p) { return p.param.name; });

TEST(SegmenterTime, ThereAndBackAreTwoDiscontinuities) {
  Bench bench;
  Source source;
  source.video_clock = source.audio_clock = [](Ticks t) { return t >= 20_s && t < 40_s ? t + 10_s : t; };
  source.run(bench, 60_s);
  bench.check();
  EXPECT_EQ(bench.breaks().size(), 2u);
  EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
  expect_utc_true(bench, source, 200_ms);
}

TEST(SegmenterTime, LoopedFileIsOneDiscontinuityPerLoop) {
  Bench bench;
  Source source;
  source.video_clock = source.audio_clock = [](Ticks t) { return Ticks(t.count % (10_s).count); };
  source.run(bench, 50_s);
  bench.check();
  EXPECT_EQ(bench.breaks().size(), 4u);
  EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
}

// MPEG-TS counts to 2^33; the demuxer unwraps, other elements may not.
TEST(SegmenterTime, WrapOf33BitsIsNoDiscontinuity) {
  Bench bench;
  Source source;
  source.video_clock = source.audio_clock = [](Ticks t) {
    return Ticks((t + Ticks((int64_t{1} << 33) - 20 * Ticks::kPerSecond - 1234)).count &
                 ((int64_t{1} << 33) - 1));
  };
  source.run(bench, 60_s);
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  EXPECT_EQ(bench.segmenter.stats().timestamps_corrected, 0u);
  expect_even(bench.frames("v1"), Ticks(3600), 0);
  expect_even(bench.frames("a1"), Ticks(1920), 0);
  for (const Output& o : bench.frames("v1")) EXPECT_LE(o.frame.cts_offset, 1_s);
}

TEST(SegmenterTime, WrapBetweenTheFirstFramesOfTwoTracks) {
  Bench bench;
  Source source;
  const int64_t edge = (int64_t{1} << 33) - 100;
  source.video_clock =
      source.audio_clock = [=](Ticks t) { return Ticks((t.count + edge) & ((int64_t{1} << 33) - 1)); };
  source.next_audio = 1;
  source.run(bench, 20_s);
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  for (const Output& o : bench.frames("a1")) EXPECT_EQ(o.frame.dts, kWallStart + Ticks(o.number));
}

TEST(SegmenterTime, OutageWithRunningTimestampsIsOneDiscontinuityWithAGap) {
  for (int64_t skew : {-60, 0, 60}) {
    SCOPED_TRACE(skew);
    Bench bench;
    Source source;
    source.lost = [=](Ticks t, bool is_video) {
      const bool gone = t >= 20_s + 500_ms && t < 25_s + 500_ms + Ticks::from_ms(is_video ? 0 : skew);
      return gone;
    };
    source.run(bench, 60_s);
    bench.check();
    ASSERT_EQ(bench.breaks().size(), 1u);
    const SegmentHeader& after = bench.segments[bench.breaks()[0]]->header();
    EXPECT_TRUE(after.gap);
    EXPECT_EQ(after.start, kWallStart + 25_s + 520_ms);
    EXPECT_LE(bench.segments[bench.breaks()[0] - 1]->duration(), 3_s);  // without the outage
    EXPECT_EQ(bench.segmenter.stats().timestamp_jumps, 1u);
    expect_utc_true(bench, source, Ticks());
    EXPECT_LE(bench.segmenter.stats().frames_dropped, 5u);
  }
}

TEST(SegmenterTime, PausedSourceIsOneDiscontinuityAndUtcBecomesTrueAgain) {
  Bench bench;
  Source source;
  source.arrival = [](Ticks t) { return t >= 20_s + 500_ms ? t + 5_s : t; };
  source.run(bench, 120_s);
  bench.check();
  ASSERT_EQ(bench.breaks().size(), 1u);
  const SegmentHeader& after = bench.segments[bench.breaks()[0]]->header();
  EXPECT_TRUE(after.gap);
  EXPECT_TRUE(after.key_start);
  for (const char* id : {"v1", "a1"}) {
    const auto frames = bench.frames(id);
    EXPECT_EQ(frames.back().frame.dts, kWallStart + 5_s + Ticks(frames.back().number)) << id;
  }
  EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
}

TEST(SegmenterTime, StalledNetworkThatCatchesUpIsNoDiscontinuity) {
  Bench bench;
  Source source;
  source.arrival = [](Ticks t) { return t >= 20_s && t < 25_s ? 25_s + (t - 20_s) / 20 : t; };
  source.run(bench, 60_s);
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  expect_even(bench.frames("v1"), Ticks(3600), 0);
}

TEST(SegmenterTime, SegmentWiseArrivalIsNoDiscontinuityAndNoDrift) {
  Bench bench;
  Source source;
  source.arrival = [](Ticks t) {
    return Ticks(t.count / (6_s).count * (6_s).count) + Ticks(t.count % (6_s).count) / 50;
  };
  source.run(bench, 600_s);
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  expect_even(bench.frames("v1"), Ticks(3600), 0);
  expect_even(bench.frames("a1"), Ticks(1920), 0);
}

TEST(SegmenterTime, JitterIsNoDrift) {
  Bench bench;
  Source source;
  uint32_t seed = 1;
  source.arrival = [&seed](Ticks t) {
    seed = seed * 1664525 + 1013904223;
    return t + Ticks((seed >> 16) % 45000);
  };
  source.run(bench, 600_s);
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  expect_even(bench.frames("v1"), Ticks(3600), 0);
}

TEST(SegmenterTime, FastAndSlowClocksAreFollowedWithoutADiscontinuity) {
  for (int64_t ppm : {200, -200}) {
    SCOPED_TRACE(ppm);
    Bench bench;
    Source source;
    source.gop = 125;
    source.arrival = [=](Ticks t) { return t - Ticks(t.count / 1'000'000 * ppm); };
    source.run(bench, 4800_s);
    bench.check();
    EXPECT_TRUE(bench.breaks().empty());
    expect_utc_true(bench, source, 500_ms);
    EXPECT_NEAR(static_cast<double>(bench.segmenter.stats().drift_ppm), static_cast<double>(ppm), 10);
    // Inside of segments every distance is the source's own.
    for (auto [id, distance] : {std::pair("v1", Ticks(3600)), std::pair("a1", Ticks(1920))}) {
      const auto frames = bench.frames(id);
      for (size_t i = 1; i < frames.size(); ++i) {
        const Ticks d = frames[i].frame.dts - frames[i - 1].frame.dts;
        if (frames[i].segment == frames[i - 1].segment) {
          ASSERT_EQ(d, distance) << id << i;
        }
        ASSERT_GE(d, distance - 10_ms);
        ASSERT_LE(d, distance + 10_ms);
      }
    }
    EXPECT_EQ(bench.segmenter.stats().timestamps_corrected, 0u);
  }
}

TEST(SegmenterTime, WallClockStepsDoNotMatter) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 20_s);
  bench.wall_step = -3600_s;
  source.run_until(bench, 40_s);
  bench.wall_step = 3600_s;
  source.run_until(bench, 60_s);
  bench.segmenter.finish();
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  expect_utc_true(bench, source, Ticks());
}

TEST(SegmenterTime, AfterAnInterruptUtcNeverFalls) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 20_s);
  bench.segmenter.interrupt();
  bench.wall_step = -3600_s;
  source.run_until(bench, 40_s);
  bench.segmenter.finish();
  bench.check();
  EXPECT_EQ(bench.breaks().size(), 1u);
}

TEST(SegmenterTime, TracksOfUnlikeBasesPlayTogether) {
  Bench bench;
  Source source;
  source.video_clock = [](Ticks t) { return t + 21_s * 86400; };
  source.run(bench, 30_s);
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  EXPECT_EQ(bench.segments.size(), 5u);
  expect_utc_true(bench, source, 200_ms);
}

TEST(SegmenterTime, JumpOfOneTrackAloneIsOneDiscontinuity) {
  Bench bench;
  Source source;
  source.audio_clock = jumping(20_s + 300_ms, 7_s);
  source.run(bench, 60_s);
  bench.check();
  EXPECT_EQ(bench.breaks().size(), 1u);
  EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
  expect_utc_true(bench, source, 200_ms);
}

TEST(SegmenterTime, SparseVideoBesideSoundIsNoOutage) {
  Bench bench;
  Source source;
  source.video_frame = 3_s;
  source.gop = 1;
  source.run(bench, 60_s);
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  EXPECT_EQ(bench.frames("v1").size(), 20u);
}

}  // namespace
}  // namespace m4f
