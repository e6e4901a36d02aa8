#include "m4f/segment/segmenter.h"

#include "m4f/segment/segmenter_test_support.h"
#include "m4f/ts/packager.h"

namespace m4f {
namespace {

TEST(Segmenter, CutsAtTheFirstKeyFrameOnceTheDurationIsReached) {
  Bench bench;
  Source source;  // a key frame every 2 s
  source.run(bench, 60_s);
  bench.check();
  ASSERT_EQ(bench.segments.size(), 10u);
  for (size_t s = 0; s + 1 < bench.segments.size(); ++s) {
    EXPECT_EQ(bench.segments[s]->duration(), 6_s);
    EXPECT_TRUE(bench.segments[s]->header().key_start);
    EXPECT_EQ(bench.segments[s]->header().target, 5_s);
  }
  EXPECT_TRUE(bench.breaks().empty());
  expect_even(bench.frames("v1"), Ticks(3600), 0);
  expect_even(bench.frames("a1"), Ticks(1920), 0);
  EXPECT_EQ(bench.frames("v1").size(), 1500u);
  EXPECT_EQ(bench.segmenter.stats().timestamp_jumps, 0u);
  EXPECT_EQ(bench.segmenter.stats().timestamps_corrected, 0u);
  EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
}

TEST(Segmenter, FirstFrameIsAtTheWallClockAndTheOffsetOfTracksIsKept) {
  Bench bench;
  Source source;
  source.audio_clock = source.video_clock = [](Ticks t) { return t + 12345_s; };
  source.run(bench, 20_s);
  const auto video = bench.frames("v1"), audio = bench.frames("a1");
  EXPECT_EQ(video[0].frame.dts, kWallStart);
  EXPECT_EQ(bench.segments[0]->header().start, kWallStart);
  EXPECT_EQ(bench.segments[0]->header().number, 1'790'000'000u);
  for (const Output& o : audio) EXPECT_EQ(o.frame.dts, kWallStart + Ticks(o.number));
  for (const Output& o : video) EXPECT_EQ(o.frame.pts(), kWallStart + Ticks(o.number) + Ticks(3600));
}

TEST(Segmenter, GoesOnAfterAnotherOnesSegments) {
  Bench first;
  Source source;
  source.run(first, 20_s);
  const SegmentPtr last = first.segments.back();
  Bench second;
  second.segmenter.go_on_after(last);
  Source again;
  again.run(second, 20_s);
  second.check();
  const SegmentHeader& header = second.segments[0]->header();
  EXPECT_EQ(header.number, last->header().number + 1);
  EXPECT_TRUE(header.discontinuity);
  EXPECT_EQ(header.discontinuity_sequence, last->header().discontinuity_sequence + 1);
  // Both benches begin at one wall clock, so the second one's time is already taken.
  Ticks shown;
  for (size_t i = 0; i < last->frame_count(); ++i)
    shown = std::max(shown, last->frame(i).pts() + last->frame(i).duration);
  EXPECT_EQ(header.start, shown);
  ts::CounterTracker counters(last->header());
  for (size_t i = 0; i < last->frame_count(); ++i) counters.add(last->frame(i), last->frame(i).data.size());
  EXPECT_EQ(header.ts, counters.next(header.tracks));
  EXPECT_FALSE(second.segments[1]->header().discontinuity);
}

TEST(Segmenter, HalfAFrameShortOfTheDurationIsReached) {
  Bench bench;
  Source source;
  source.gop = 125;
  source.video_clock = [](Ticks t) { return t - Ticks(t.count / 450000 * 10); };  // 10 ticks short every 5 s
  source.run(bench, 21_s);
  ASSERT_GE(bench.segments.size(), 4u);
  EXPECT_EQ(bench.segments[0]->duration(), 5_s - Ticks(10));
}

TEST(Segmenter, FramesAreReadableAtOnce) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 1_s);
  size_t count = bench.segments[0]->frame_count();
  for (int i = 0; i < 50; ++i) {
    bench.push(source.v, false, 1_s + Ticks(3600) * i, 1_s + Ticks(3600) * i, 1_s + Ticks(3600) * i);
    ASSERT_EQ(bench.segments[0]->frame_count(), ++count);
  }
}

TEST(Segmenter, WithoutKeyFramesTheLongestDurationForcesACut) {
  SegmenterSettings settings;
  settings.max_segment_duration = 12_s;
  Bench bench(settings);
  Source source;
  source.gop = 1000000;
  source.run(bench, 60_s);
  bench.check();
  ASSERT_EQ(bench.segments.size(), 5u);
  EXPECT_TRUE(bench.segments[0]->header().key_start);
  EXPECT_FALSE(bench.segments[1]->header().key_start);
  EXPECT_EQ(bench.segments[1]->duration(), 12_s);
  EXPECT_EQ(bench.segmenter.stats().forced_cuts, 4u);
  EXPECT_TRUE(bench.breaks().empty());
}

TEST(Segmenter, AudioAloneCutsAtAnyFrame) {
  Bench bench;
  Source source;
  source.video = false;
  source.run(bench, 31_s);
  bench.check();
  ASSERT_EQ(bench.segments.size(), 7u);
  for (size_t s = 0; s + 1 < bench.segments.size(); ++s) {
    EXPECT_GE(bench.segments[s]->duration(), 5_s - Ticks(960));
    EXPECT_LE(bench.segments[s]->duration(), 5_s + Ticks(960));
    EXPECT_TRUE(bench.segments[s]->header().key_start);
  }
  expect_even(bench.frames("a1"), Ticks(1920), 0);
}

TEST(Segmenter, NumbersRiseByOneOverInterruptsAndByTheClockOverRestarts) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 11_s);
  bench.segmenter.interrupt();
  EXPECT_TRUE(bench.segments.back()->sealed());
  const uint64_t before = bench.segments.back()->header().number;
  source.next_video = 25 * 600;  // ten minutes later
  source.next_audio = 1 + 600 * 90000 / 1920;
  source.run_until(bench, 620_s);
  bench.segmenter.finish();
  bench.check();
  const auto breaks = bench.breaks();
  ASSERT_EQ(breaks.size(), 1u);
  const SegmentHeader& after = bench.segments[breaks[0]]->header();
  EXPECT_EQ(after.number, before + 1);
  EXPECT_TRUE(after.gap);
  EXPECT_EQ(after.start, kWallStart + 600_s);

  Bench restarted;
  restarted.wall_step = 60_s;
  Source again;
  again.run(restarted, 5_s);
  EXPECT_GT(restarted.segments[0]->header().number, 1'790'000'000u + 60u / 5);
}

