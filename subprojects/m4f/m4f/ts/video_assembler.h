// Access units of H.264, H.265 and MPEG-1/2 video out of a byte stream, by their start codes.
#pragma once

#include "m4f/codec/h264.h"
#include "m4f/ts/assembler.h"

namespace m4f::ts {

class VideoAssembler : public Assembler {
 public:
  VideoAssembler(Codec codec, Output output, uint64_t& broken)
      : Assembler(codec, std::move(output), broken) {}

 private:
  // What a start code and the bytes behind it say.
  struct Unit {
    bool begins = false;  // begins an access unit if the current one has slices already
    bool slice = false;
    bool picture = false;  // begins a picture (a frame or a field)
    std::optional<bool> field;
  };

  void on_begin_pes(std::optional<size_t> length) override;
  void on_data() override { scan(false); }
  void on_end_pes() override;
  void on_lose() override;
  void on_flush() override;

  void scan(bool at_end);
  void note(size_t start, const Unit& unit);
  size_t bytes_needed(uint8_t first) const;
  Unit examine(ByteView unit) const;
  void begin_unit();
  void end_unit(size_t end);
  void drop(size_t n);
  void discard(size_t n);

  size_t scan_at_ = 0;
  size_t sps_at_ = 0;  // in held(), of an SPS whose end is not seen yet; 0 = none

  // The access unit that begins at held()'s front, if any.
  bool inside_ = false;
  std::optional<Timestamps> time_;
  bool slices_ = false;
  unsigned pictures_ = 0;
  bool field_ = false;

  // Whether this stream's PES packets hold one whole unit each, so that the end of one is the end of the
  // other.
  bool pes_is_unit_ = true;
  unsigned whole_ = 0;     // PES packets that did
  size_t pes_at_ = 0;      // where the PES packet began in held()
  bool pes_open_ = false;  // nothing has begun in it yet
  std::optional<size_t> pes_length_;
  bool expect_start_ = false;  // a unit was ended by its PES packet: what follows must begin one

  std::optional<h264::Sps> sps_;    // H.264 that may have fields
  std::optional<Timestamps> last_;  // of the unit before, unless something was lost since
  Ticks step_;                      // between the last two timed units
};

}  // namespace m4f::ts
