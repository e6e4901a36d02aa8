// How fast segments are packaged, as a share of memcpy: the same payload bytes, from the same segments, in
// the same run.
//
//   packager-bench [seconds per kind of segment, default 1]
//
// Two yardsticks: "memcpy" copies frame by frame into one buffer that is used again and again; "copy"
// allocates a buffer each time, as a packager must, and copies the segment's blocks. Fails where a share of
// memcpy is below what is asked for.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <functional>

#include "m4f/mp4/packager.h"
#include "m4f/ts/packager.h"

namespace {

using namespace m4f;

constexpr size_t kBoth[] = {0, 1}, kVideo[] = {0};

// About `total` bytes: 25 frames of video with a large key frame, and 47 of 128 kbit/s AAC a second, for
// `seconds`; parts of 200 ms if asked.
SegmentPtr make_segment(size_t total, int seconds, bool with_parts) {
  Track video{.id = {Content::kVideo, 1}, .codec = Codec::kH264, .rfc6381 = "avc1.64001f"};
  video.config = {1, 0x64, 0, 0x1f, 0xff, 0xe1, 0, 4, 0x67, 0x64, 0, 0x1f, 1, 0, 2, 0x68, 0xee};
  video.width = 1280, video.height = 720;
  Track audio{
      .id = {Content::kAudio, 1}, .codec = Codec::kAac, .rfc6381 = "mp4a.40.2", .config = {0x11, 0x90}};
  audio.sample_rate = 48000, audio.channels = 2;
  SegmentHeader header;
  header.number = 1795179937;
  header.start = Ticks::from_seconds(1795179937);
  header.key_start = true;
  header.tracks = {video, audio};
  SegmentBuilder builder(header);

  constexpr size_t kAudioBytes = 341;
  const size_t audio_frames = static_cast<size_t>(seconds) * 47,
               video_frames = static_cast<size_t>(seconds) * 25;
  const size_t share =
      (total - audio_frames * kAudioBytes) / (video_frames + 7 * static_cast<size_t>(seconds));
  size_t a = 0;
  // Real frames differ in size: by half around the mean here, always the same way.
  uint32_t state = 1;
  const auto vary = [&](size_t mean) {
    state = state * 1664525 + 1013904223;
    return mean / 2 + mean * (state >> 16) / 0x10000;
  };
  const auto add = [&](uint8_t track, Ticks at, Ticks length, bool key, bool part_end, size_t size) {
    Frame f;
    f.track = track;
    f.dts = header.start + at;
    f.duration = length;
    f.key = key;
    f.part_end = part_end;
    auto room = builder.reserve_frame(f, size);
    if (!room) std::abort();
    // Length-prefixed NAL units, one a frame, without start codes in them.
    std::fill(room->begin(), room->end(), uint8_t{0x55});
    if (track == 0) {
      for (size_t i = 0; i < 4; ++i) (*room)[i] = static_cast<uint8_t>((size - 4) >> (24 - 8 * i));
      (*room)[4] = key ? 0x65 : 0x41;
    }
    builder.commit_frame();
  };
  for (size_t v = 0; v < video_frames; ++v) {
    for (; a < audio_frames && a * 25 < v * 47; ++a)
      add(1, Ticks(static_cast<int64_t>(a) * 1920), Ticks(1920), true, with_parts && a % 10 == 9,
          vary(kAudioBytes));
    const bool key = v % 25 == 0;
    add(0, Ticks(static_cast<int64_t>(v) * 3600), Ticks(3600), key, with_parts && v % 5 == 4,
        vary(key ? share * 8 : share));
  }
  builder.seal(Ticks::from_seconds(seconds));
  return builder.segment();
}

struct Row {
  const char* name;
  double least;                               // the share of "copy" that is asked for; 0 = a yardstick
  std::function<size_t(const Segment&)> run;  // gives the bytes made
};

Bytes warm;

const Row kRows[] = {
    {"memcpy", 0,
     [](const Segment& s) {
       size_t at = 0;
       for (size_t i = 0; i < s.frame_count(); ++i) {
         const ByteView data = s.frame(i).data;
         std::memcpy(warm.data() + at, data.data(), data.size());
         at += data.size();
       }
       return at;
     }},
    {"copy", 0,
     [](const Segment& s) {
       Bytes out;
       size_t size = 0;
       for (ByteView record : s.records()) size += record.size();
       out.reserve(size);
       for (ByteView record : s.records()) out.insert(out.end(), record.begin(), record.end());
       return out.size();
     }},
    {"fMP4 v1a1", 0.6, [](const Segment& s) { return mp4::package(s, kBoth).size(); }},
    {"TS v1a1", 0.3, [](const Segment& s) { return ts::package(s, {}).size(); }},
    {"fMP4 v1", 0.6, [](const Segment& s) { return mp4::package(s, kVideo).size(); }},
};

// Seconds for one segment by row: the median of many rounds. Rows take turns, so that whatever else the
// machine does hits all of them alike.
std::vector<double> measure(const std::vector<SegmentPtr>& segments, double seconds) {
  using Clock = std::chrono::steady_clock;
  std::vector<std::vector<double>> rounds(std::size(kRows));
  size_t made = 0;
  const auto start = Clock::now();
  do {
    for (size_t row = 0; row < std::size(kRows); ++row) {
      const auto begin = Clock::now();
      for (const SegmentPtr& s : segments) made += kRows[row].run(*s);
      rounds[row].push_back(std::chrono::duration<double>(Clock::now() - begin).count() /
                            static_cast<double>(segments.size()));
    }
  } while (std::chrono::duration<double>(Clock::now() - start).count() < seconds);
  if (made == 0) std::abort();
  std::vector<double> out;
  for (auto& times : rounds) {
    const auto middle = times.begin() + static_cast<ptrdiff_t>(times.size() / 2);
    std::nth_element(times.begin(), middle, times.end());
    out.push_back(*middle);
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  const double seconds = argc > 1 ? std::atof(argv[1]) : 1.0;
  bool enough = true;
  fmt::print("{:<22}{:<12}{:>8}{:>12}{:>10}{:>8}\n", "segment", "made", "GB/s", "of memcpy", "of copy",
             "asked");
  for (const auto& [size, with_parts] :
       {std::pair{500'000, false}, {500'000, true}, {1'250'000, false}, {1'250'000, true}}) {
    std::vector<SegmentPtr> segments;
    for (int i = 0; i < 16; ++i) segments.push_back(make_segment(static_cast<size_t>(size), 5, with_parts));
    warm.resize(static_cast<size_t>(size) * 2);
    const std::vector<double> times = measure(segments, seconds);
    for (size_t i = 0; i < times.size(); ++i) {
      const Row& row = kRows[i];
      fmt::print("{:<22}{:<12}{:>8.2f}{:>12.2f}{:>10.2f}{:>8}\n",
                 fmt::format("{:.2f} MB, 5 s{}", size / 1e6, with_parts ? ", parts" : ""), row.name,
                 size / times[i] / 1e9, times[0] / times[i], times[1] / times[i],
                 row.least > 0 ? fmt::format("{:.1f}", row.least) : "");
      enough = enough && times[0] / times[i] >= row.least;
    }
  }
  return enough ? EXIT_SUCCESS : EXIT_FAILURE;
}
