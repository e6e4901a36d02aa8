// MPEG-1/2 video, AV1, VP8 and VP9: the frames stay as they are, their headers describe the track.
#include <algorithm>

#include "m4f/codec/av1.h"
#include "m4f/codec/canonical_stream.h"
#include "m4f/codec/mpeg_video.h"
#include "m4f/codec/vpx.h"

namespace m4f {
namespace {

void set_rate(Track& track, uint32_t num, uint32_t den, const CarrierHints& hints) {
  track.fps_num = num > 0 ? num : hints.fps_num;
  track.fps_den = num > 0 ? den : hints.fps_den;
  track.frame_duration = ticks_of(1, track.fps_num, track.fps_den);
}

class MpegVideoStream : public CanonicalStream {
 public:
  Result<void> set_config(ByteView config) override {  // some carriers put the sequence header there
    take(mpeg_video::parse_picture(config));
    return {};
  }

  Result<AccessUnit> push(ByteView unit) override {
    const auto picture = mpeg_video::parse_picture(unit);
    take(picture);
    AccessUnit out;
    if (!picture.type) return out;  // headers alone
    out.key = picture.sequence && picture.type == mpeg_video::PictureType::kI;
    add(unit);
    return out;
  }

 private:
  void take(const mpeg_video::Picture& picture) {
    if (!picture.sequence || (ready() && *picture.sequence == sequence_)) return;
    sequence_ = *picture.sequence;
    Track next;
    next.codec = sequence_.mpeg2 ? Codec::kMpeg2Video : Codec::kMpeg1Video;
    next.rfc6381 = mpeg_video::rfc6381(sequence_);
    next.width = sequence_.width;
    next.height = sequence_.height;
    next.sar_width = sequence_.sar_width;
    next.sar_height = sequence_.sar_height;
    set_rate(next, sequence_.fps_num, sequence_.fps_den, hints);
    adopt(std::move(next));
  }

  mpeg_video::Sequence sequence_;
};

class Av1Stream : public CanonicalStream {
 public:
  Result<void> set_config(ByteView av1c) override {
    auto obu = av1::sequence_obu_of(av1c);
    if (!obu)
      return obu.error().code == Errc::kNotFound ? Result<void>{} : tl::unexpected(std::move(obu.error()));
    av1::Obu parsed;
    av1::ObuReader(*obu).next(parsed);
    return take_sequence(parsed);
  }

  Result<AccessUnit> push(ByteView unit) override {
    AccessUnit out;
    bool frames = false;
    av1::ObuReader reader(unit);
    for (av1::Obu obu; reader.next(obu);) {
      if (obu.type == av1::kTemporalDelimiter || obu.type == av1::kPadding || obu.type == av1::kTileList)
        continue;
      if (obu.type == av1::kSequenceHeader)
        if (auto taken = take_sequence(obu); !taken) return tl::unexpected(std::move(taken.error()));
      if (!frames && (obu.type == av1::kFrame || obu.type == av1::kFrameHeader)) {
        frames = true;
        out.key = av1::is_key_frame(obu.payload, reduced_still_picture_);
      }
      add(obu.whole);
    }
    if (!reader.ok()) return error(Errc::kTruncated, "an OBU ends behind its temporal unit");
    return out;
  }

 private:
  Result<void> take_sequence(const av1::Obu& obu) {
    if (ready() && std::ranges::equal(obu.whole, sequence_)) return {};
    auto s = av1::parse_sequence(obu.payload);
    if (!s) return tl::unexpected(std::move(s.error()));
    sequence_.assign(obu.whole.begin(), obu.whole.end());
    reduced_still_picture_ = s->reduced_still_picture;
    Track next;
    next.codec = Codec::kAv1;
    next.rfc6381 = av1::rfc6381(*s);
    next.config = av1::make_av1c(*s, obu.whole);
    next.width = s->width;
    next.height = s->height;
    set_rate(next, s->fps_num, s->fps_den, hints);
    adopt(std::move(next));
    return {};
  }

  Bytes sequence_;  // OBU
  bool reduced_still_picture_ = false;
};

class VpxStream : public CanonicalStream {
 public:
  explicit VpxStream(Codec codec) : codec_(codec) {}

  Result<void> set_config(ByteView) override { return {}; }  // the key frames say as much

  Result<AccessUnit> push(ByteView unit) override {
    auto header = codec_ == Codec::kVp8 ? vpx::parse_vp8(unit) : vpx::parse_vp9(unit);
    if (!header) return tl::unexpected(std::move(header.error()));
    if (header->key && !(ready() && *header == last_)) {
      const uint8_t level = vpx::vp9_level(header->width, header->height, hints.fps_num, hints.fps_den);
      Track next;
      next.codec = codec_;
      next.rfc6381 = codec_ == Codec::kVp8 ? "vp08.00.10.08" : vpx::rfc6381(*header, level);
      if (codec_ == Codec::kVp9) next.config = vpx::make_vpcc(*header, level);
      next.width = header->width;
      next.height = header->height;
      set_rate(next, 0, 1, hints);
      adopt(std::move(next));
      last_ = *header;
    }
    AccessUnit out;
    out.key = header->key;
    add(unit);
    return out;
  }

 private:
  const Codec codec_;
  vpx::FrameHeader last_;
};

}  // namespace

std::unique_ptr<CanonicalStream> make_video_stream(Codec codec) {
  if (codec == Codec::kAv1) return std::make_unique<Av1Stream>();
  if (codec == Codec::kVp8 || codec == Codec::kVp9) return std::make_unique<VpxStream>(codec);
  return std::make_unique<MpegVideoStream>();
}

}  // namespace m4f
