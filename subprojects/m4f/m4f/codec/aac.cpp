#include "m4f/codec/aac.h"

#include <array>
#include <cassert>

#include "m4f/codec/nal.h"

namespace m4f::aac {
namespace {

constexpr std::array<uint32_t, 13> kRates{96000, 88200, 64000, 48000, 44100, 32000, 24000,
                                          22050, 16000, 12000, 11025, 8000,  7350};
constexpr uint32_t kExplicitRate = 15;
constexpr uint8_t kSbr = 5, kPs = 29;

uint8_t channels_of(uint8_t channel_config) {  // table 1.19
  constexpr std::array<uint8_t, 15> kChannels{0, 1, 2, 3, 4, 5, 6, 8, 0, 0, 0, 7, 8, 24, 8};
  return channel_config < kChannels.size() ? kChannels[channel_config] : 0;
}

uint8_t read_object_type(BitReader& in) {
  const uint32_t type = in.bits(5);
  return static_cast<uint8_t>(type == 31 ? 32 + in.bits(6) : type);
}

uint32_t read_rate(BitReader& in) {
  const uint32_t index = in.bits(4);
  if (index == kExplicitRate) return in.bits(24);
  return index < kRates.size() ? kRates[index] : 0;
}

// Appends bits to bytes.
class BitWriter {
 public:
  explicit BitWriter(Bytes& out) : out_(out) {}
  void bits(uint64_t value, unsigned n) {
    while (n-- > 0) {
      if (used_ == 0) out_.push_back(0);
      out_.back() = static_cast<uint8_t>(out_.back() | (value >> n & 1) << (7 - used_));
      used_ = (used_ + 1) % 8;
    }
  }
  void align() { used_ = 0; }

