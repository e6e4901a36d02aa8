#include "m4f/codec/av1.h"

#include "m4f/codec/nal.h"
#include "m4f/codec/vui.h"

namespace m4f::av1 {
namespace {

// Section numbers are those of the AV1 bitstream specification.
uint32_t uvlc(BitReader& in) {  // 4.10.3
  unsigned zeros = 0;
  while (in.ok() && !in.flag()) ++zeros;
  if (zeros >= 32) return UINT32_MAX;
  return static_cast<uint32_t>(in.bits64(zeros) + (uint64_t{1} << zeros) - 1);
}

void read_color(BitReader& in, Sequence& s) {  // 5.5.2
  constexpr uint8_t kBt709 = 1, kSrgb = 13, kIdentity = 0;
  const bool high_depth = in.flag();
  s.bit_depth = high_depth ? 10 : 8;
  if (s.profile == 2 && high_depth && in.flag()) s.bit_depth = 12;
  s.monochrome = s.profile != 1 && in.flag();
  if (in.flag()) {
    s.color_primaries = static_cast<uint8_t>(in.bits(8));
    s.transfer = static_cast<uint8_t>(in.bits(8));
    s.matrix = static_cast<uint8_t>(in.bits(8));
  }
  if (s.monochrome) {
    s.full_range = in.flag();
    return;
  }
  if (s.color_primaries == kBt709 && s.transfer == kSrgb && s.matrix == kIdentity) {
    s.full_range = true;
    s.subsampling_x = s.subsampling_y = false;
    return;
  }
  s.full_range = in.flag();
  if (s.profile == 1) {
    s.subsampling_x = s.subsampling_y = false;
  } else if (s.profile == 2 && s.bit_depth == 12) {
    s.subsampling_x = in.flag();
    s.subsampling_y = s.subsampling_x && in.flag();
  } else if (s.profile == 2) {
    s.subsampling_y = false;
  }
  if (s.subsampling_x && s.subsampling_y) s.chroma_sample_position = static_cast<uint8_t>(in.bits(2));
}

void read_operating_points(BitReader& in, Sequence& s) {  // 5.5.1
  bool decoder_model = false;
  unsigned delay_bits = 0;
  if (in.flag()) {  // timing_info
    const uint32_t units = in.bits(32), scale = in.bits(32);
    if (in.flag()) set_frame_rate(scale, uint64_t{units} * (uint64_t{uvlc(in)} + 1), s.fps_num, s.fps_den);
    decoder_model = in.flag();
    if (decoder_model) {
      delay_bits = in.bits(5) + 1;
      in.skip(32 + 5 + 5);
    }
  }
  const bool initial_delay = in.flag();
  const uint32_t points = in.bits(5) + 1;
  for (uint32_t i = 0; i < points && in.ok(); ++i) {
    in.skip(12);
    const uint8_t level = static_cast<uint8_t>(in.bits(5));
    const bool tier = level > 7 && in.flag();
    if (i == 0) {
      s.level = level;
      s.high_tier = tier;
    }
    if (decoder_model && in.flag()) in.skip(2 * size_t{delay_bits} + 1);
    if (initial_delay && in.flag()) in.skip(4);
  }
}

void skip_tools(BitReader& in) {  // enable_order_hint and what depends on it
  in.skip(4);                     // interintra, masked_compound, warped_motion, dual_filter
  const bool order_hint = in.flag();
  if (order_hint) in.skip(2);
  constexpr uint32_t kSelect = 2;
  const uint32_t screen_content = in.flag() ? kSelect : in.bits(1);
  if (screen_content > 0 && !in.flag()) in.skip(1);
  if (order_hint) in.skip(3);
}

}  // namespace

bool ObuReader::next(Obu& obu) {
  if (!ok_ || in_.empty()) return false;
  const uint8_t head = in_[0];
  const bool extension = head & 4;
  obu.has_size = head & 2;
  obu.type = head >> 3 & 15;
  size_t at = extension ? 2 : 1;
  ok_ = !(head & 0x80) && at <= in_.size();
  if (!ok_) return false;
  uint64_t size = in_.size() - at;
  if (obu.has_size) {  // leb128, 4.10.5
    size = 0;
    bool more = true;
    for (unsigned i = 0; i < 8 && more && at < in_.size(); ++i) {
      size |= static_cast<uint64_t>(in_[at] & 0x7f) << (7 * i);
      more = in_[at++] & 0x80;
    }
    ok_ = !more && size <= in_.size() - at;
    if (!ok_) return false;
  }
  obu.payload = in_.subspan(at, static_cast<size_t>(size));
  obu.whole = in_.first(at + static_cast<size_t>(size));
  in_ = in_.subspan(obu.whole.size());
  return true;
}

Result<Sequence> parse_sequence(ByteView payload) {
  BitReader in(payload);
  Sequence s;
  s.profile = static_cast<uint8_t>(in.bits(3));
  if (s.profile > 2) return error(Errc::kUnsupported, "AV1 profile {}", s.profile);
  in.skip(1);
  s.reduced_still_picture = in.flag();
  if (s.reduced_still_picture)
    s.level = static_cast<uint8_t>(in.bits(5));
  else
    read_operating_points(in, s);
  const uint32_t width_bits = in.bits(4) + 1, height_bits = in.bits(4) + 1;
  s.width = in.bits(width_bits) + 1;
  s.height = in.bits(height_bits) + 1;
  if (!s.reduced_still_picture && in.flag()) in.skip(4 + 3);  // frame ids
  in.skip(3);
  if (!s.reduced_still_picture) skip_tools(in);
  in.skip(3);  // superres, cdef, restoration
  read_color(in, s);
  if (!in.ok()) return error(Errc::kTruncated, "the AV1 sequence header ends within its fields");
  return s;
}

Bytes make_av1c(const Sequence& s, ByteView sequence_obu) {
  Bytes out;
  ByteWriter w(out);
  w.u8(0x81);
  w.u8(static_cast<uint32_t>(s.profile) << 5 | s.level);
  w.u8((s.high_tier ? 0x80u : 0u) | (s.bit_depth > 8 ? 0x40u : 0u) | (s.bit_depth == 12 ? 0x20u : 0u) |
       (s.monochrome ? 0x10u : 0u) | (s.subsampling_x ? 8u : 0u) | (s.subsampling_y ? 4u : 0u) |
       s.chroma_sample_position);
  w.u8(0);
  w.bytes(sequence_obu);
  return out;
}

Result<ByteView> sequence_obu_of(ByteView av1c) {
  if (av1c.size() < 4 || av1c[0] != 0x81) return error(Errc::kInvalid, "not an av1C of version 1");
  ObuReader reader(av1c.subspan(4));
  Obu obu;
  while (reader.next(obu))
    if (obu.type == kSequenceHeader) return obu.whole;
  return error(Errc::kNotFound, "av1C without a sequence header");
}

std::string rfc6381(const Sequence& s) {
  return fmt::format("av01.{}.{:02}{}.{:02}", s.profile, s.level, s.high_tier ? 'H' : 'M', s.bit_depth);
}

bool is_key_frame(ByteView payload, bool reduced_still_picture) {  // 5.9.2
  if (payload.empty()) return false;
  if (reduced_still_picture) return true;
  const bool show_existing = payload[0] & 0x80, show = payload[0] & 0x10;
  return !show_existing && (payload[0] >> 5 & 3) == 0 && show;
}

}  // namespace m4f::av1
