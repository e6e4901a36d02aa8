// The LL-HLS checks that depend on how frames are cut, on what the real segmenter makes of sources with
// awkward clocks.
#include <cmath>

#include "m4f/delivery/testing/ll_hls_check.h"
#include "m4f/segment/segmenter.h"

namespace m4f {
namespace {

using namespace m4f::testing;

struct Source {
  const char* name;
  uint32_t fps_num, fps_den, sample_rate;
  int gop;
  int64_t grain;  // ticks that the source's timestamps are rounded to (90 = milliseconds, as RTMP has them)
  int64_t fast_ppm = 0;  // its clock against ours
};

void PrintTo(const Source& source, std::ostream* out) {
  *out << source.name;
}

struct LlHlsSegmenter : LlHlsCheck, ::testing::WithParamInterface<Source> {
  // Feeds `seconds` of the source and calls `look` after each 100 ms.
  template <typename Look>
  void play(int seconds, Look look) {
    const Source& source = GetParam();
    Segmenter segmenter({}, [&](const RecordEvent& event) { ring->push(event); });
    Track video = h264_track(), audio = aac_track();
    video.fps_num = source.fps_num, video.fps_den = source.fps_den;
    video.part_target = audio.part_target = Ticks();  // the segmenter's to choose
    audio.sample_rate = source.sample_rate;
    // As the parsers tell them.
    video.frame_duration = Ticks((90000 * source.fps_den + source.fps_num / 2) / source.fps_num);
    audio.frame_duration = Ticks((1024 * 90000 + source.sample_rate / 2) / source.sample_rate);
    const size_t v = segmenter.add_track(video), a = segmenter.add_track(audio);
    segmenter.tracks_complete();
    const auto round = [&](int64_t ticks) {
      return (ticks + source.grain / 2) / source.grain * source.grain;
    };
    const Bytes payload = {0, 0, 0, 4, 0x65, 1, 2, 3};
    int64_t frames = 0, blocks = 0, looked = 0;
    while (true) {
      const int64_t video_at = frames * 90000 * source.fps_den / source.fps_num;
      const int64_t audio_at = blocks * 1024 * 90000 / source.sample_rate;
      const int64_t at = std::min(video_at, audio_at);
      if (at > Ticks::from_seconds(seconds).count) break;
      InputFrame frame;
      frame.track = video_at <= audio_at ? v : a;
      frame.dts = frame.pts = Ticks(round(at));
      frame.key = frame.track == a || frames % source.gop == 0;
      frame.pieces = {payload};
      ++(frame.track == v ? frames : blocks);
      const Ticks ours(at - at * source.fast_ppm / 1'000'000);
      ASSERT_TRUE(segmenter.push(frame, kStart + ours, ours));
      if (at / 9000 == looked) continue;
      looked = at / 9000;
      for (const char* rendition : kRenditions)
        if (status(rendition) == 200) look(std::string(rendition), playlist(rendition));
    }
    segmenter.finish();
  }
};

TEST_P(LlHlsSegmenter, 03_06_07_09_PartsKeepWhatIsDeclared) {
  std::map<std::string, std::string> declared;
  std::map<std::string, double> announced;
  int whole_segments = 0;
  play(22, [&](const std::string& rendition, const ParsedPlaylist& p) {
    const std::string now =
        fmt::format("{} {} {}", p.target_duration, p.server_control->at("PART-HOLD-BACK"), *p.part_target);
    EXPECT_EQ(declared.emplace(rendition, now).first->second, now);
    for (const ParsedSegment& segment : p.segments) {
      const bool whole = !segment.uri.empty();
      EXPECT_LE(std::lround(segment.duration), p.target_duration);
      if (whole && !segment.parts.empty()) {
        ++whole_segments;
        EXPECT_NEAR(segment.parts_duration(), segment.duration, 0.001) << rendition << segment.uri;
      }
      for (size_t i = 0; i < segment.parts.size(); ++i) {
        const ParsedPart& part = segment.parts[i];
        EXPECT_LE(part.duration, *p.part_target + 1e-5) << rendition << part.uri;
        if (!whole || i + 1 < segment.parts.size()) {
          EXPECT_GE(part.duration, 0.85 * *p.part_target) << rendition << part.uri;
        }
        // A player has counted on what it read first.
        const double first = announced.emplace(rendition + part.uri, part.duration).first->second;
        EXPECT_NEAR(first, part.duration, 0.0011) << rendition << part.uri;
      }
    }
  });
  EXPECT_GE(whole_segments, 50);
}

TEST_P(LlHlsSegmenter, 08_21_28_NumbersDatesAndSyncFramesAreTrue) {
  std::map<uint64_t, std::string> dates;
  play(14, [&](const std::string& rendition, const ParsedPlaylist& p) {
    EXPECT_GT(p.media_sequence, 1000000u);
    for (size_t n = 0; n < p.segments.size(); ++n) {
      if (!p.segments[n].parts.empty()) {
        EXPECT_TRUE(p.segments[n].parts[0].independent) << rendition;
      }
      EXPECT_EQ(dates.emplace(p.number(n), p.segments[n].date).first->second, p.segments[n].date);
    }
  });
  EXPECT_GE(dates.size(), 3u);
}

INSTANTIATE_TEST_SUITE_P(
    Sources, LlHlsSegmenter,
    ::testing::Values(Source{"pal", 25, 1, 48000, 50, 1}, Source{"ntsc", 30000, 1001, 48000, 60, 1},
                      Source{"film_44100", 24000, 1001, 44100, 48, 1},
                      Source{"rtmp_30", 30, 1, 44100, 60, 90}, Source{"rtmp_60", 60, 1, 48000, 120, 90},
                      Source{"fast", 25, 1, 48000, 50, 1, 200}, Source{"slow", 25, 1, 48000, 50, 1, -200}),
    [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace m4f