 private:
  Bytes& out_;
  unsigned used_ = 0;
};

// Counts the channels of a program_config_element (4.4.1.1) and, with `out`, copies it.
Result<uint8_t> read_program_config(BitReader& in, BitWriter* out) {
  auto take = [&](unsigned n) {
    const uint32_t value = in.bits(n);
    if (out) out->bits(value, n);
    return value;
  };
  take(4 + 2 + 4);
  const uint32_t front = take(4), side = take(4), back = take(4), lfe = take(2), data = take(3),
                 coupling = take(4);
  if (take(1)) take(4);  // mixdowns
  if (take(1)) take(4);
  if (take(1)) take(3);
  uint32_t channels = lfe;
  for (uint32_t i = 0; i < front + side + back; ++i) {
    channels += 1 + take(1);
    take(4);
  }
  take(4 * lfe);
  take(4 * data);
  for (uint32_t i = 0; i < coupling; ++i) take(5);
  if (!in.ok()) return error(Errc::kTruncated, "the program config element ends within its fields");
  if (out) {  // byte_alignment and no comment
    out->align();
    out->bits(0, 8);
  }
  if (channels == 0 || channels > 64)
    return error(Errc::kInvalid, "a program config element with {} channels", channels);
  return static_cast<uint8_t>(channels);
}

bool has_ga_config(uint8_t object_type) {
  return (object_type >= 1 && object_type <= 4) || object_type == 6 || object_type == 7 ||
         object_type == 17 || (object_type >= 19 && object_type <= 23);
}

}  // namespace

std::optional<uint8_t> rate_index(uint32_t sample_rate) {
  for (uint8_t i = 0; i < kRates.size(); ++i)
    if (kRates[i] == sample_rate) return i;
  return std::nullopt;
}

Result<Config> parse_config(ByteView asc) {
  BitReader in(asc);
  Config config;
  config.object_type = read_object_type(in);
  config.core_sample_rate = config.sample_rate = read_rate(in);
  config.channel_config = static_cast<uint8_t>(in.bits(4));
  if (config.object_type == kSbr || config.object_type == kPs) {  // hierarchical signalling
    config.sbr = true;
    config.ps = config.object_type == kPs;
    config.sample_rate = read_rate(in);
    config.object_type = read_object_type(in);
  }
  if (!in.ok()) return error(Errc::kTruncated, "the AudioSpecificConfig ends within its head");
  if (config.core_sample_rate == 0 || config.sample_rate == 0 || config.core_sample_rate > 192000 ||
      config.sample_rate > 192000)
    return error(Errc::kInvalid, "AudioSpecificConfig with a sample rate nobody has");
  config.channels = channels_of(config.channel_config);
  if (has_ga_config(config.object_type)) {  // GASpecificConfig, 4.4.1
    const bool short_frame = in.flag();
    config.frame_samples = config.object_type == 23 ? (short_frame ? 480 : 512) : short_frame ? 960 : 1024;
    if (in.flag()) in.skip(14);
    const bool extension = in.flag();
    if (config.channel_config == 0) {
      auto channels = read_program_config(in, nullptr);
      if (!channels) return tl::unexpected(std::move(channels.error()));
      config.channels = *channels;
      // The element's alignment and comment follow; nobody has been seen to put an extension behind them.
      return config;
    }
    if (config.object_type == 6 || config.object_type == 20) in.skip(3);
    if (extension) {
      if (config.object_type == 22) in.skip(16);
      if (config.object_type == 17 || config.object_type == 19 || config.object_type == 20 ||
          config.object_type == 23)
        in.skip(3);
      in.skip(1);
    }
    if (!in.ok()) return error(Errc::kTruncated, "the AudioSpecificConfig ends within its GASpecificConfig");
  }
  if (config.channels == 0)
    return error(Errc::kUnsupported, "AAC channel configuration {}", config.channel_config);
  constexpr uint32_t kSyncSbr = 0x2b7, kSyncPs = 0x548;
  if (!config.sbr && in.bits_left() >= 16 && in.bits(11) == kSyncSbr && read_object_type(in) == kSbr &&
      in.flag()) {
    const uint32_t rate = read_rate(in);
    if (in.ok() && rate > 0 && rate <= 192000) {
      config.sbr = true;
      config.sample_rate = rate;
      if (in.bits_left() >= 12 && in.bits(11) == kSyncPs) config.ps = in.flag();
    }
  }
  if (config.ps && config.channels == 1) config.channels = 2;
  return config;
}

namespace {

void write_head(BitWriter& w, uint8_t object_type, uint32_t sample_rate, uint8_t channel_config) {
  w.bits(object_type, 5);
  if (auto index = rate_index(sample_rate)) {
    w.bits(*index, 4);
  } else {
    w.bits(kExplicitRate, 4);
    w.bits(sample_rate, 24);
  }
  w.bits(channel_config, 4);
  w.bits(0, 3);  // 1024 samples, no core coder, no extension
}

}  // namespace

Bytes make_config(uint8_t object_type, uint32_t sample_rate, uint8_t channel_config) {
  assert(object_type >= 1 && object_type <= 4);
  Bytes out;
  BitWriter w(out);
  write_head(w, object_type, sample_rate, channel_config);
  return out;
}

Result<Bytes> config_of(const AdtsHeader& header, ByteView raw) {
  if (header.channel_config != 0)
    return make_config(header.object_type, header.sample_rate, header.channel_config);
  constexpr uint32_t kIdPce = 5;
  BitReader in(raw);
  if (in.bits(3) != kIdPce)
    return error(Errc::kInvalid, "ADTS names no channels and the frame begins with none");
  Bytes out;
  BitWriter w(out);
  write_head(w, header.object_type, header.sample_rate, 0);
  auto channels = read_program_config(in, &w);
  if (!channels) return tl::unexpected(std::move(channels.error()));
  return out;
}

std::string rfc6381(const Config& config) {
  return fmt::format("mp4a.40.{}", config.ps ? kPs : config.sbr ? kSbr : config.object_type);
}

Result<AdtsHeader> parse_adts(ByteView in) {
  if (in.size() < kAdtsHeaderSize)
    return error(Errc::kTruncated, "an ADTS header has 7 bytes, {} are there", in.size());
  if (!is_adts(in)) return error(Errc::kInvalid, "no ADTS sync word");
  AdtsHeader h;
  h.header_size = in[1] & 1 ? 7 : 9;
  h.object_type = static_cast<uint8_t>((in[2] >> 6) + 1);
  h.rate_index = in[2] >> 2 & 15;
  h.channel_config = static_cast<uint8_t>((in[2] & 1) << 2 | in[3] >> 6);
  h.frame_size = static_cast<uint16_t>((in[3] & 3) << 11 | in[4] << 3 | in[5] >> 5);
  h.blocks = static_cast<uint8_t>((in[6] & 3) + 1);
  if (h.rate_index >= kRates.size())
    return error(Errc::kInvalid, "ADTS sampling_frequency_index {}", h.rate_index);
  if (h.frame_size <= h.header_size) return error(Errc::kInvalid, "ADTS frame of {} bytes", h.frame_size);
  h.sample_rate = kRates[h.rate_index];
  return h;
}

Result<void> write_adts(const Config& config, size_t raw_size, uint8_t (&out)[kAdtsHeaderSize]) {
  const auto index = rate_index(config.core_sample_rate);
  const size_t size = raw_size + kAdtsHeaderSize;
  if (!index || config.object_type < 1 || config.object_type > 4 || config.channel_config > 7)
    return error(Errc::kUnsupported,
                 "ADTS has no place for AAC object type {} at {} Hz, channel configuration {}",
                 config.object_type, config.core_sample_rate, config.channel_config);
  if (size > kMaxAdtsFrame)
    return error(Errc::kLimit, "an AAC frame of {} bytes does not fit ADTS", raw_size);
  out[0] = 0xff;
  out[1] = 0xf1;
  out[2] = static_cast<uint8_t>((config.object_type - 1) << 6 | *index << 2 | config.channel_config >> 2);
  out[3] = static_cast<uint8_t>((config.channel_config & 3) << 6 | size >> 11);
  out[4] = static_cast<uint8_t>(size >> 3);
  out[5] = static_cast<uint8_t>((size & 7) << 5 | 0x1f);
  out[6] = 0xfc;
  return {};
}

}  // namespace m4f::aac
