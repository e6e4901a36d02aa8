// What real players see: clips of every codec go through init_segment() and package() and come back from
// ffprobe with every frame, its times unchanged, and nothing to warn of. The clips are made by ffmpeg when
// the test runs.
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "m4f/mp4/boxes/fragment_boxes.h"
#include "m4f/mp4/packager.h"
#include "m4f/mp4/testing/box_reader.h"
#include "m4f/mp4/testing/segments.h"

namespace m4f::mp4 {
namespace {

using namespace testing;
namespace fs = std::filesystem;

class TempDir {
 public:
  TempDir() {
    std::string name = (fs::temp_directory_path() / "m4f-clips-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TempDir() { fs::remove_all(path_); }
  fs::path operator/(const char* name) const { return path_ / name; }

 private:
  fs::path path_;
};

// Standard output and error of a shell command.
std::string run(const std::string& command, int* status = nullptr) {
  std::string out;
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) return "popen failed";
  std::array<char, 4096> buffer;
  for (size_t n; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) out.append(buffer.data(), n);
  const int result = pclose(pipe);
  if (status) *status = result;
  return out;
}

Bytes read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(in), {});
}

struct Clip {
  const char* name;
  Codec codec;
  const char* ffmpeg;  // source and encoder
};

void PrintTo(const Clip& clip, std::ostream* os) {
  *os << clip.name;
}

#define M4F_VIDEO "-f lavfi -i testsrc2=s=160x120:r=25 -t 3 -pix_fmt yuv420p -g 25 "
#define M4F_AUDIO "-f lavfi -i sine=r=48000 -t 3 -ac 2 "
const Clip kClips[] = {
    {"h264", Codec::kH264, M4F_VIDEO "-c:v libx264 -preset ultrafast -bf 0"},
    {"h264_bframes", Codec::kH264,
     M4F_VIDEO "-c:v libx264 -preset veryfast -bf 3 -x264-params b-pyramid=normal:scenecut=0"},
    {"hevc", Codec::kH265,
     M4F_VIDEO "-c:v libx265 -preset ultrafast -x265-params log-level=none:bframes=3 -tag:v hvc1"},
    {"vp9", Codec::kVp9, M4F_VIDEO "-c:v libvpx-vp9 -deadline realtime -cpu-used 8"},
    {"av1", Codec::kAv1, M4F_VIDEO "-c:v libaom-av1 -usage realtime -cpu-used 8"},
    {"aac", Codec::kAac, M4F_AUDIO "-c:a aac"},
    {"mp3", Codec::kMpegAudio, M4F_AUDIO "-c:a libmp3lame"},
    {"ac3", Codec::kAc3, M4F_AUDIO "-c:a ac3"},
    {"eac3", Codec::kEac3, M4F_AUDIO "-c:a eac3"},
    {"opus", Codec::kOpus, M4F_AUDIO "-c:a libopus"},
};

// The clip as canonical frames: fragmented MP4 holds them in the very forms that M4F has.
struct Source {
  Track track;
  std::vector<Frame> frames;  // `data` points into `file`
  Bytes file;

