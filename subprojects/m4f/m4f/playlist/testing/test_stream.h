// A stream made of invented frames, for tests of playlists and delivery: every frame's time is known
// beforehand.
#pragma once

#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "m4f/ring/live_ring.h"

namespace m4f::testing {

inline const Ticks kStart = Ticks::from_seconds(1'795'179'937);  // 2026-11-20T13:05:37Z
constexpr uint64_t kFirstNumber = 359035987;                     // kStart in segments of 5 s

Track h264_track(uint8_t number = 1);                                    // 25 frames a second, parts of 0.2 s
Track aac_track(uint8_t number = 1, std::string_view language = "eng");  // 48 kHz, parts of 0.192 s
Track opus_track(uint8_t number = 1);

// Frames of all tracks in order of time; each segment begins with a key frame. Fills a view of its own and,
// where given, a ring.
class TestStream {
 public:
  explicit TestStream(std::vector<Track> tracks = {h264_track(), aac_track()}, RingPtr ring = nullptr);

  // One whole segment.
  SegmentPtr segment(Ticks duration = Ticks::from_seconds(5));
  // `n` whole segments.
  void segments(size_t n, Ticks duration = Ticks::from_seconds(5));
  // Opens a segment if none is open and adds so much of every track.
  void grow(Ticks length);
  // Ends the open segment where it stands.
  SegmentPtr seal();
  // What follows does not continue: time jumps, and the tracks may be others.
  void discontinuity(Ticks jump = Ticks::from_seconds(3),
                     std::optional<std::vector<Track>> tracks = std::nullopt);
  void end();
  // The next segment opens with a frame that is no key frame.
  void without_key() { key_start_ = false; }
  // Segments of 5 s that never arrive; with them the discontinuity that is due.
  void miss(uint64_t n);
  void set_target(Ticks duration) { target_ = duration; }

  RingView view(size_t listed = 4) const;
  Ticks now() const { return now_; }
  uint64_t next_number() const { return number_; }

 private:
  void open();
  void emit(const RecordEvent& event);

  std::vector<Track> tracks_;
  RingPtr ring_;
  std::vector<SegmentPtr> segments_;
  std::unique_ptr<SegmentBuilder> builder_;
  std::vector<Ticks> next_;     // dts of each track's next frame
  std::vector<Ticks> in_part_;  // length of each track's open part
  Ticks now_ = kStart, target_ = Ticks::from_seconds(5);
  uint64_t number_ = kFirstNumber, discontinuities_ = 0, version_ = 0;
  bool discontinuity_ = false, key_start_ = true, ended_ = false;
};

}  // namespace m4f::testing
