#include "m4f/codec/mpeg_audio.h"

namespace m4f::mpeg_audio {

Result<Header> parse_header(ByteView in) {
  if (in.size() < 4)
    return error(Errc::kTruncated, "an MPEG audio header has 4 bytes, {} are there", in.size());
  if (in[0] != 0xff || (in[1] & 0xe0) != 0xe0) return error(Errc::kInvalid, "no MPEG audio sync word");
  const unsigned version_bits = in[1] >> 3 & 3, layer_bits = in[1] >> 1 & 3;
  const unsigned rate_index = in[2] >> 4, sample_index = in[2] >> 2 & 3, padding = in[2] >> 1 & 1;
  if (version_bits == 1 || layer_bits == 0 || sample_index == 3)
    return error(Errc::kInvalid, "reserved MPEG audio header");
  if (rate_index == 15) return error(Errc::kInvalid, "forbidden MPEG audio bit rate");
  if (rate_index == 0) return error(Errc::kUnsupported, "free-format MPEG audio");

  // kbit/s by [MPEG-1 layer 1, 2, 3; MPEG-2 layer 1; MPEG-2 layers 2 and 3]
  static constexpr uint16_t kRates[5][15] = {
      {0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448},
      {0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384},
      {0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320},
      {0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256},
      {0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160}};
  static constexpr uint32_t kSampleRates[3] = {44100, 48000, 32000};

  Header h;
  h.version = version_bits == 3 ? 1 : version_bits == 2 ? 2 : 3;
  h.layer = static_cast<uint8_t>(4 - layer_bits);
  const bool lsf = h.version != 1;
  h.bitrate = kRates[lsf ? (h.layer == 1 ? 3 : 4) : h.layer - 1][rate_index] * 1000u;
  h.sample_rate = kSampleRates[sample_index] >> (h.version - 1);
  h.channels = in[3] >> 6 == 3 ? 1 : 2;
  h.samples = h.layer == 1 ? 384 : h.layer == 3 && lsf ? 576 : 1152;
  h.frame_size = h.layer == 1 ? (12 * h.bitrate / h.sample_rate + padding) * 4
                              : h.samples / 8 * h.bitrate / h.sample_rate + padding;
  return h;
}

std::string rfc6381(const Header& header) {
  return header.version == 1 ? "mp4a.6B" : "mp4a.69";
}

}  // namespace m4f::mpeg_audio
