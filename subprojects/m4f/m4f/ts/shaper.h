// A stream's segments as a steady flow of transport packets in datagrams: what a UDP push sends. Pure: it is
// told what time it is, and it says when the next datagram is to leave.
//
// Frames wait until their DTS is near (`delay`; audio, whose decoder buffers are small, kAudioLead), then
// their packets leave in order of DTS. With a bitrate every packet has its slot on a grid of that rate: what
// is free is filled with null packets, and the PCR is the time of the slot, exactly. Without one a frame's
// packets are spread over its duration and the PCR is the time at which they leave.
#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include "m4f/record/record.h"
#include "m4f/ts/packager.h"
#include "m4f/ts/shaper_lane.h"

namespace m4f::ts {

constexpr size_t kDatagramPackets = 7;  // 1316 bytes: the most that an Ethernet frame holds
constexpr size_t kDatagramSize = kDatagramPackets * kPacketSize;

struct ShaperSettings {
  Options options;
  uint64_t bitrate = 0;                        // bit/s with everything; 0 = as the frames come
  std::chrono::milliseconds delay{700};        // how long before its DTS a picture may leave
  std::chrono::milliseconds pcr_interval{35};  // at most; TR 101 290 allows 40
};

struct ShaperStats {
  uint64_t packets = 0, null_packets = 0;  // with null packets
  uint64_t frames = 0;
  uint64_t late_frames = 0;     // left after their DTS, for want of room
  uint64_t dropped_frames = 0;  // not sent: no room, or nothing to start from
  uint64_t does_not_fit = 0;    // occurrences: the stream is larger than the bitrate
  uint64_t needed = 0;          // bit/s that the stream took when it did not fit
  uint64_t restarts = 0;        // the clock was set anew, with a discontinuity
};

class Shaper {
 public:
  using Instant = std::chrono::steady_clock::time_point;

  explicit Shaper(ShaperSettings settings);

  // Begins with the first key frame (of the first picture's track, if one is carried).
  void add(const RecordEvent& event, Instant now);
  // When the next datagram leaves; nothing = not before something is added.
  std::optional<Instant> due() const;
  // The datagram that is due, at most kDatagramSize bytes; returns its size, 0 = nothing. A caller that comes
  // far too late finds the slots between left out: nothing is sent in a burst.
  size_t take(Instant now, std::span<uint8_t, kDatagramSize> out);
  // Everything that was added has left.
  bool drained() const;
  // Forgets what waits; the next key frame begins anew.
  void reset();
  const ShaperStats& stats() const { return stats_; }

 private:
  void add_frame(const SegmentPtr& segment, size_t index, Instant now);
  bool begins(const Segment& segment, const Frame& frame) const;
  void use_program_of(const Segment& segment);
  Lane& lane_of(const Track& track);
  void set_clock(Instant now, int64_t stc);

  int64_t stc_at(Instant now) const;
  Instant instant_of(int64_t stc) const;
  void next_slot();
  void skip_missed_slots(Instant now);
  size_t take_steady(Instant now, std::span<uint8_t, kDatagramSize> out);
  size_t take_variable(Instant now, std::span<uint8_t, kDatagramSize> out);
  Lane* most_urgent();
  bool too_late(Lane& lane);
  void fill_slot(uint8_t* out);
  void jump_over_silence();
  std::optional<int64_t> next_time() const;
  int64_t next_pcr(std::optional<int64_t> media) const;
  void activate(Lane& lane);
  void put_lane_packet(Lane& lane, int64_t at, uint8_t* out);
  void put_pcr(int64_t at, uint8_t* out);
  bool put_tables(int64_t at, uint8_t* out);
  void put(std::span<const uint8_t> packet, uint8_t* out);
  void note_size(const Frame& frame, int64_t dts);
  void note_not_fitting(int64_t at);

  const ShaperSettings settings_;
  const int64_t delay_, pcr_interval_;  // 27 MHz
  ShaperStats stats_;
  SegmentPtr segment_;                    // being read
  size_t position_ = 0;                   // in it
  std::shared_ptr<LaneProgram> program_;  // of segment_
  std::vector<Track> program_tracks_;
  std::shared_ptr<LaneProgram> sending_;  // whose tables go out
  uint64_t programs_ = 0;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::array<uint8_t, 8192> counters_{};  // of the next packet of each PID

  bool started_ = false;
  Instant origin_;  // when the clock showed origin_stc_
  int64_t origin_stc_ = 0;
  int64_t last_time_ = 0;  // variable: when something was added or taken
  int64_t stc_ = 0;        // steady: of the next slot
  uint64_t stc_rest_ = 0;  // and what is left of it, in 1/bitrate ticks
  int64_t last_pcr_ = 0;
  bool pcr_sent_ = false, discontinuity_ = false;
  int64_t last_psi_ = 0, last_sdt_ = 0;
  bool psi_sent_ = false;
  Bytes tables_;  // being sent
  size_t tables_at_ = 0;
  int64_t active_until_ = 0;  // variable: clock and tables follow the frames so long

  bool fits_ = true;
  int64_t fits_since_ = 0;
  uint64_t window_bytes_ = 0;  // since window_start_, for stats_.needed
  int64_t window_start_ = 0;
};

}  // namespace m4f::ts
