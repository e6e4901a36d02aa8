// Elementary streams: the payload of PES packets to access units with timestamps.
#pragma once

#include <functional>
#include <memory>
#include <optional>

#include "m4f/media/track.h"

namespace m4f::ts {

struct Timestamps {
  Ticks pts, dts;  // unwrapped
};

struct AssembledUnit {
  ByteView data;  // valid during the call
  Timestamps time;
  Ticks duration;        // 0 = unknown
  bool discont = false;  // something before it was lost
};

// One elementary stream. Holds at most one access unit and what came after it in the same PES packet. A unit
// with bytes missing is never given out.
class Assembler {
 public:
  using Output = std::function<void(const AssembledUnit&)>;
  virtual ~Assembler() = default;

  // A PES packet begins. `length` of its payload, where it is told.
  void begin_pes(std::optional<Timestamps> time, std::optional<size_t> length);
  void add(ByteView payload);
  // All of a PES packet whose length was told has been added.
  void end_pes();
  // Bytes are missing here: what is held is dropped, and everything up to the next PES packet.
  void lose();
  // End of input: the last unit is taken to end here.
  void flush();

  // What an access unit without a timestamp of its own lasts, where the stream tells.
  void set_frame_duration(Ticks duration) { frame_duration_ = duration; }
  uint64_t broken() const {
    return broken_;
  }  // times that bytes had to be dropped although none were missing

 protected:
  Assembler(Codec codec, Output output, uint64_t& broken)
      : codec_(codec), output_(std::move(output)), broken_(broken) {}

  virtual void on_begin_pes(std::optional<size_t>) {}
  virtual void on_data() = 0;
  virtual void on_end_pes() {}
  virtual void on_lose() {}
  virtual void on_flush() {}

  ByteView held() const { return held_; }
  // Removes bytes from the front of held().
  void consume(size_t n);
  // The timestamp of a unit that begins at `at` in held(): ISO/IEC 13818-1 2.4.3.7: it belongs to the first
  // unit that commences in its PES packet.
  std::optional<Timestamps> take_time(size_t at);
  // Bytes that belong to nothing were found.
  void damaged() {
    ++broken_;
    discont_ = true;
  }
  void emit(ByteView data, Timestamps time, Ticks duration);

  const Codec codec_;
  Ticks frame_duration_;

 private:
  struct Mark {
    size_t at;
    Timestamps time;
    bool has_time;
  };

  Output output_;
  Bytes held_;
  std::vector<Mark> marks_;
  bool waiting_ = true;  // for the beginning of a PES packet
  bool discont_ = false;
  uint64_t& broken_;
};

// `broken` counts the times that bytes had to be dropped although none were missing.
std::unique_ptr<Assembler> make_assembler(Codec codec, Assembler::Output output, uint64_t& broken);

}  // namespace m4f::ts
