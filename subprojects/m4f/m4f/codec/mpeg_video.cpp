#include "m4f/codec/mpeg_video.h"

#include <numeric>

#include "m4f/codec/nal.h"

namespace m4f::mpeg_video {
namespace {

void reduce(uint32_t& a, uint32_t& b) {
  const uint32_t divisor = std::gcd(a, b);
  if (divisor > 1) {
    a /= divisor;
    b /= divisor;
  }
}

struct Raw {
  uint32_t width, height, aspect, rate;
};

Raw read_header(BitReader& in) {
  Raw raw{};
  raw.width = in.bits(12);
  raw.height = in.bits(12);
  raw.aspect = in.bits(4);
  raw.rate = in.bits(4);
  return raw;
}

void set_rate(Sequence& s, uint32_t code, uint32_t times, uint32_t by) {
  static constexpr uint32_t kRates[9][2] = {{0, 1},  {24000, 1001}, {24, 1},       {25, 1}, {30000, 1001},
                                            {30, 1}, {50, 1},       {60000, 1001}, {60, 1}};
  if (code == 0 || code > 8) return;
  s.fps_num = kRates[code][0] * times;
  s.fps_den = kRates[code][1] * by;
  reduce(s.fps_num, s.fps_den);
}

void set_mpeg1_aspect(Sequence& s, uint32_t code) {  // ISO/IEC 11172-2 2.4.3.2: height : width, times 10000
  static constexpr uint32_t kAspect[15] = {10000, 10000, 6735,  7031,  7615,  8055,  8437, 8935,
                                           9157,  9815,  10255, 10695, 10950, 11575, 12015};
  s.sar_width = 10000;
  s.sar_height = code < 15 ? kAspect[code] : 10000;
  reduce(s.sar_width, s.sar_height);
}

void set_mpeg2_aspect(Sequence& s, uint32_t code) {  // 13818-2 table 6-3: display aspect ratios
  static constexpr uint32_t kDisplay[5][2] = {{0, 0}, {0, 0}, {4, 3}, {16, 9}, {221, 100}};
  s.sar_width = s.sar_height = 1;
  if (code < 2 || code > 4 || s.width == 0 || s.height == 0) return;
  s.sar_width = kDisplay[code][0] * s.height;
  s.sar_height = kDisplay[code][1] * s.width;
  reduce(s.sar_width, s.sar_height);
}

void read_extension(BitReader& in, const Raw& raw, Sequence& s) {  // 6.2.2.3
  s.mpeg2 = true;
  s.profile_level = static_cast<uint8_t>(in.bits(8));
  in.skip(1 + 2);
  s.width |= in.bits(2) << 12;
  s.height |= in.bits(2) << 12;
  in.skip(12 + 1 + 8);
  s.low_delay = in.flag();
  const uint32_t n = in.bits(2), d = in.bits(5);
  set_rate(s, raw.rate, n + 1, d + 1);
  set_mpeg2_aspect(s, raw.aspect);
}

}  // namespace

Picture parse_picture(ByteView au) {
  constexpr uint8_t kPictureStart = 0x00, kFirstSlice = 0x01, kLastSlice = 0xaf, kSequence = 0xb3,
                    kExtension = 0xb5;
  constexpr uint32_t kSequenceExtension = 1;
  Picture picture;
  Raw raw{};
  for (size_t at = find_start_code(au); at + 3 < au.size(); at = find_start_code(au, at + 3)) {
    const uint8_t code = au[at + 3];
    BitReader in(au.subspan(at + 4));
    if (code >= kFirstSlice && code <= kLastSlice) break;
    if (code == kSequence) {
      raw = read_header(in);
      if (!in.ok() || raw.width == 0 || raw.height == 0) continue;
      Sequence s;
      s.width = raw.width;
      s.height = raw.height;
      set_rate(s, raw.rate, 1, 1);
      set_mpeg1_aspect(s, raw.aspect);
      picture.sequence = s;
    } else if (code == kExtension && picture.sequence && !picture.type && in.bits(4) == kSequenceExtension) {
      Sequence s = *picture.sequence;
      read_extension(in, raw, s);
      if (in.ok()) picture.sequence = s;
    } else if (code == kPictureStart && !picture.type) {
      in.skip(10);
      const uint32_t type = in.bits(3);
      if (in.ok() && type >= 1 && type <= 4) picture.type = static_cast<PictureType>(type);
    }
  }
  return picture;
}

std::string rfc6381(const Sequence& sequence) {  // object types of ISO/IEC 14496-1 table 5
  if (!sequence.mpeg2) return "mp4v.6a";
  if (sequence.profile_level & 0x80) return "mp4v.65";  // 4:2:2
  const unsigned profile = sequence.profile_level >> 4 & 7;
  return fmt::format("mp4v.{:x}", profile >= 1 && profile <= 5 ? 0x65 - profile : 0x61u);
}

}  // namespace m4f::mpeg_video
