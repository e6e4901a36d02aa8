// What real readers make of packaged segments. Needs ffprobe.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <fstream>

#include "m4f/ts/demuxer_test_support.h"

namespace m4f::ts {
namespace {

using namespace testing;

struct Output {
  std::string text;
  int status;
};
Output run(const std::string& command) {
  Output out;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return {"", -1};
  char buffer[4096];
  while (size_t n = fread(buffer, 1, sizeof buffer, pipe)) out.text.append(buffer, n);
  out.status = pclose(pipe);
  return out;
}

class Ffprobe : public ::testing::TestWithParam<std::tuple<const char*, const char*>> {};
INSTANTIATE_TEST_SUITE_P(Packager, Ffprobe,
                         ::testing::Combine(::testing::Values("h264_bframes_aac", "h264_mp3", "h264_wrap",
                                                              "hevc_ac3", "mpeg2_mp2", "mpeg1_eac3",
                                                              "two_audio_opus"),
                                            ::testing::Values("v1a1", "v1", "a1")));

TEST_P(Ffprobe, SeesEveryTimestampOfThreeJoinedSegmentsAndWarnsOfNothing) {
  const auto [name, selection] = GetParam();
  const Demuxed source = demux(clip(name));
  std::vector<Track> tracks;
  for (const auto& [index, track] : source.tracks) tracks.push_back(track);
  Options options;
  options.tracks = *TrackSelection::parse(selection);
  options.title = "Test";

  // Cut at 0.6 s and 1.3 s, key frame or not: a reader of the joined segments does not see where.
  const Ticks start = source.frames[0].dts;
  const auto frames = to_segment_frames(source.frames, Ticks(int64_t{1} << 33));
  SegmentChain chain(tracks);
  const std::string path = ::testing::TempDir() + "/m4f-ts-" + name + "-" + selection + ".ts";
  {
    std::ofstream file(path, std::ios::binary);
    std::vector<TestFrame> part;
    int next_cut = 0;
    const Ticks cuts[] = {start + Ticks(54000), start + Ticks(117000), Ticks(INT64_MAX)};
    for (size_t i = 0; i <= frames.size(); ++i) {
      if (i == frames.size() || source.frames[i].dts >= cuts[next_cut]) {
        const Bytes bytes = package(*chain.add(part, Ticks(60000)), options);
        file.write(as_text(bytes).data(), static_cast<std::streamsize>(bytes.size()));
        part.clear();
        ++next_cut;
      }
      if (i < frames.size()) part.push_back(frames[i]);
    }
    ASSERT_EQ(next_cut, 3);
  }

  const Output list =
      run("ffprobe -v error -show_entries packet=stream_index,pts,dts,flags -of csv=p=0 " + path);
  ASSERT_EQ(list.status, 0);
  const auto packets = parse_list(list.text);
  for (size_t s = 0; s < options.tracks.ids.size(); ++s) {
    std::vector<const TestFrame*> expected;
    for (const TestFrame& f : frames)
      if (tracks[f.frame.track].id == options.tracks.ids[s]) expected.push_back(&f);
    std::vector<Listed> seen;
    for (const Listed& l : packets)
      if (l.stream == s) seen.push_back(l);
    ASSERT_EQ(seen.size(), expected.size()) << list.text;
    const int64_t turn = int64_t{1} << 33;
    for (size_t i = 0; i < seen.size(); ++i) {
      // ffprobe may show a stream that wraps as beginning below zero.
      EXPECT_EQ((seen[i].dts - expected[i]->frame.dts.count) % turn, 0) << i;
      EXPECT_EQ(seen[i].pts - seen[i].dts, expected[i]->frame.cts_offset.count) << i;
      EXPECT_EQ(seen[i].key, expected[i]->frame.key) << i;
    }
  }
  // Decodes everything, so warnings of demuxer, parsers and decoders all show.
  const Output decoded = run("ffmpeg -nostdin -v warning -i " + path + " -map 0 -f null - 2>&1");
  EXPECT_EQ(decoded.status, 0);
  EXPECT_EQ(decoded.text, "");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace m4f::ts
