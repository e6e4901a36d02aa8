// Audio frames out of PES packets.
#pragma once

#include "m4f/ts/assembler.h"

namespace m4f::ts {

// ADTS, MPEG audio, AC-3 and E-AC-3: self-framing, any number per PES packet, also across PES packets. Frames
// without a timestamp of their own get it from the number of samples since the last one that had, exactly.
class AudioAssembler : public Assembler {
 public:
  AudioAssembler(Codec codec, Output output, uint64_t& broken)
      : Assembler(codec, std::move(output), broken) {}

 private:
  void on_data() override { take_frames(); }
  void on_end_pes() override { take_last(); }
  void on_lose() override;
  void on_flush() override { take_last(); }

  void take_frames();
  void take_last();
  void take(size_t size, uint32_t samples, uint32_t rate);

  bool synced_ = false;  // frames were found since the last loss
  std::optional<Ticks> anchor_;
  int64_t samples_ = 0;  // since anchor_
  uint32_t rate_ = 0;
};

// Opus packets with their control headers ("Opus in MPEG-TS", ETSI TS 103 491 style); whole in a PES packet.
class OpusAssembler : public Assembler {
 public:
  OpusAssembler(Output output, uint64_t& broken) : Assembler(Codec::kOpus, std::move(output), broken) {}

 private:
  void on_begin_pes(std::optional<size_t>) override { take_packets(); }
  void on_data() override {}
  void on_end_pes() override { take_packets(); }
  void on_flush() override { take_packets(); }
  void take_packets();
};

}  // namespace m4f::ts
