#include "m4f/codec/opus.h"

#include <cassert>

namespace m4f::opus {
namespace {

Result<Head> read_mapping(ByteReader& in, Head head) {
  if (!in.ok()) return error(Errc::kTruncated, "the Opus header ends within its fields");
  if (head.channels == 0) return error(Errc::kInvalid, "an Opus header without channels");
  if (head.mapping_family == 0) {
    if (head.channels > 2) return error(Errc::kInvalid, "{} Opus channels without a mapping", head.channels);
    head.streams = 1;
    head.coupled = head.channels == 2 ? 1 : 0;
    return head;
  }
  head.streams = in.u8();
  head.coupled = in.u8();
  ByteView mapping = in.bytes(head.channels);
  if (!in.ok()) return error(Errc::kTruncated, "the Opus header ends within its channel mapping");
  if (head.streams == 0 || head.coupled > head.streams || head.streams + head.coupled > 255)
    return error(Errc::kInvalid, "{} Opus streams, {} of them coupled", head.streams, head.coupled);
  head.mapping.assign(mapping.begin(), mapping.end());
  return head;
}

uint16_t swap16(uint16_t v) {
  return static_cast<uint16_t>(v << 8 | v >> 8);
}
uint32_t swap32(uint32_t v) {
  return static_cast<uint32_t>(swap16(static_cast<uint16_t>(v))) << 16 |
         swap16(static_cast<uint16_t>(v >> 16));
}

}  // namespace

Result<Head> parse_head(ByteView opus_head) {
  ByteReader in(opus_head);
  if (as_text(in.bytes(8)) != "OpusHead") return error(Errc::kInvalid, "not an OpusHead");
  if ((in.u8() & 0xf0) != 0) return error(Errc::kUnsupported, "OpusHead of a later version");
  Head head;  // little-endian
  head.channels = in.u8();
  head.pre_skip = swap16(in.u16());
  head.input_sample_rate = swap32(in.u32());
  head.output_gain = static_cast<int16_t>(swap16(in.u16()));
  head.mapping_family = in.u8();
  return read_mapping(in, std::move(head));
}

Result<Head> parse_dops(ByteView dops) {
  ByteReader in(dops);
  if (in.u8() != 0) return error(Errc::kUnsupported, "dOps of a later version");
  Head head;
  head.channels = in.u8();
  head.pre_skip = in.u16();
  head.input_sample_rate = in.u32();
  head.output_gain = static_cast<int16_t>(in.u16());
  head.mapping_family = in.u8();
  return read_mapping(in, std::move(head));
}

Head head_of(uint8_t channels) {
  assert(channels >= 1 && channels <= 8);
  struct Layout {
    uint8_t streams, coupled, mapping[8];
  };
  static constexpr Layout kVorbis[6] = {
      // RFC 7845 5.1.1.2, for 3 to 8 channels
      {2, 1, {0, 2, 1}},          {2, 2, {0, 1, 2, 3}},          {3, 2, {0, 4, 1, 2, 3}},
      {4, 2, {0, 4, 1, 2, 3, 5}}, {4, 3, {0, 4, 1, 2, 3, 5, 6}}, {5, 3, {0, 6, 1, 2, 3, 4, 5, 7}}};
  Head head;
  head.channels = channels;
  head.coupled = channels == 2 ? 1 : 0;
  if (channels > 2) {
    const Layout& layout = kVorbis[channels - 3];
    head.mapping_family = 1;
    head.streams = layout.streams;
    head.coupled = layout.coupled;
    head.mapping.assign(layout.mapping, layout.mapping + channels);
  }
  return head;
}

Bytes make_dops(const Head& head) {
  Bytes out;
  ByteWriter w(out);
  w.u8(0);
  w.u8(head.channels);
  w.u16(head.pre_skip);
  w.u32(head.input_sample_rate);
  w.u16(static_cast<uint16_t>(head.output_gain));
  w.u8(head.mapping_family);
  if (head.mapping_family != 0) {
    w.u8(head.streams);
    w.u8(head.coupled);
    w.bytes(head.mapping);
  }
  return out;
}

Bytes make_head(const Head& head) {
  Bytes out;
  ByteWriter w(out);
  w.text("OpusHead");
  w.u8(1);
  w.u8(head.channels);
  w.u16(swap16(head.pre_skip));
  w.u32(swap32(head.input_sample_rate));
  w.u16(swap16(static_cast<uint16_t>(head.output_gain)));
  w.u8(head.mapping_family);
  if (head.mapping_family != 0) {
    w.u8(head.streams);
    w.u8(head.coupled);
    w.bytes(head.mapping);
  }
  return out;
}

uint32_t packet_samples(ByteView packet) {
  if (packet.empty()) return 0;
  static constexpr uint32_t kSilk[4] = {480, 960, 1920, 2880}, kCelt[4] = {120, 240, 480, 960};
  const unsigned config = packet[0] >> 3, code = packet[0] & 3;
  const uint32_t frame = config < 12   ? kSilk[config & 3]
                         : config < 16 ? kSilk[config & 1]
                                       : kCelt[config & 3];
  uint32_t frames = code == 0 ? 1 : 2;
  if (code == 3) {
    if (packet.size() < 2) return 0;
    frames = packet[1] & 63;
  }
  constexpr uint32_t kMost = 5760;  // 120 ms
  return frame * frames > kMost ? 0 : frame * frames;
}

}  // namespace m4f::opus
