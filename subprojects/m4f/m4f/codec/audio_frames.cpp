#include "m4f/codec/audio_frames.h"

#include <algorithm>

#include "m4f/codec/aac.h"
#include "m4f/codec/ac3.h"
#include "m4f/codec/mpeg_audio.h"

namespace m4f {
namespace {

struct Unit {
  size_t size = 0;  // 0 = no header here
  uint32_t samples = 0, sample_rate = 0;
  uint32_t format = 0;     // equal for headers of one stream
  bool dependent = false;  // E-AC-3: belongs to the unit before it
};

constexpr size_t kHeaderBytes = 8;  // enough for any of the headers

Unit unit_at(Codec codec, ByteView in) {
  switch (codec) {
    case Codec::kAac:
      if (auto h = aac::parse_adts(in))
        return {h->frame_size, 1024u * h->blocks, h->sample_rate, h->rate_index * 8u + h->channel_config,
                false};
      break;
    case Codec::kMpegAudio:
      if (auto h = mpeg_audio::parse_header(in))
        return {h->frame_size, h->samples, h->sample_rate, h->sample_rate * 4u + h->layer, false};
      break;
    case Codec::kAc3:
    case Codec::kEac3:
      // E-AC-3 may hold AC-3 frames as its independent substream.
      if (auto h = ac3::parse_header(in); h && (codec == Codec::kEac3 || !h->eac3))
        return {h->frame_size, h->samples, h->sample_rate, h->sample_rate, h->eac3 && h->stream_type == 1};
      break;
    default:
      break;
  }
  return {};
}

uint8_t first_sync_byte(Codec codec) {
  return codec == Codec::kAc3 || codec == Codec::kEac3 ? 0x0b : 0xff;
}

}  // namespace

AudioFrame next_audio_frame(Codec codec, ByteView in, bool at_end) {
  const uint8_t sync = first_sync_byte(codec);
  size_t at = 0;
  for (;; ++at) {
    const auto found = std::find(in.begin() + static_cast<ptrdiff_t>(at), in.end(), sync);
    at = static_cast<size_t>(found - in.begin());
    const ByteView here = in.subspan(at);
    if (here.size() < kHeaderBytes) {
      // A last frame can be smaller than the bytes that a header of its kind may need.
      const Unit tiny = at_end ? unit_at(codec, here) : Unit{};
      if (tiny.size > 0 && tiny.size == here.size()) return {at, tiny.size, tiny.samples, tiny.sample_rate};
      return {at_end ? in.size() : at, 0, 0, 0};
    }
    const Unit unit = unit_at(codec, here);
    if (unit.size == 0 || unit.dependent) continue;
    size_t size = unit.size;
    bool confirmed = false, broken = false;
    while (!confirmed && !broken && here.size() >= size + kHeaderBytes) {
      const Unit following = unit_at(codec, here.subspan(size));
      // In the middle of unknown bytes a chance match is likely; at a frame border the format may truly
      // change.
      broken = following.size == 0 || (at > 0 && following.format != unit.format);
      confirmed = !broken && !following.dependent;
      if (following.dependent) size += following.size;
    }
    if (broken) continue;
    if (confirmed || (at_end && here.size() >= size)) return {at, size, unit.samples, unit.sample_rate};
    if (!at_end) return {at, 0, 0, 0};
  }
}

}  // namespace m4f
