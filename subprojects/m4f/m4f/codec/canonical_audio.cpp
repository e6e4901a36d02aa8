// Audio to raw frames with their configuration.
#include <algorithm>

#include "m4f/codec/aac.h"
#include "m4f/codec/ac3.h"
#include "m4f/codec/canonical_stream.h"
#include "m4f/codec/mpeg_audio.h"
#include "m4f/codec/opus.h"

namespace m4f {
namespace {

class AacStream : public CanonicalStream {
 public:
  Result<void> set_config(ByteView asc) override {
    auto config = aac::parse_config(asc);
    if (!config) return tl::unexpected(std::move(config.error()).within("AudioSpecificConfig"));
    use(*config, Bytes(asc.begin(), asc.end()));
    return {};
  }

  Result<AccessUnit> push(ByteView unit) override {
    // A raw frame cannot begin like an ADTS header: its first three bits would be the end marker.
    if (aac::is_adts(unit)) {
      auto header = aac::parse_adts(unit);
      if (!header) return tl::unexpected(std::move(header.error()));
      if (header->frame_size > unit.size())
        return error(Errc::kTruncated, "an ADTS frame of {} bytes, {} are there", header->frame_size,
                     unit.size());
      if (header->blocks != 1)
        return error(Errc::kUnsupported, "ADTS with {} frames under one header", header->blocks);
      unit = unit.subspan(header->header_size, header->frame_size - header->header_size);
      if (!adts_ || !adts_->same_format(*header)) {
        auto taken = take_header(*header, unit);
        if (!taken) return tl::unexpected(std::move(taken.error()));
      }
    }
    add(unit);
    AccessUnit out;
    out.key = true;
    out.samples = samples_;
    return out;
  }

 private:
  Result<void> take_header(const aac::AdtsHeader& header, ByteView raw) {
    // A configuration from outside that agrees says more (SBR), so it stays.
    const bool agrees = ready() && !adts_ && config_.core_sample_rate == header.sample_rate &&
                        config_.channel_config == header.channel_config;
    if (!agrees) {
      auto asc = aac::config_of(header, raw);
      if (!asc) return tl::unexpected(std::move(asc.error()));
      auto config = aac::parse_config(*asc);
      if (!config) return tl::unexpected(std::move(config.error()));
      use(*config, std::move(*asc));
    }
    adts_ = header;
    return {};
  }

  void use(const aac::Config& config, Bytes asc) {
    config_ = config;
    Track next;
    next.codec = Codec::kAac;
    next.rfc6381 = aac::rfc6381(config);
    next.config = std::move(asc);
    next.sample_rate = config.sample_rate;
    next.channels = config.channels;
    next.frame_duration = ticks_of(config.frame_samples, config.core_sample_rate, 1);
    samples_ =
        static_cast<uint32_t>(uint64_t{config.frame_samples} * config.sample_rate / config.core_sample_rate);
    adopt(std::move(next));
  }

  aac::Config config_;
  std::optional<aac::AdtsHeader> adts_;  // the last one seen
  uint32_t samples_ = 0;
};

class MpegAudioStream : public CanonicalStream {
 public:
  Result<void> set_config(ByteView) override { return {}; }

  Result<AccessUnit> push(ByteView unit) override {
    auto first = mpeg_audio::parse_header(unit);
    if (!first) return tl::unexpected(std::move(first.error()));
    if (!ready() || first->version != last_.version || first->layer != last_.layer ||
        first->sample_rate != last_.sample_rate || first->channels != last_.channels) {
      Track next;
      next.codec = Codec::kMpegAudio;
      next.rfc6381 = mpeg_audio::rfc6381(*first);
      next.sample_rate = first->sample_rate;
      next.channels = first->channels;
      next.frame_duration = ticks_of(first->samples, first->sample_rate, 1);
      adopt(std::move(next));
    }
    last_ = *first;
    AccessUnit out;
    out.key = true;
    for (ByteView rest = unit; auto header = mpeg_audio::parse_header(rest);) {
      out.samples += header->samples;
      rest = rest.subspan(std::min<size_t>(header->frame_size, rest.size()));
    }
    add(unit);
    return out;
  }

 private:
  mpeg_audio::Header last_;
};

class Ac3Stream : public CanonicalStream {
 public:
  explicit Ac3Stream(Codec codec) : codec_(codec) {}

  // What dac3 and dec3 say, the frames say too.
  Result<void> set_config(ByteView) override { return {}; }

