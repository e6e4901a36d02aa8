#include "m4f/segment/part_pacer.h"

#include "m4f/segment/segmenter_test_support.h"

namespace m4f {
namespace {

TEST(PartTarget, IsWholeFramesRoundedUpToAMillisecond) {
  EXPECT_EQ(part_target_of(200_ms, Ticks(3600)), 200_ms);
  EXPECT_EQ(part_target_of(200_ms, Ticks(3003)), 201_ms);
  EXPECT_EQ(part_target_of(200_ms, Ticks(1920)), 192_ms);
  EXPECT_EQ(part_target_of(200_ms, Ticks(3750)), 209_ms);
  EXPECT_EQ(part_target_of(200_ms, 1_s), 1_s);
  EXPECT_EQ(part_target_of(Ticks(), Ticks(3600)), Ticks());
  EXPECT_EQ(part_target_of(200_ms, Ticks()), 200_ms);
}

struct Rate {
  const char* name;
  int64_t num, den;  // frames per second
  int64_t grid = 1;  // ticks: timestamps are rounded to it (90 = milliseconds, as in RTMP)
};

class Parts : public testing::TestWithParam<Rate> {};

// rfc8216bis 4.4.3.7 and 4.4.4.9: no part above the target, none but the last of a segment below 85 % of it.
TEST_P(Parts, AreFullAndNeverTooLong) {
  const Rate rate = GetParam();
  for (Ticks wanted : {200_ms, 333_ms, 500_ms, 1_s}) {
    SCOPED_TRACE(wanted.to_ms());
    SegmenterSettings settings;
    settings.part_duration = wanted;
    Bench bench(settings);
    Track track = video_track();
    track.frame_duration = Ticks((Ticks::kPerSecond * rate.den + rate.num / 2) / rate.num);
    const size_t v = bench.segmenter.add_track(track);
    bench.segmenter.tracks_complete();
    for (int64_t i = 0; i * rate.den < 40 * rate.num; ++i) {
      const int64_t exact = i * Ticks::kPerSecond * rate.den / rate.num;
      const Ticks t((exact + rate.grid / 2) / rate.grid * rate.grid);
      bench.push(v, i % 48 == 0, t, t, t, i);
    }
    bench.segmenter.finish();
    const Ticks target = bench.segments[0]->header().tracks[0].part_target;
    EXPECT_GT(target, Ticks());
    EXPECT_EQ(target.count % 90, 0);
    const auto frames = bench.frames("v1");
    Ticks begin = frames[0].frame.dts;
    size_t parts = 0;
    for (size_t i = 0; i + 1 < frames.size(); ++i) {
      const bool last = frames[i + 1].segment != frames[i].segment;
      if (!frames[i].frame.part_end && !last) continue;
      const Ticks length = frames[i + 1].frame.dts - begin;
      EXPECT_LE(length, target) << i;
      if (!last) {
        EXPECT_GE(length.count * 100, target.count * 85) << i;
      }
      begin = frames[i + 1].frame.dts;
      ++parts;
    }
    EXPECT_GE(parts, 30u);
    for (const SegmentPtr& s : bench.segments) EXPECT_EQ(s->header().tracks[0].part_target, target);
  }
}

INSTANTIATE_TEST_SUITE_P(Rates, Parts,
                         testing::Values(Rate{"fps24", 24, 1}, Rate{"fps23_976", 24000, 1001},
                                         Rate{"fps25", 25, 1}, Rate{"fps29_97", 30000, 1001},
                                         Rate{"fps30", 30, 1}, Rate{"fps50", 50, 1}, Rate{"fps60", 60, 1},
                                         Rate{"fps59_94", 60000, 1001}, Rate{"aac48", 48000, 1024},
                                         Rate{"aac44_1", 44100, 1024}, Rate{"fps24_ms", 24, 1, 90},
                                         Rate{"fps29_97_ms", 30000, 1001, 90}, Rate{"fps30_ms", 30, 1, 90},
                                         Rate{"fps60_ms", 60, 1, 90}, Rate{"aac48_ms", 48000, 1024, 90}),
                         [](const auto& p) { return p.param.name; });

TEST(PartPacer, PartsBeginAnewWithEachSegmentAndTrack) {
  Bench bench;
  Source source;
  source.run(bench, 20_s);
  for (const char* id : {"v1", "a1"}) {
    size_t in_part = 0, segment = 0;
    for (const Output& o : bench.frames(id)) {
      if (o.segment != segment) in_part = 0;
      segment = o.segment;
      ++in_part;
      EXPECT_EQ(o.frame.part_end, in_part == (id[0] == 'v' ? 5u : 9u)) << id << o.number;
      if (o.frame.part_end) in_part = 0;
    }
  }
}

TEST(PartPacer, NoPartsWhenSwitchedOff) {
  SegmenterSettings settings;
  settings.part_duration = Ticks();
  Bench bench(settings);
  Source source;
  source.run(bench, 10_s);
  EXPECT_EQ(bench.segments[0]->header().tracks[0].part_target, Ticks());
  for (const Output& o : bench.frames("v1")) EXPECT_FALSE(o.frame.part_end);
}

}  // namespace
}  // namespace m4f