TEST(Segmenter, BFramesKeepTheirDistances) {
  Bench bench;
  const size_t v = bench.segmenter.add_track(video_track());
  bench.segmenter.tracks_complete();
  const int order[] = {0, 3, 1, 2};  // I P B B
  for (int i = 0; i < 400; ++i) {
    const int64_t shown = i / 4 * 4 + order[i % 4] + 1;
    bench.push(v, i % 40 == 0, Ticks(3600) * i, Ticks(3600) * shown, Ticks(3600) * i, i);
  }
  bench.segmenter.finish();
  bench.check();
  const auto frames = bench.frames("v1");
  ASSERT_EQ(frames.size(), 400u);
  for (size_t i = 0; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].frame.dts, kWallStart + Ticks(3600) * static_cast<int64_t>(i));
    EXPECT_EQ(frames[i].frame.cts_offset,
              Ticks(3600) * (static_cast<int64_t>(i / 4 * 4) + order[i % 4] + 1 - static_cast<int64_t>(i)));
  }
}

// RTSP tells presentation times alone.
TEST(Segmenter, MissingDtsIsDerivedWithEvenDistances) {
  for (int reorder : {0, 1, 2}) {
    SCOPED_TRACE(reorder);
    Bench bench;
    const size_t v = bench.segmenter.add_track(video_track());
    bench.segmenter.tracks_complete();
    const std::vector<std::vector<int>> orders{{0}, {0, 2, 1}, {0, 4, 2, 1, 3}};
    const auto& order = orders[static_cast<size_t>(reorder)];
    const int n = static_cast<int>(order.size());
    std::vector<Ticks> shown;
    for (int i = 0; i < 600; ++i) {
      // Mini-GOPs: the first frame belongs to the one before, as in I (P B B B) (P B B B).
      const int64_t pts =
          n == 1   ? i
          : i == 0 ? 0
                   : (i - 1) / (n - 1) * (n - 1) + order[static_cast<size_t>((i - 1) % (n - 1) + 1)];
      shown.push_back(Ticks(3600) * pts);
      bench.push(v, i % (50 * std::max(n - 1, 1)) == 0, std::nullopt, shown.back(), Ticks(3600) * i, i);
    }
    bench.segmenter.finish();
    bench.check();
    const auto frames = bench.frames("v1");
    ASSERT_EQ(frames.size(), 600u);
    EXPECT_EQ(bench.segmenter.stats().timestamp_jumps, 0u);
    for (size_t i = 1; i < frames.size(); ++i) {
      EXPECT_EQ(frames[i].frame.dts - frames[i - 1].frame.dts, Ticks(3600)) << i;
      EXPECT_EQ(frames[i].frame.pts() - frames[i - 1].frame.pts(), shown[i] - shown[i - 1]) << i;
      EXPECT_LE(frames[i].frame.dts, frames[i].frame.pts()) << i;
    }
  }
}

