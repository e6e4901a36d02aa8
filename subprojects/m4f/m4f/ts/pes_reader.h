// PES packets (ISO/IEC 13818-1 2.4.3.6) of one PID: their headers, lengths and timestamps.
#pragma once

#include <array>

#include "m4f/ts/assembler.h"
#include "m4f/ts/demuxer.h"

namespace m4f::ts {

// Unwraps 33-bit timestamps. One for a program, so that its tracks keep their distances: each value is taken
// to be the one nearest to the value before it, on whatever track.
class ProgramClock {
 public:
  Ticks unwrap(uint64_t t33) {
    if (!known_) first_ = now_ = static_cast<int64_t>(t33);
    known_ = true;
    now_ += difference(t33, static_cast<uint64_t>(now_));
    return Ticks(now_);
  }
  // From -2^32 to 2^32 - 1.
  static int64_t difference(uint64_t a, uint64_t b) { return static_cast<int64_t>((a - b) << 31) >> 31; }
  // Media that has gone by.
  Ticks elapsed() const { return Ticks(now_ - first_); }

 private:
  bool known_ = false;
  int64_t first_ = 0, now_ = 0;
};

class PesReader {
 public:
  PesReader(ProgramClock& clock, std::unique_ptr<Assembler> assembler, bool video, DemuxerStats& stats)
      : clock_(clock), assembler_(std::move(assembler)), video_(video), stats_(stats) {}

  void feed(ByteView payload, bool unit_start);
  void lose();
  void flush();
  Assembler& assembler() { return *assembler_; }

 private:
  enum class State { kIdle, kHeader, kPayload, kComplete };

  void begin();
  ByteView read_header(ByteView payload);
  void parse_header();
  void refuse();
  std::optional<Timestamps> read_times();

  ProgramClock& clock_;
  std::unique_ptr<Assembler> assembler_;
  const bool video_;
  DemuxerStats& stats_;
  State state_ = State::kIdle;
  std::array<uint8_t, 9 + 255> header_;
  size_t header_size_ = 0;
  std::optional<size_t> left_;    // of a payload whose length is told
  bool length_is_wrong_ = false;  // lengths of this PID have been seen to be too short: not to be used
};

}  // namespace m4f::ts
