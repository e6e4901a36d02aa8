#include "m4f/codec/vpx.h"

#include "m4f/codec/nal.h"

namespace m4f::vpx {

Result<FrameHeader> parse_vp8(ByteView frame) {
  if (frame.empty()) return error(Errc::kTruncated, "an empty VP8 frame");
  FrameHeader h;
  h.key = !(frame[0] & 1);
  if (!h.key) return h;
  if (frame.size() < 10)
    return error(Errc::kTruncated, "a VP8 key frame has a header of 10 bytes, {} are there", frame.size());
  if (frame[3] != 0x9d || frame[4] != 0x01 || frame[5] != 0x2a)
    return error(Errc::kInvalid, "no VP8 start code");
  h.width = static_cast<uint32_t>(frame[6] | (frame[7] & 0x3f) << 8);
  h.height = static_cast<uint32_t>(frame[8] | (frame[9] & 0x3f) << 8);
  if (h.width == 0 || h.height == 0)
    return error(Errc::kInvalid, "a VP8 picture of {}x{}", h.width, h.height);
  return h;
}

Result<FrameHeader> parse_vp9(ByteView frame) {
  BitReader in(frame);
  FrameHeader h;
  if (in.bits(2) != 2) return error(Errc::kInvalid, "no VP9 frame marker");
  const uint32_t low = in.bits(1), high = in.bits(1);
  h.profile = static_cast<uint8_t>(high << 1 | low);
  if (h.profile == 3) in.skip(1);
  if (in.flag()) return h;  // show_existing_frame
  h.key = !in.flag();
  in.skip(2);
  if (!in.ok()) return error(Errc::kTruncated, "the VP9 frame ends within its header");
  if (!h.key) return h;
  if (in.bits(24) != 0x498342) return error(Errc::kInvalid, "no VP9 sync code");
  if (h.profile >= 2) h.bit_depth = in.flag() ? 12 : 10;
  const uint32_t color_space = in.bits(3);
  // Color space to the code points of ISO/IEC 23091-2; transfer follows the primaries.
  static constexpr uint8_t kPrimaries[8] = {2, 6, 1, 6, 7, 9, 2, 1},
                           kTransfer[8] = {2, 6, 1, 6, 7, 14, 2, 13}, kMatrix[8] = {2, 6, 1, 6, 7, 9, 2, 0};
  h.color_primaries = kPrimaries[color_space];
  h.transfer = kTransfer[color_space];
  h.matrix = kMatrix[color_space];
  constexpr uint32_t kSrgb = 7;
  if (color_space != kSrgb) {
    h.full_range = in.flag();
    if (h.profile & 1) {
      const bool x = in.flag(), y = in.flag();
      in.skip(1);
      h.subsampling = x && y ? 1 : x ? 2 : 3;
    }
  } else {
    h.full_range = true;
    h.subsampling = 3;
    if (h.profile & 1) in.skip(1);
  }
  h.width = in.bits(16) + 1;
  h.height = in.bits(16) + 1;
  if (!in.ok()) return error(Errc::kTruncated, "the VP9 key frame ends within its header");
  return h;
}

uint8_t vp9_level(uint32_t width, uint32_t height, uint32_t fps_num, uint32_t fps_den) {
  struct Limit {
    uint8_t level;
    uint64_t rate, size;
  };
  static constexpr Limit kLimits[] = {
      {10, 829440, 36864},       {11, 2764800, 73728},      {20, 4608000, 122880},
      {21, 9216000, 245760},     {30, 20736000, 552960},    {31, 36864000, 983040},
      {40, 83558400, 2228224},   {41, 160432128, 2228224},  {50, 311951360, 8912896},
      {51, 588251136, 8912896},  {52, 1176502272, 8912896}, {60, 1176502272, 35651584},
      {61, 2353004544, 35651584}};
  const uint64_t size = uint64_t{width} * height;
  // Half rates like 30000/1001 round up; an unknown rate is taken for 30.
  const uint64_t fps = fps_num == 0 || fps_den == 0 ? 30 : (uint64_t{fps_num} + fps_den - 1) / fps_den;
  for (const Limit& l : kLimits)
    if (size <= l.size && size * fps <= l.rate) return l.level;
  return 62;
}

Bytes make_vpcc(const FrameHeader& h, uint8_t level) {
  Bytes out;
  ByteWriter w(out);
  w.u32(1u << 24);  // version 1, no flags
  w.u8(h.profile);
  w.u8(level);
  w.u8(static_cast<uint32_t>(h.bit_depth) << 4 | static_cast<uint32_t>(h.subsampling) << 1 |
       (h.full_range ? 1u : 0u));
  w.u8(h.color_primaries);
  w.u8(h.transfer);
  w.u8(h.matrix);
  w.u16(0);
  return out;
}

std::string rfc6381(const FrameHeader& h, uint8_t level) {
  return fmt::format("vp09.{:02}.{:02}.{:02}", h.profile, level, h.bit_depth);
}

}  // namespace m4f::vpx
