// Tracks that are late, missing, changed or gone.
#include "m4f/segment/segmenter_test_support.h"

namespace m4f {
namespace {

std::string table(const SegmentPtr& segment) {
  std::string out;
  for (const Track& track : segment->header().tracks) out += track.id.text();
  return out;
}

TEST(SegmenterTracks, AudioBeforeThePictureIsDroppedAndOffsetKept) {
  Bench bench;
  Source source;
  source.next_audio = 0;
  source.next_video = 10;  // sound begins 400 ms before the picture, whose key frame is the 50th
  source.run(bench, 20_s);
  bench.check();
  ASSERT_FALSE(bench.segments.empty());
  EXPECT_EQ(bench.frames("v1")[0].number, 50 * 3600);
  EXPECT_TRUE(bench.frames("v1")[0].frame.key);
  EXPECT_GE(bench.frames("a1")[0].number, 50 * 3600 - 1920);
  EXPECT_LT(bench.frames("a1")[0].number, 50 * 3600 + 1920);
  for (const Output& o : bench.frames("a1")) EXPECT_EQ(o.frame.dts - kWallStart, Ticks(o.number));
}

TEST(SegmenterTracks, AudioThatComesWellBeforeItsPictureIsKept) {
  Bench bench;
  Source source;
  source.declare(bench);
  // The multiplex carries sound 500 ms early.
  for (int i = 0; i < 25; ++i)
    bench.push(source.a, true, Ticks(1920) * i, Ticks(1920) * i, Ticks(), i * 1920);
  source.next_audio = 25;
  source.run_until(bench, 10_s);
  bench.segmenter.finish();
  bench.check();
  EXPECT_EQ(bench.frames("a1").size(), 469u);
  EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
}

TEST(SegmenterTracks, FirstSegmentStartsAsSoonAsAllTracksAreThere) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 100_ms);
  ASSERT_EQ(bench.segments.size(), 1u);
  EXPECT_EQ(table(bench.segments[0]), "v1a1");
  EXPECT_EQ(bench.segments[0]->header().start, kWallStart);
}

TEST(SegmenterTracks, SilentTrackDelaysAtMostTheWaitAndLosesNothing) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.audio = false;
  source.run_until(bench, 3_s);
  EXPECT_TRUE(bench.segments.empty());
  source.run_until(bench, 30_s);
  bench.segmenter.finish();
  bench.check();
  EXPECT_EQ(table(bench.segments[0]), "v1");
  EXPECT_TRUE(bench.breaks().empty());
  EXPECT_EQ(bench.frames("v1").size(), 750u);
  EXPECT_EQ(bench.frames("v1")[0].frame.dts, kWallStart);
}

TEST(SegmenterTracks, LateAudioJoinsAtTheNextSegmentWithADiscontinuity) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.lost = [](Ticks t, bool is_video) { return !is_video && t < 20_s; };
  source.run_until(bench, 60_s);
  bench.segmenter.finish();
  bench.check();
  ASSERT_EQ(bench.breaks().size(), 1u);
  EXPECT_EQ(table(bench.segments[bench.breaks()[0] - 1]), "v1");
  EXPECT_EQ(table(bench.segments[bench.breaks()[0]]), "v1a1");
  EXPECT_FALSE(bench.segments[bench.breaks()[0]]->header().gap);
  EXPECT_LE(bench.segments[bench.breaks()[0]]->header().start, kWallStart + 26_s);
  EXPECT_EQ(bench.frames("v1").size(), 1500u);
  for (const Output& o : bench.frames("a1")) EXPECT_EQ(o.frame.dts - kWallStart, Ticks(o.number));
}

TEST(SegmenterTracks, SoundAlonePlaysUntilThePictureComes) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.lost = [](Ticks t, bool is_video) { return is_video && t < 20_s; };
  source.next_video = 501;  // the first video frame is at 20.04 s, its first key frame at 22 s
  source.run_until(bench, 60_s);
  bench.segmenter.finish();
  bench.check();
  EXPECT_EQ(table(bench.segments[0]), "a1");
  ASSERT_EQ(bench.breaks().size(), 1u);
  const SegmentPtr& joined = bench.segments[bench.breaks()[0]];
  EXPECT_EQ(table(joined), "v1a1");
  EXPECT_EQ(joined->header().start, kWallStart + 22_s);
  EXPECT_TRUE(joined->header().key_start);
  EXPECT_EQ(bench.frames("v1")[0].number, (22_s).count);
}

TEST(SegmenterTracks, VanishedPictureLeavesSoundInShortSegments) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 20_s);
  source.video = false;
  source.run_until(bench, 60_s);
  source.video = true;
  source.next_video = 60 * 25;
  source.run_until(bench, 80_s);
  bench.segmenter.finish();
  bench.check();
  for (const SegmentPtr& s : bench.segments) EXPECT_LE(s->duration(), 8_s + 500_ms);
  EXPECT_EQ(bench.frames("a1").size(), 3750u);
  EXPECT_LE(bench.breaks().size(), 1u);
  EXPECT_EQ(bench.frames("v1").back().frame.dts - kWallStart, Ticks(bench.frames("v1").back().number));
}

