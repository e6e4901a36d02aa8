// One elementary stream on its way out of a Shaper. Times are 27 MHz ticks of the frames' own timeline.
#pragma once

#include <algorithm>
#include <deque>
#include <memory>

#include "m4f/ts/program.h"

namespace m4f::ts {

constexpr int64_t kClockPerTick = 300;  // 27 MHz to 90 kHz
constexpr int64_t kClockPerMs = 90 * kClockPerTick;
constexpr int64_t kAudioLead = 100 * kClockPerMs;  // ISO/IEC 13818-1 2.4.2.3: small main buffers

// The program of the segments that have one track table; later ones have higher numbers.
struct LaneProgram : Program {
  LaneProgram(const SegmentHeader& header, const Options& options, uint64_t n)
      : Program(header, options, Clock::kElsewhere), number(n) {}
  const uint64_t number;
};

class Lane {
 public:
  Lane(TrackId id, int64_t lead) : id_(id), lead_(lead) {}

  TrackId id() const { return id_; }
  bool sending() const { return at_ < packets_.size(); }
  bool waiting() const { return !waiting_.empty(); }
  bool idle() const { return !sending() && !waiting(); }
  size_t waiting_frames() const { return waiting_.size(); }

  // REQUIRES of the following four: waiting().
  const Frame& head() const { return waiting_.front().frame(); }
  const std::shared_ptr<LaneProgram>& head_program() const { return waiting_.front().program; }
  int64_t head_dts() const { return head().dts.count * kClockPerTick; }
  int64_t release() const { return head_dts() - lead_; }

  // The DTS of the frame that is being sent, or of the next one. REQUIRES: !idle().
  int64_t deadline() const { return sending() ? deadline_ : head_dts(); }

  void add(SegmentPtr segment, size_t index, std::shared_ptr<LaneProgram> program, int64_t arrived) {
    waiting_.push_back({std::move(segment), index, std::move(program), arrived});
  }
  // The next frame's packets are written. REQUIRES: waiting() && !sending(). False if it has none.
  bool activate();
  std::span<const uint8_t> packet() const { return std::span(packets_).subspan(at_, kPacketSize); }
  void advance() { at_ += kPacketSize; }
  size_t bytes() const { return packets_.size(); }
  // The next frame is left out; then everything up to the next key frame, where pictures need one.
  void drop();
  bool dropping() const { return dropping_; }
  void stop_dropping() { dropping_ = false; }
  size_t drop_all();

  // Spread over its duration, a frame's packets have their times. That of the packet `place` further on in
  // this frame, or in the next one if none is being sent; INT64_MAX if the frame has none there.
  int64_t time_of_place(size_t place) const;
  // When the next packet leaves. REQUIRES: !idle().
  int64_t next_time() const { return sending() ? time_of_place(0) : plan_of_head().begin; }
  int64_t end() const { return plan_.end; }
  // The clock was set: the plan moves with it.
  void shift(int64_t by);

 private:
  struct Entry {
    SegmentPtr segment;
    size_t index;
    std::shared_ptr<LaneProgram> program;
    int64_t arrived;
    const Frame& frame() const { return segment->frame(index); }
  };

  struct Plan {
    int64_t begin, end;
    int64_t time_of(size_t index, size_t count) const {
      return begin + (end - begin) * static_cast<int64_t>(index) / static_cast<int64_t>(count);
    }
  };
  Plan plan_of_head() const;
  int64_t duration_of_head() const;

  const TrackId id_;
  const int64_t lead_;
  std::deque<Entry> waiting_;
  Bytes packets_, scratch_;
  size_t at_ = 0;
  int64_t deadline_ = 0;
  Plan plan_{0, INT64_MIN};  // of the frame being sent, or of the last one
  bool dropping_ = false;
};

}  // namespace m4f::ts
