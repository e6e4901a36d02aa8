#include "m4f/ts/layout.h"

#include <algorithm>

#include "m4f/codec/aac.h"
#include "m4f/codec/h264.h"
#include "m4f/codec/h265.h"
#include "m4f/ts/packager.h"

namespace m4f::ts {
namespace {

constexpr uint8_t kH264Aud[] = {0, 0, 0, 1, 0x09, 0xf0};        // primary_pic_type 7: any slice
constexpr uint8_t kH265Aud[] = {0, 0, 0, 1, 0x46, 0x01, 0x50};  // pic_type 2: any slice
constexpr size_t kMaxPesPayload = 65535 - 13;                   // of a PES packet that must tell its length

void add_annex_b(Bytes& out, const std::vector<ByteView>& nals) {
  for (ByteView nal : nals) {
    out.insert(out.end(), {0, 0, 0, 1});
    out.insert(out.end(), nal.begin(), nal.end());
  }
}

// Opus in MPEG-TS: control_header_prefix and au_size (255 per byte, then the rest).
size_t opus_header_size(size_t payload_size) {
  return 2 + payload_size / 255 + 1;
}

}  // namespace

TrackLayout::TrackLayout(const Track& track)
    : codec_(track.codec), video_(content_of(track.codec) == Content::kVideo) {
  carried_ = carries(codec_);
  switch (codec_) {
    case Codec::kH264:
      length_prefixed_ = true;
      delimiter_.assign(std::begin(kH264Aud), std::end(kH264Aud));
      if (auto config = h264::parse_avcc(track.config)) {
        add_annex_b(parameter_sets_, config->sps);
        add_annex_b(parameter_sets_, config->pps);
      }
      break;
    case Codec::kH265:
      length_prefixed_ = true;
      delimiter_.assign(std::begin(kH265Aud), std::end(kH265Aud));
      if (auto config = h265::parse_hvcc(track.config)) {
        add_annex_b(parameter_sets_, config->vps);
        add_annex_b(parameter_sets_, config->sps);
        add_annex_b(parameter_sets_, config->pps);
      }
      break;
    case Codec::kAac: {
      auto config = aac::parse_config(track.config);
      carried_ = config && aac::write_adts(*config, 0, adts_);
      break;
    }
    default:
      break;
  }
  // Table 2-22: MPEG audio has its own range, private formats share private_stream_1.
  if (video_)
    stream_id_ = 0xe0;
  else
    stream_id_ = codec_ == Codec::kAac || codec_ == Codec::kMpegAudio ? 0xc0 : 0xbd;
}

bool TrackLayout::fits(size_t payload_size) const {
  if (!carried_) return false;
  if (video_) return payload_size <= kMaxFrameSize;
  if (codec_ == Codec::kAac) return payload_size + aac::kAdtsHeaderSize <= aac::kMaxAdtsFrame;
  return prefix_size(false, payload_size) + payload_size <= kMaxPesPayload;
}

size_t TrackLayout::prefix_size(bool key, size_t payload_size) const {
  switch (codec_) {
    case Codec::kAac:
      return aac::kAdtsHeaderSize;
    case Codec::kOpus:
      return opus_header_size(payload_size);
    default:
      return delimiter_.size() + (key ? parameter_sets_.size() : 0);
  }
}

void TrackLayout::write_prefix(bool key, size_t payload_size, Bytes& out) const {
  if (codec_ == Codec::kAac) {
    const size_t size = payload_size + aac::kAdtsHeaderSize;  // 13 bits from bit 30 on
    uint8_t header[aac::kAdtsHeaderSize];
    std::copy(std::begin(adts_), std::end(adts_), header);
    header[3] = static_cast<uint8_t>((header[3] & 0xfc) | size >> 11);
    header[4] = static_cast<uint8_t>(size >> 3);
    header[5] = static_cast<uint8_t>((header[5] & 0x1f) | (size & 7) << 5);
    out.insert(out.end(), std::begin(header), std::end(header));
  } else if (codec_ == Codec::kOpus) {
    out.insert(out.end(), {0x7f, 0xe0});
    out.insert(out.end(), payload_size / 255, 0xff);
    out.push_back(static_cast<uint8_t>(payload_size % 255));
  } else {
    out.insert(out.end(), delimiter_.begin(), delimiter_.end());
    if (key) out.insert(out.end(), parameter_sets_.begin(), parameter_sets_.end());
  }
}

PsiSchedule::PsiSchedule(const SegmentHeader& header) {
  for (size_t i = 0; i < header.tracks.size(); ++i)
    if (header.tracks[i].id.content == Content::kVideo) {
      lead_ = i;
      break;
    }
}

}  // namespace m4f::ts