  void load(const fs::path& path, Codec codec);
};

void Source::load(const fs::path& path, Codec codec) {
  file = read_file(path);
  BoxReader reader(file);
  Moov moov;
  reader.box(moov);
  ASSERT_TRUE(reader.ok());
  ASSERT_EQ(moov.trak.size(), 1u);
  const Mdia& mdia = moov.trak[0].mdia;
  track = content_of(codec) == Content::kVideo ? h264_track() : aac_track();
  track.codec = codec;
  if (mdia.minf.stbl.stsd.visual) {
    track.config = mdia.minf.stbl.stsd.visual->config.payload;
    track.width = 160, track.height = 120;
  } else {
    const AudioSampleEntry& entry = *mdia.minf.stbl.stsd.audio;
    track.config = entry.esds ? entry.esds->decoder_specific_info : entry.config->payload;
    if (codec == Codec::kMpegAudio) track.config.clear();
    track.channels = entry.channels;
    track.frame_duration = {};
  }

  const auto ticks = [&](int64_t t) { return Ticks(t * 90000 / mdia.mdhd.timescale); };
  for (size_t at = 0; at + 8 <= file.size();) {
    ByteReader header(ByteView(file).subspan(at));
    const size_t size = header.u32();
    if (header.u32() == fourcc("moof")) {
      BoxReader box(ByteView(file).subspan(at, size));
      ReadMoof moof;
      box.box(moof);
      ASSERT_TRUE(box.ok());
      const ReadTraf& traf = moof.traf.at(0);
      int64_t time = static_cast<int64_t>(traf.tfdt.time);
      size_t data = at + static_cast<size_t>(traf.trun.data_offset);
      for (const TrunSample& s : traf.trun.samples) {
        const uint32_t duration = traf.trun.flags & Trun::kDuration ? s.duration : traf.tfhd.default_duration;
        const uint32_t bytes = traf.trun.flags & Trun::kSize ? s.size : traf.tfhd.default_size;
        uint32_t flags = traf.trun.flags & Trun::kFlags ? s.flags : traf.tfhd.default_flags;
        if (&s == traf.trun.samples.data() && traf.trun.flags & Trun::kFirstSampleFlags)
          flags = traf.trun.first_sample_flags;
        Frame f = frame(0, kStart + ticks(time), ticks(duration), (flags & 0x10000) == 0);
        f.cts_offset = ticks(s.composition_offset);
        f.data = ByteView(file).subspan(data, bytes);
        frames.push_back(f);
        time += duration;
        data += bytes;
      }
    }
    at += size;
  }
}

// Cuts where a second is over and a key frame comes; parts of at most 200 ms.
std::vector<SegmentPtr> segments(const Source& source) {
  std::vector<SegmentPtr> out;
  for (size_t at = 0; at < source.frames.size();) {
    const Ticks start = source.frames[at].dts;
    size_t end = at + 1;
    while (end < source.frames.size() &&
           !(source.frames[end].key && source.frames[end].dts - start >= Ticks::from_ms(980)))
      ++end;
    SegmentHeader h;
    h.number = 5000 + out.size();
    h.start = start;
    h.tracks = {source.track};
    SegmentBuilder builder(h);
    Ticks part = start;
    for (; at < end; ++at) {
      Frame f = source.frames[at];
      f.part_end = f.dts + f.duration - part >= Ticks::from_ms(190);
      if (f.part_end) part = f.dts + f.duration;
      EXPECT_TRUE(builder.add_frame(f, f.data));
    }
    builder.seal((end < source.frames.size() ? source.frames[end].dts
                                             : source.frames.back().dts + source.frames.back().duration) -
                 start);
    out.push_back(builder.segment());
  }
  return out;
}

class Mp4Clips : public ::testing::TestWithParam<Clip> {};

TEST_P(Mp4Clips, KeepEveryFrameAndItsTimes) {
  if (system("ffmpeg -version >/dev/null 2>&1 && ffprobe -version >/dev/null 2>&1") != 0)
    GTEST_SKIP() << "ffmpeg is not installed";
  const Clip& clip = GetParam();
  TempDir dir;
  const std::string in = (dir / "in.mp4").string(), out = (dir / "out.mp4").string();
  int status = 0;
  const std::string log =
      run(fmt::format(
              "ffmpeg -v error -nostdin -threads 1 {} -video_track_timescale 90000 -use_editlist 0 -movflags "
              "+frag_keyframe+delay_moov+default_base_moof -f mp4 {}",
              clip.ffmpeg, in),
          &status);
  ASSERT_EQ(status, 0) << log;

  Source source;
  source.load(in, clip.codec);
  ASSERT_GE(source.frames.size(), 75u);

  // As a player joins them: the init segment, then segments that were packaged each by itself.
  constexpr size_t kTrack[] = {0};
  Bytes joined = init_segment({source.track}, kTrack);
  const auto cut = segments(source);
  ASSERT_GE(cut.size(), 3u);
  for (const SegmentPtr& s : cut) {
    const Bytes bytes = package(*s, kTrack);
    joined.insert(joined.end(), bytes.begin(), bytes.end());
  }
  std::ofstream(out, std::ios::binary)
      .write(reinterpret_cast<const char*>(joined.data()), static_cast<std::streamsize>(joined.size()));

  EXPECT_EQ(run("ffmpeg -v warning -nostdin -copyts -i " + out + " -fps_mode passthrough -f null - "), "");
  std::string expected;
  for (const Frame& f : source.frames)
    expected += fmt::format("{},{},{},{}\n", f.pts().count, f.dts.count, f.data.size(), f.key ? "K_" : "__");
  EXPECT_EQ(run("ffprobe -v warning -show_entries packet=pts,dts,size,flags -of csv=p=0 " + out), expected);
}

INSTANTIATE_TEST_SUITE_P(Codecs, Mp4Clips, ::testing::ValuesIn(kClips),
                         [](const auto& info) { return std::string(info.param.name); });

}  // namespace
}  // namespace m4f::mp4