TEST(Segmenter, MissingDtsOfDeeperReorderingIsLearned) {
  Bench bench;
  const size_t v = bench.segmenter.add_track(video_track());
  bench.segmenter.tracks_complete();
  const int order[] = {8, 4, 2, 1, 3, 6, 5, 7};  // a pyramid of three levels: four frames overtake
  std::vector<Ticks> shown{Ticks()};
  bench.push(v, true, std::nullopt, Ticks(), Ticks(), 0);
  for (int i = 0; i < 400; ++i) {
    shown.push_back(Ticks(3600) * (i / 8 * 8 + order[i % 8]));
    bench.push(v, i % 80 == 79, std::nullopt, shown.back(), Ticks(3600) * (i + 1), i + 1);
  }
  bench.segmenter.finish();
  bench.check();
  const auto frames = bench.frames("v1");
  ASSERT_EQ(frames.size(), shown.size());
  for (size_t i = 1; i < frames.size(); ++i)
    EXPECT_EQ(frames[i].frame.pts() - frames[0].frame.pts(), shown[i]) << i;
  for (size_t i = 40; i < frames.size(); ++i) {
    EXPECT_LE(frames[i].frame.dts, frames[i].frame.pts()) << i;
    EXPECT_EQ(frames[i].frame.dts - frames[i - 1].frame.dts, Ticks(3600)) << i;
  }
}

TEST(Segmenter, MissingPtsIsTheDts) {
  Bench bench;
  const size_t v = bench.segmenter.add_track(video_track());
  bench.segmenter.tracks_complete();
  for (int i = 0; i < 10; ++i) bench.push(v, i == 0, Ticks(3600) * i, std::nullopt, Ticks(3600) * i, i);
  bench.segmenter.finish();
  for (const Output& o : bench.frames("v1")) EXPECT_EQ(o.frame.cts_offset, Ticks());
  EXPECT_EQ(bench.segmenter.stats().timestamps_corrected, 10u);
}

TEST(Segmenter, RepeatedAndBackwardTimestampsAreMended) {
  Bench bench;
  const size_t v = bench.segmenter.add_track(video_track());
  bench.segmenter.tracks_complete();
  const int64_t times[] = {0, 3600, 3600, 7200, 6000, 10800, 14400};
  for (int i = 0; i < 7; ++i) bench.push(v, i == 0, Ticks(times[i]), Ticks(times[i]), Ticks(3600) * i, i);
  bench.segmenter.finish();
  bench.check();
  const auto frames = bench.frames("v1");
  ASSERT_EQ(frames.size(), 7u);
  const int64_t expected[] = {0, 3600, 3601, 7200, 7201, 10800, 14400};
  for (size_t i = 0; i < 7; ++i) EXPECT_EQ(frames[i].frame.dts, kWallStart + Ticks(expected[i]));
  EXPECT_EQ(bench.segmenter.stats().timestamps_corrected, 2u);
  EXPECT_EQ(bench.segmenter.stats().timestamp_jumps, 0u);
}

TEST(Segmenter, VariableFrameRateKeepsEveryDistance) {
  Bench bench;
  const size_t v = bench.segmenter.add_track(video_track());
  bench.segmenter.tracks_complete();
  std::vector<Ticks> times{Ticks()};
  for (int i = 1; i < 2000; ++i) times.push_back(times.back() + Ticks(900 + i * 7919 % 20000));
  for (size_t i = 0; i < times.size(); ++i)
    bench.push(v, i % 20 == 0, times[i], times[i], times[i], static_cast<int64_t>(i));
  bench.segmenter.finish();
  bench.check();
  const auto frames = bench.frames("v1");
  ASSERT_EQ(frames.size(), times.size());
  for (size_t i = 0; i < times.size(); ++i) EXPECT_EQ(frames[i].frame.dts, kWallStart + times[i]);
  EXPECT_TRUE(bench.breaks().empty());
}

TEST(Segmenter, HostileTimestampsEndNothing) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 3_s);
  for (int64_t t : {INT64_MAX, INT64_MIN, int64_t{1} << 62, -(int64_t{1} << 62), int64_t{1} << 52,
                    -(int64_t{1} << 52), int64_t{0}}) {
    bench.push(source.v, true, Ticks(t), Ticks(t / -2), 3_s);
    bench.push(source.a, true, Ticks(-(t / 3)), std::nullopt, 3_s);
  }
  source.run_until(bench, 30_s);
  bench.segmenter.finish();
  bench.check();
  EXPECT_GE(bench.frames("v1").size(), 25u * 30);
}

TEST(Segmenter, BitrateIsMeasuredWithoutChangingTheFormat) {
  Bench bench;
  Source source;
  source.run(bench, 31_s);
  EXPECT_EQ(bench.segments[0]->header().tracks[0].bitrate, 0u);
  EXPECT_EQ(bench.segments[2]->header().tracks[0].bitrate, 25u * 200 * 8);
  EXPECT_TRUE(bench.breaks().empty());
}

TEST(Segmenter, ContinuityCountersOfTheNextSegmentFollowThisOne) {
  Bench bench;
  Source source;
  source.run(bench, 31_s);
  for (size_t s = 0; s + 1 < bench.segments.size(); ++s) {
    ts::CounterTracker tracker(bench.segments[s]->header());
    for (size_t i = 0; i < bench.segments[s]->frame_count(); ++i)
      tracker.add(bench.segments[s]->frame(i), bench.segments[s]->frame(i).data.size());
    EXPECT_EQ(bench.segments[s + 1]->header().ts, tracker.next(bench.segments[s + 1]->header().tracks));
  }
}

}  // namespace
}  // namespace m4f
