// Brings one elementary stream's access units into canonical form (media/track.h) and keeps its description.
#pragma once

#include <memory>
#include <span>

#include "m4f/media/track.h"

namespace m4f {

struct AccessUnit {
  bool key = false;
  bool format_changed = false;  // track() became known or its format differs from before this access unit
  std::span<const ByteView>
      pieces;            // the payload in order; valid until the next call; empty = nothing to send
  size_t size = 0;       // of all pieces
  uint32_t samples = 0;  // audio: how long it lasts, at track().sample_rate; 0 = unknown
};

// Takes whole access units in any usual form and gives canonical ones without copying the payload: the pieces
// point into the input (and to length prefixes held here). Nothing is allocated per frame once running. Not
// thread-safe.
//
//   H.264, H.265  byte stream or length-prefixed; parameter sets in or out of band. AUD, parameter sets,
//   filler and
//                 end-of-sequence units are left out.
//   AAC           raw with AudioSpecificConfig, or ADTS (one frame each; see audio_frames.h for splitting)
//   AV1           temporal units; temporal delimiters, padding and tile lists are left out
//   others        as is
class Canonicalizer {
 public:
  explicit Canonicalizer(Codec codec);
  ~Canonicalizer();
  Canonicalizer(Canonicalizer&&) noexcept;
  Canonicalizer& operator=(Canonicalizer&&) noexcept;

  // Out-of-band decoder configuration: avcC, hvcC, AudioSpecificConfig, av1C, vpcC, OpusHead or dOps. avcC
  // and hvcC also say that access units are length-prefixed from here on; an H.26x stream without them is a
  // byte stream. May be called again when it changed.
  Result<void> set_config(ByteView config);
  // H.26x with in-band parameter sets and no avcC/hvcC (avc3, hev1 without codec_data). REQUIRES: 1 <= size
  // <= 4.
  void set_length_size(unsigned size);
  // What the carrier knows and the stream may not say (VP8, VP9, Opus, AAC without a PCE ...); zeros are
  // ignored and the stream itself overrules.
  void set_video_hint(uint32_t width, uint32_t height, uint32_t fps_num, uint32_t fps_den);
  void set_audio_hint(uint32_t sample_rate, uint32_t channels);

  // An error means that this access unit cannot be used; the next one may be.
  Result<AccessUnit> push(ByteView access_unit);

  // Whether track() is complete. Access units before that cannot be decoded by anyone: drop them.
  bool ready() const;
  const Track& track() const;  // id, language, title and bitrate are the caller's

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace m4f