  Result<AccessUnit> push(ByteView unit) override {
    auto first = ac3::parse_header(unit);
    if (!first) return tl::unexpected(std::move(first.error()));
    AccessUnit out;
    out.key = true;
    uint8_t dependent = 0;
    uint16_t chan_loc = 0;
    size_t size = 0;
    for (ByteView rest = unit; auto header = ac3::parse_header(rest);) {
      if (header->eac3 && header->stream_type == 1) {
        dependent = static_cast<uint8_t>(std::min(dependent + 1, 15));
        chan_loc |= header->chan_loc;
      } else if (!header->eac3 || header->substream == 0) {
        out.samples += header->samples;
      }
      size += header->frame_size;
      rest = rest.subspan(std::min<size_t>(header->frame_size, rest.size()));
    }
    const bool same = ready() && first->eac3 == last_.eac3 && first->fscod == last_.fscod &&
                      first->bsid == last_.bsid && first->acmod == last_.acmod && first->lfe == last_.lfe &&
                      first->sample_rate == last_.sample_rate && dependent == dependent_ &&
                      chan_loc == chan_loc_;
    if (!same) {
      Track next;
      next.codec = first->eac3 ? Codec::kEac3 : codec_;
      next.rfc6381 = next.codec == Codec::kEac3 ? "ec-3" : "ac-3";
      const uint64_t bitrate = out.samples == 0 ? 0 : uint64_t{size} * 8 * first->sample_rate / out.samples;
      next.config = next.codec == Codec::kEac3
                        ? ac3::make_dec3(*first, static_cast<uint32_t>(bitrate), dependent, chan_loc)
                        : ac3::make_dac3(*first);
      next.sample_rate = first->sample_rate;
      next.channels = first->channels + added_channels(chan_loc);
      next.frame_duration = ticks_of(out.samples, first->sample_rate, 1);
      adopt(std::move(next));
    }
    last_ = *first;
    dependent_ = dependent;
    chan_loc_ = chan_loc;
    add(unit);
    return out;
  }

 private:
  static uint32_t added_channels(
      uint16_t chan_loc) {  // pairs count twice: Lc/Rc, Lrs/Rrs, Lsd/Rsd, Lw/Rw, Lvh/Rvh
    constexpr uint16_t kPairs = 0x73;
    uint32_t count = 0;
    for (unsigned i = 0; i < 9; ++i)
      if (chan_loc >> i & 1) count += kPairs >> i & 1 ? 2 : 1;
    return count;
  }

  const Codec codec_;
  ac3::Header last_;
  uint8_t dependent_ = 0;
  uint16_t chan_loc_ = 0;
};

class OpusStream : public CanonicalStream {
 public:
  Result<void> set_config(ByteView config) override {
    auto head = as_text(config).starts_with("OpusHead") ? opus::parse_head(config) : opus::parse_dops(config);
    if (!head) return tl::unexpected(std::move(head.error()));
    use(*head);
    return {};
  }

  Result<AccessUnit> push(ByteView unit) override {
    AccessUnit out;
    out.key = true;
    out.samples = opus::packet_samples(unit);
    if (out.samples == 0) return error(Errc::kInvalid, "not an Opus packet");
    if (!ready())
      use(opus::head_of(
          static_cast<uint8_t>(hints.channels >= 1 && hints.channels <= 8 ? hints.channels : 2)));
    if (frame_samples_ != out.samples) {
      frame_samples_ = out.samples;
      Track next = track();
      next.frame_duration = ticks_of(out.samples, kRate, 1);
      adopt(std::move(next));
    }
    add(unit);
    return out;
  }

 private:
  static constexpr uint32_t kRate = 48000;  // always, whatever was encoded

  void use(const opus::Head& head) {
    Track next;
    next.codec = Codec::kOpus;
    next.rfc6381 = "opus";
    next.config = opus::make_dops(head);
    next.sample_rate = kRate;
    next.channels = head.channels;
    next.frame_duration = ticks_of(960, kRate, 1);
    adopt(std::move(next));
  }

  uint32_t frame_samples_ = 960;
};

}  // namespace

std::unique_ptr<CanonicalStream> make_aac_stream() {
  return std::make_unique<AacStream>();
}

std::unique_ptr<CanonicalStream> make_audio_stream(Codec codec) {
  if (codec == Codec::kMpegAudio) return std::make_unique<MpegAudioStream>();
  if (codec == Codec::kOpus) return std::make_unique<OpusStream>();
  return std::make_unique<Ac3Stream>(codec);
}

}  // namespace m4f
