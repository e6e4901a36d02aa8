// A source and a clock for the segmenter's tests: frames carry their number, so that what came out can be
// compared with what went in.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <set>

#include "m4f/segment/segmenter.h"

namespace m4f {

constexpr Ticks kWallStart = Ticks::from_seconds(1'790'000'000);
constexpr Ticks kSteadyStart = Ticks::from_seconds(5000);

inline Track video_track(uint32_t width = 640) {
  Track track;
  track.codec = Codec::kH264;
  track.rfc6381 = "avc1.64001f";
  track.config = {1, 0x64, 0, 0x1f, 0xff, 0xe0, 0, static_cast<uint8_t>(width & 0xff)};
  track.width = width;
  track.height = 360;
  track.frame_duration = Ticks(3600);
  return track;
}

inline Track audio_track(uint32_t rate = 48000) {
  Track track;
  track.codec = Codec::kAac;
  track.rfc6381 = "mp4a.40.2";
  track.config = {0x11, static_cast<uint8_t>(rate == 48000 ? 0x90 : 0x10)};
  track.sample_rate = rate;
  track.channels = 2;
  track.frame_duration = Ticks(1024 * Ticks::kPerSecond / rate);
  return track;
}

// One frame as it came out.
struct Output {
  size_t segment = 0;  // index into Bench::segments
  Frame frame;
  int64_t number = 0;  // as it went in
};

// A segmenter, and what it gave.
class Bench {
 public:
  explicit Bench(SegmenterSettings settings = {})
      : segmenter(settings, [this](const RecordEvent& event) { take(event); }) {}

  // Pushes a frame that carries `number`. Times are the source's; `steady` counts from the test's beginning.
  void push(size_t track, bool key, std::optional<Ticks> dts, std::optional<Ticks> pts, Ticks steady,
            int64_t number = 0, size_t size = 64) {
    Bytes payload(std::max<size_t>(size, 8));
    for (unsigned i = 0; i < 8; ++i)
      payload[i] = static_cast<uint8_t>(static_cast<uint64_t>(number) >> (56 - 8 * i));
    InputFrame frame;
    frame.track = track;
    frame.key = key;
    frame.dts = dts;
    frame.pts = pts;
    frame.pieces = {ByteView(payload).first(4), ByteView(payload).subspan(4)};
    ASSERT_TRUE(segmenter.push(frame, kWallStart + steady + wall_step, kSteadyStart + steady));
  }

  std::vector<Output> frames(const char* id) const {
    std::vector<Output> out;
    for (size_t s = 0; s < segments.size(); ++s) {
      const auto& tracks = segments[s]->header().tracks;
      for (size_t i = 0; i < segments[s]->frame_count(); ++i) {
        const Frame& frame = segments[s]->frame(i);
        if (tracks[frame.track].id.text() == id)
          out.push_back({s, frame, ByteReader(frame.data).ok() ? number_of(frame) : 0});
      }
    }
    return out;
  }

  std::vector<size_t> breaks() const {  // indexes of segments with a discontinuity
    std::vector<size_t> out;
    for (size_t s = 0; s < segments.size(); ++s)
      if (segments[s]->header().discontinuity) out.push_back(s);
    return out;
  }

  // What holds for any input.
  void check() const {
    std::map<std::string, Ticks> last;
    uint64_t discontinuities = 0;
    Ticks run_start;
    for (size_t s = 0; s < segments.size(); ++s) {
      SCOPED_TRACE(fmt::format("segment {}", s));
      const SegmentHeader& header = segments[s]->header();
      if (s > 0) {
        EXPECT_EQ(header.number, segments[s - 1]->header().number + 1);
      }
      if (s > 0) {
        EXPECT_GT(header.start, segments[s - 1]->header().start);
      }
      discontinuities += header.discontinuity;
      if (s == 0 || header.discontinuity) run_start = header.start;
      EXPECT_EQ(header.discontinuity_sequence, discontinuities);
      EXPECT_EQ(header.since_discontinuity, header.start - run_start);
      if (s + 1 < segments.size()) {
        EXPECT_TRUE(segments[s]->sealed());
        const SegmentHeader& next = segments[s + 1]->header();
        if (!next.discontinuity) {
          EXPECT_EQ(segments[s]->duration(), next.start - header.start);
        }
        if (!next.discontinuity) {
          ASSERT_EQ(next.tracks.size(), header.tracks.size());
          for (size_t t = 0; t < next.tracks.size(); ++t)
            EXPECT_TRUE(next.tracks[t].same_format(header.tracks[t]));
        }
      }
      EXPECT_GT(segments[s]->duration(), Ticks());
      for (size_t i = 0; i < segments[s]->frame_count(); ++i) {
        const Frame& frame = segments[s]->frame(i);
        const std::string id = header.tracks[frame.track].id.text();
        if (last.contains(id)) {
          EXPECT_GT(frame.dts, last[id]) << id;
        }
        last[id] = frame.dts;
      }
    }
  }

  std::vector<SegmentPtr> segments;
  Ticks wall_step;  // added to the wall clock from now on
  Segmenter segmenter;

 private:
  static int64_t number_of(const Frame& frame) { return static_cast<int64_t>(ByteReader(frame.data).u64()); }

  void take(const RecordEvent& event) {
    if (const auto* opened = std::get_if<SegmentOpened>(&event)) {
      EXPECT_EQ(opened->segment->frame_count(), 0u);
      if (!segments.empty()) {
        EXPECT_TRUE(segments.back()->sealed());
      }
      segments.push_back(opened->segment);
    } else if (const auto* added = std::get_if<FramesAdded>(&event)) {
      EXPECT_EQ(added->segment, segments.back());
      EXPECT_EQ(added->end, added->segment->frame_count());
    } else {
      EXPECT_TRUE(std::get<SegmentSealed>(event).segment->sealed());
    }
  }
};

// 25 frames of video and 46.875 of AAC a second, in the order of their times. `number` of a frame is its
// nominal time.
struct Source {
  Ticks video_frame{3600}, audio_frame{1920};
  int gop = 50;
  bool video = true, audio = true;
  // From nominal time to the source's clock and to our steady clock.
  std::function<Ticks(Ticks)> video_clock = [](Ticks t) { return t; };
  std::function<Ticks(Ticks)> audio_clock = [](Ticks t) { return t; };
  std::function<Ticks(Ticks)> arrival = [](Ticks t) { return t; };
  std::function<bool(Ticks, bool is_video)> lost = [](Ticks, bool) { return false; };
  size_t v = 0, a = 1;
  int64_t next_video = 0, next_audio = 0;

  void declare(Bench& bench) {
    if (video) v = bench.segmenter.add_track(video_track());
    if (audio) a = bench.segmenter.add_track(audio_track());
    bench.segmenter.tracks_complete();
  }

  void run_until(Bench& bench, Ticks end) {
    for (;;) {
      const Ticks tv = video_frame * next_video, ta = audio_frame * next_audio;
      const bool is_video = video && (!audio || tv <= ta);
      const Ticks t = is_video ? tv : ta;
      if (t >= end) return;
      (is_video ? next_video : next_audio) += 1;
      if (lost(t, is_video)) continue;
      if (is_video) {
        bench.push(v, (next_video - 1) % gop == 0, video_clock(t), video_clock(t) + Ticks(3600), arrival(t),
                   t.count, 200);
      } else {
        bench.push(a, true, audio_clock(t), audio_clock(t), arrival(t), t.count);
      }
      if (::testing::Test::HasFatalFailure()) return;
    }
  }

  void run(Bench& bench, Ticks end) {
    declare(bench);
    run_until(bench, end);
    bench.segmenter.finish();
  }
};

constexpr Ticks operator""_s(unsigned long long s) {
  return Ticks::from_seconds(static_cast<int64_t>(s));
}
constexpr Ticks operator""_ms(unsigned long long ms) {
  return Ticks::from_ms(static_cast<int64_t>(ms));
}

// A clock that jumps by `by` at nominal time `at`.
inline std::function<Ticks(Ticks)> jumping(Ticks at, Ticks by) {
  return [=](Ticks t) { return t >= at ? t + by : t; };
}

// Nominal times of consecutive frames are `distance` apart, and so are the frames that came out, but where
// the timeline broke.
inline void expect_even(const std::vector<Output>& frames, Ticks distance, size_t breaks_allowed) {
  size_t breaks = 0;
  for (size_t i = 1; i < frames.size(); ++i) {
    EXPECT_EQ(frames[i].number - frames[i - 1].number, distance.count) << "a frame is lost or doubled";
    breaks += frames[i].frame.dts - frames[i - 1].frame.dts != distance;
  }
  EXPECT_LE(breaks, breaks_allowed);
}

}  // namespace m4f
