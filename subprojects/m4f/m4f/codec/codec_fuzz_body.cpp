#include "m4f/codec/codec_fuzz_body.h"

#include <algorithm>
#include <array>
#include <cstdlib>

#include "m4f/codec/aac.h"
#include "m4f/codec/audio_frames.h"
#include "m4f/codec/av1.h"
#include "m4f/codec/canonical.h"
#include "m4f/codec/h264.h"
#include "m4f/codec/h265.h"
#include "m4f/codec/opus.h"

namespace m4f {
namespace {

constexpr std::array kCodecs{Codec::kH264, Codec::kH265, Codec::kMpeg2Video, Codec::kAv1,
                             Codec::kVp8,  Codec::kVp9,  Codec::kAac,        Codec::kMpegAudio,
                             Codec::kAc3,  Codec::kEac3, Codec::kOpus};

void require(bool promise) {
  if (!promise) std::abort();
}

// What a packager does with a track: its configuration must read back.
void check_track(const Track& track) {
  switch (track.codec) {
    case Codec::kH264:
      require(h264::parse_avcc(track.config).has_value());
      break;
    case Codec::kH265:
      require(h265::parse_hvcc(track.config).has_value());
      break;
    case Codec::kAac:
      require(aac::parse_config(track.config).has_value());
      break;
    case Codec::kOpus:
      require(opus::parse_dops(track.config).has_value());
      break;
    case Codec::kAv1:
      require(av1::sequence_obu_of(track.config).has_value());
      break;
    default:
      break;
  }
  require(!track.rfc6381.empty());
  if (content_of(track.codec) == Content::kVideo)
    require(track.width > 0 && track.height > 0 && track.sar_width > 0 && track.sar_height > 0 &&
            track.fps_den > 0);
  else
    require(track.sample_rate > 0 && track.channels > 0);
  require(track.frame_duration >= Ticks());
}

void check_unit(Codec codec, const AccessUnit& unit) {
  Bytes payload;
  for (ByteView piece : unit.pieces) payload.insert(payload.end(), piece.begin(), piece.end());
  require(payload.size() == unit.size);
  if (codec != Codec::kH264 && codec != Codec::kH265) return;
  LengthPrefixedReader reader(payload, 4);
  for (ByteView nal; reader.next(nal);)
    if (codec == Codec::kH264)
      require(h264::nal_type(nal) != h264::kSps && h264::nal_type(nal) != h264::kPps);
  require(reader.ok());
}

void push(Canonicalizer& canonicalizer, Codec codec, ByteView unit) {
  auto result = canonicalizer.push(unit);
  if (!result) return;
  check_unit(codec, *result);
  if (canonicalizer.ready()) check_track(canonicalizer.track());
}

void push_audio_frames(Canonicalizer& canonicalizer, Codec codec, ByteView stream) {
  for (;;) {
    const AudioFrame frame = next_audio_frame(codec, stream, true);
    require(frame.skip + frame.size <= stream.size());
    if (frame.size == 0) return;
    push(canonicalizer, codec, stream.subspan(frame.skip, frame.size));
    stream = stream.subspan(frame.skip + frame.size);
  }
}

}  // namespace

void fuzz_codec(ByteView input) {
  if (input.size() < 4) return;
  const Codec codec = kCodecs[input[0] % kCodecs.size()];
  const bool prefixed = input[1] & 1, cut = input[1] & 2;
  const size_t unit_size = (input[2] + size_t{1}) * 4, config_size = input[3];
  input = input.subspan(4);
  Canonicalizer canonicalizer(codec);
  if (prefixed) canonicalizer.set_length_size(4);
  if (config_size > 0) {
    const ByteView config = input.first(std::min(config_size, input.size()));
    input = input.subspan(config.size());
    if (canonicalizer.set_config(config) && canonicalizer.ready()) check_track(canonicalizer.track());
  }
  if (codec == Codec::kMpegAudio || codec == Codec::kAc3 || codec == Codec::kEac3 ||
      (codec == Codec::kAac && !cut))
    return push_audio_frames(canonicalizer, codec, input);
  if (!cut) return push(canonicalizer, codec, input);
  for (; !input.empty(); input = input.subspan(std::min(unit_size, input.size())))
    push(canonicalizer, codec, input.first(std::min(unit_size, input.size())));
}

}  // namespace m4f