TEST(SegmenterTracks, ChangedResolutionIsOneDiscontinuityAtTheKeyFrame) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 12_s + 500_ms);
  bench.segmenter.update_track(source.v, video_track(1280));
  source.run_until(bench, 40_s);
  bench.segmenter.finish();
  bench.check();
  ASSERT_EQ(bench.breaks().size(), 1u);
  const SegmentPtr& changed = bench.segments[bench.breaks()[0]];
  EXPECT_EQ(changed->header().start, kWallStart + 14_s);
  EXPECT_EQ(changed->header().tracks[0].width, 1280u);
  EXPECT_EQ(bench.segments[bench.breaks()[0] - 1]->header().tracks[0].width, 640u);
  EXPECT_FALSE(changed->header().gap);
  expect_even(bench.frames("v1"), Ticks(3600), 0);
  expect_even(bench.frames("a1"), Ticks(1920), 0);
}

// srs#4695: a discontinuity before every segment.
TEST(SegmenterTracks, RepeatedIdenticalFormatIsNoDiscontinuity) {
  Bench bench;
  Source source;
  source.declare(bench);
  for (int i = 1; i <= 20; ++i) {
    bench.segmenter.update_track(source.v, video_track());
    bench.segmenter.update_track(source.a, audio_track());
    source.run_until(bench, 2_s * i);
  }
  Track titled = video_track();
  titled.title = "camera";
  titled.language = "eng";
  bench.segmenter.update_track(source.v, titled);
  source.run_until(bench, 60_s);
  bench.segmenter.finish();
  bench.check();
  EXPECT_TRUE(bench.breaks().empty());
  EXPECT_EQ(bench.segments.back()->header().tracks[0].title, "camera");
  EXPECT_EQ(bench.segments.size(), 10u);
}

TEST(SegmenterTracks, ChangedSoundFormatIsOneDiscontinuityAndLosesNothing) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 12_s + 500_ms);
  bench.segmenter.update_track(source.a, audio_track(44100));
  source.run_until(bench, 40_s);
  bench.segmenter.finish();
  bench.check();
  ASSERT_EQ(bench.breaks().size(), 1u);
  EXPECT_EQ(bench.segments[bench.breaks()[0]]->header().tracks[1].sample_rate, 44100u);
  EXPECT_LE(bench.segments[bench.breaks()[0]]->header().start, kWallStart + 13_s + 600_ms);
  expect_even(bench.frames("v1"), Ticks(3600), 0);
  expect_even(bench.frames("a1"), Ticks(1920), 0);
  EXPECT_EQ(bench.segmenter.stats().frames_dropped, 0u);
}

TEST(SegmenterTracks, SoundAndPictureChangingTogetherAreOneDiscontinuity) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 13_s + 800_ms);
  bench.segmenter.update_track(source.a, audio_track(44100));
  source.run_until(bench, 14_s - 10_ms);
  bench.segmenter.update_track(source.v, video_track(1280));
  source.run_until(bench, 40_s);
  bench.segmenter.finish();
  bench.check();
  ASSERT_EQ(bench.breaks().size(), 1u);
  EXPECT_EQ(bench.segments[bench.breaks()[0]]->header().start, kWallStart + 14_s);
  expect_even(bench.frames("a1"), Ticks(1920), 0);
}

TEST(SegmenterTracks, SoundFormatChangesAlsoWithoutThePicture) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 12_s);
  source.video = false;
  source.run_until(bench, 20_s);
  bench.segmenter.update_track(source.a, audio_track(44100));
  source.run_until(bench, 40_s);
  bench.segmenter.finish();
  bench.check();
  EXPECT_EQ(bench.breaks().size(), 1u);
  EXPECT_EQ(bench.segments.back()->header().tracks[1].sample_rate, 44100u);
  expect_even(bench.frames("a1"), Ticks(1920), 0);
}

TEST(SegmenterTracks, IncompleteTrackIsCompletedBeforeItsFirstFrame) {
  Bench bench;
  Track bare;
  bare.codec = Codec::kH264;
  const size_t v = bench.segmenter.add_track(bare);
  const size_t a = bench.segmenter.add_track(audio_track());
  bench.segmenter.tracks_complete();
  bench.push(a, true, Ticks(), Ticks(), Ticks());
  bench.segmenter.update_track(v, video_track());
  bench.push(v, true, Ticks(), Ticks(), Ticks());
  ASSERT_EQ(bench.segments.size(), 1u);
  EXPECT_EQ(bench.segments[0]->header().tracks[0].config, video_track().config);
  EXPECT_EQ(table(bench.segments[0]), "v1a1");
}

