// Tracks and segments for tests of packaging.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "m4f/mp4/testing/hex.h"
#include "m4f/segment/segment.h"

namespace m4f::mp4::testing {

inline const Ticks kStart = Ticks::from_seconds(1'795'179'937);  // 2026-11-20

inline Track h264_track(uint8_t number = 1) {
  Track t{.id = {Content::kVideo, number}, .codec = Codec::kH264, .rfc6381 = "avc1.64001f"};
  t.config = from_hex("0164001f ffe10004 6764001f 01000268 ee");
  t.width = 1280, t.height = 720;
  t.fps_num = 25, t.fps_den = 1;
  t.frame_duration = Ticks(3600);
  return t;
}

inline Track aac_track(uint8_t number = 1) {
  Track t{.id = {Content::kAudio, number}, .codec = Codec::kAac, .rfc6381 = "mp4a.40.2"};
  t.config = from_hex("1190");
  t.language = "eng";
  t.sample_rate = 48000, t.channels = 2;
  t.frame_duration = Ticks(1920);
  return t;
}

inline Frame frame(uint8_t track, Ticks dts, Ticks duration, bool key = true, bool part_end = false) {
  Frame f;
  f.track = track;
  f.dts = dts;
  f.duration = duration;
  f.key = key;
  f.part_end = part_end;
  return f;
}

inline void add(SegmentBuilder& builder, const Frame& frame, std::string_view payload) {
  ASSERT_TRUE(builder.add_frame(frame, as_bytes(payload)));
}

// One second of 25 frames of v1 and 47 or 46 of a1, in order of time; v1's parts are 5 frames, a1's 10.
struct AvSource {
  uint64_t number = 1000;
  std::vector<Track> tracks = {h264_track(), aac_track()};
  Ticks video = kStart, audio = kStart;
  uint64_t audio_frames = 0;

  SegmentBuilder open(Ticks at) {
    SegmentHeader h;
    h.number = number++;
    h.start = at;
    h.target = Ticks::from_seconds(1);
    h.key_start = true;
    h.tracks = tracks;
    return SegmentBuilder(std::move(h));
  }
  SegmentPtr next() {
    SegmentBuilder builder = open(video);
    const Ticks end = video + Ticks::from_seconds(1);
    for (int n = 0; video < end;) {
      if (audio < video) {
        ++audio_frames;
        add(builder, frame(1, audio, Ticks(1920), true, audio_frames % 10 == 0),
            fmt::format("a{}", audio.count));
        audio += Ticks(1920);
        continue;
      }
      Frame f = frame(0, video, Ticks(3600), n == 0, n % 5 == 4);
      f.cts_offset = n % 2 ? Ticks(-1800) : Ticks(3600);
      add(builder, f, fmt::format("video frame {}", video.count));
      video += Ticks(3600);
      ++n;
    }
    builder.seal(Ticks::from_seconds(1));
    return builder.segment();
  }
};

}  // namespace m4f::mp4::testing
