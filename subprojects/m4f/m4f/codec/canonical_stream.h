// The codec families behind Canonicalizer. Internal to this folder.
#pragma once

#include <memory>
#include <vector>

#include "m4f/codec/canonical.h"

namespace m4f {

// What the carrier says about a stream; zero = nothing.
struct CarrierHints {
  uint32_t width = 0, height = 0, fps_num = 0, fps_den = 1;
  uint32_t sample_rate = 0, channels = 0;
};

class CanonicalStream {
 public:
  virtual ~CanonicalStream() = default;
  virtual Result<void> set_config(ByteView config) = 0;
  virtual void set_length_size(unsigned) {}
  // Fills pieces_ through add() and says whether the access unit is a sync frame, and its samples.
  virtual Result<AccessUnit> push(ByteView access_unit) = 0;

  Result<AccessUnit> canonical(ByteView access_unit);
  bool ready() const { return ready_; }
  const Track& track() const { return track_; }
  CarrierHints hints;

 protected:
  // Makes `next` the track; a change of format is reported with the next access unit.
  void adopt(Track next);
  // Appends to the payload; joins what lies side by side in memory.
  void add(ByteView piece);

 private:
  Track track_;
  bool ready_ = false, changed_ = false;
  std::vector<ByteView> pieces_;
};

std::unique_ptr<CanonicalStream> make_nal_stream(Codec codec);
std::unique_ptr<CanonicalStream> make_aac_stream();
std::unique_ptr<CanonicalStream> make_audio_stream(Codec codec);  // MPEG audio, AC-3, E-AC-3, Opus
std::unique_ptr<CanonicalStream> make_video_stream(Codec codec);  // MPEG-1/2, AV1, VP8, VP9

// Ticks that `n` periods of num/den per second last, rounded.
inline Ticks ticks_of(uint64_t n, uint64_t num, uint64_t den) {
  return Ticks(num == 0 ? 0 : static_cast<int64_t>((n * Ticks::kPerSecond * den + num / 2) / num));
}

}  // namespace m4f