TEST(SegmenterTracks, RemovedTrackLeavesTheTableAndItsNameIsFreeAgain) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.run_until(bench, 13_s);
  bench.segmenter.remove_track(source.a);
  source.audio = false;
  source.run_until(bench, 30_s);
  bench.check();
  ASSERT_EQ(bench.breaks().size(), 1u);
  EXPECT_EQ(table(bench.segments.back()), "v1");
  const size_t again = bench.segmenter.add_track(audio_track());
  EXPECT_NE(again, source.a);
  source.a = again;
  source.audio = true;
  source.next_audio = 30 * 90000 / 1920;
  source.run_until(bench, 45_s);
  EXPECT_EQ(table(bench.segments.back()), "v1a1");
}

TEST(SegmenterTracks, SeveralVideosAndSoundsAreNumberedByKind) {
  Bench bench;
  const size_t a1 = bench.segmenter.add_track(audio_track());
  const size_t v1 = bench.segmenter.add_track(video_track());
  const size_t a2 = bench.segmenter.add_track(audio_track(44100));
  const size_t v2 = bench.segmenter.add_track(video_track(320));
  bench.segmenter.tracks_complete();
  for (int i = 0; i < 500; ++i) {
    const Ticks t = Ticks(3600) * i;
    for (size_t track : {a1, v2, a2, v1})
      bench.push(track, track == a1 || track == a2 || i % 50 == 0, t, t, t, i);
  }
  bench.segmenter.finish();
  bench.check();
  EXPECT_EQ(table(bench.segments[0]), "v1v2a1a2");
  EXPECT_EQ(bench.segments[0]->header().tracks[1].width, 320u);
  for (const char* id : {"v1", "v2", "a1", "a2"}) EXPECT_EQ(bench.frames(id).size(), 500u) << id;
}

// Everything that can happen, in any order: what holds for every stream holds here.
TEST(SegmenterTracks, NoMixtureOfTroublesBreaksAPromise) {
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    uint32_t state = seed * 2654435761u;
    const auto below = [&](uint32_t n) {
      state = state * 1664525 + 1013904223;
      return (state >> 8) % n;
    };
    SegmenterSettings settings;
    settings.segment_duration = 2_s;
    settings.max_segment_duration = 8_s;
    Bench bench(settings);
    struct Stream {
      size_t index;
      bool video, sends;
      Ticks offset;
    };
    std::vector<Stream> streams;
    for (bool video : {true, false, true, false}) {
      const size_t index = bench.segmenter.add_track(video ? video_track() : audio_track());
      streams.push_back({index, video, below(4) > 0, Ticks()});
    }
    if (below(2)) bench.segmenter.tracks_complete();
    uint64_t pushed = 0;
    Ticks source, steady;
    for (int i = 0; i < 4000; ++i) {
      source += Ticks(3600);
      steady += Ticks(3600);
      const Ticks jump = Ticks(static_cast<int64_t>(below(40'000'000)) - 20'000'000) / (below(2) ? 1 : 200);
      if (below(200) == 0) source += jump;
      if (below(300) == 0) streams[below(4)].offset = jump;
      if (below(300) == 0) steady += Ticks(below(900'000));
      if (below(200) == 0) streams[below(4)].sends ^= true;
      if (below(300) == 0) bench.segmenter.update_track(streams[0].index, video_track(320 * (1 + below(3))));
      if (below(300) == 0)
        bench.segmenter.update_track(streams[1].index, audio_track(below(2) ? 48000 : 44100));
      if (below(400) == 0) bench.segmenter.interrupt();
      if (below(400) == 0) {
        Stream& s = streams[below(4)];
        bench.segmenter.remove_track(s.index);
        s.index = bench.segmenter.add_track(s.video ? video_track() : audio_track());
      }
      for (const Stream& s : streams) {
        if (!s.sends) continue;
        const Ticks dts = source + s.offset + Ticks(below(100));
        const bool has_dts = below(50) > 0;
        const bool key = !s.video || below(40) == 0;
        const Ticks pts = dts + Ticks(below(7200));
        const bool has_pts = !has_dts || below(50) > 0;
        bench.push(s.index, key, has_dts ? std::optional(dts) : std::nullopt,
                   has_pts ? std::optional(pts) : std::nullopt, steady, i);
        ++pushed;
      }
    }
    bench.segmenter.finish();
    bench.check();
    const SegmenterStats& stats = bench.segmenter.stats();
    EXPECT_EQ(stats.frames + stats.frames_dropped, pushed);
    EXPECT_GT(stats.frames, pushed / 4);
    for (const SegmentPtr& segment : bench.segments) EXPECT_TRUE(segment->sealed());
  }
}

TEST(SegmenterTracks, ShortStreamThatEndsBeforeTheWaitIsWritten) {
  Bench bench;
  Source source;
  source.declare(bench);
  source.audio = false;
  source.run_until(bench, 1_s);
  EXPECT_TRUE(bench.segments.empty());
  bench.segmenter.finish();
  ASSERT_EQ(bench.segments.size(), 1u);
  EXPECT_EQ(bench.frames("v1").size(), 25u);
  EXPECT_EQ(bench.segments[0]->duration(), 1_s);
}

}  // namespace
}  // namespace m4f
