#include "m4f/codec/canonical.h"

#include <gtest/gtest.h>

#include "m4f/codec/aac.h"
#include "m4f/codec/mpeg_video.h"
#include "m4f/codec/test_streams.h"

namespace m4f {
namespace {

Bytes joined(const AccessUnit& unit) {
  Bytes out;
  for (ByteView piece : unit.pieces) out.insert(out.end(), piece.begin(), piece.end());
  EXPECT_EQ(out.size(), unit.size);
  return out;
}

struct Converted {
  std::string keys;
  size_t changes = 0;
  std::vector<Bytes> frames;
};

Converted convert(Canonicalizer& c, const std::vector<ByteView>& units) {
  Converted out;
  for (ByteView unit : units) {
    auto result = c.push(unit);
    EXPECT_TRUE(result) << result.error().message();
    if (!result) continue;
    out.keys += result->key ? 'K' : '_';
    out.changes += result->format_changed;
    out.frames.push_back(joined(*result));
  }
  return out;
}

std::vector<uint8_t> nal_types(ByteView frame, bool h265) {
  std::vector<uint8_t> out;
  LengthPrefixedReader reader(frame, 4);
  for (ByteView nal; reader.next(nal);) out.push_back(h265 ? h265::nal_type(nal) : h264::nal_type(nal));
  EXPECT_TRUE(reader.ok());
  return out;
}

TEST(Canonicalizer, H264ByteStreamLosesDelimitersAndParameterSets) {
  const Bytes clip = read_clip("h264_open_gop.h264");
  Canonicalizer c(Codec::kH264);
  EXPECT_FALSE(c.ready());
  const Converted out = convert(c, split_byte_stream(clip, false));
  ASSERT_TRUE(c.ready());
  EXPECT_EQ(out.keys, "K______K_______K_____");
  EXPECT_EQ(out.changes, 1u);
  EXPECT_EQ(to_hex(c.track().config),
            "0164000affe100186764000aacd9472f8888c38400000fa40003a9803c48965801000568ef839cb0fdf8f800");
  EXPECT_EQ(c.track().rfc6381, "avc1.64000a");
  EXPECT_EQ(c.track().width, 98u);
  EXPECT_EQ(c.track().height, 66u);
  EXPECT_EQ(c.track().frame_duration, Ticks(3003));
  for (const Bytes& frame : out.frames)
    for (uint8_t type : nal_types(frame, false))
      EXPECT_TRUE(type == h264::kSlice || type == h264::kIdr || type == h264::kSei) << int{type};
}

// The forms meet in the same bytes, so that every path into the house gives the same segments.
TEST(Canonicalizer, LengthPrefixedGivesTheSameAsByteStream) {
  for (bool h265 : {false, true}) {
    const Bytes clip = read_clip(h265 ? "hevc_open_gop.h265" : "h264_open_gop.h264");
    Canonicalizer from_stream(h265 ? Codec::kH265 : Codec::kH264);
    const Converted expected = convert(from_stream, split_byte_stream(clip, h265));
    for (unsigned length_size : {1u, 2u, 4u}) {
      for (bool in_band : {false, true}) {
        SCOPED_TRACE(fmt::format("h265 {} lengths of {} in band {}", h265, length_size, in_band));
        Canonicalizer c(h265 ? Codec::kH265 : Codec::kH264);
        if (in_band) {
          c.set_length_size(length_size);
        } else {
          Bytes config = from_stream.track().config;
          config[h265 ? 21 : 4] = static_cast<uint8_t>((config[h265 ? 21 : 4] & 0xfc) | (length_size - 1));
          ASSERT_TRUE(c.set_config(config));
          EXPECT_TRUE(c.ready());
        }
        std::vector<Bytes> prefixed;
        bool fits = true;
        for (ByteView au : split_byte_stream(clip, h265)) {
          Bytes out;
          AnnexBReader reader(au);
          for (ByteView nal; reader.next(nal);) {
            fits = fits && nal.size() < (size_t{1} << (8 * length_size));
            for (unsigned i = length_size; i-- > 0;)
              out.push_back(static_cast<uint8_t>(nal.size() >> (8 * i)));
            out.insert(out.end(), nal.begin(), nal.end());
          }
          prefixed.push_back(std::move(out));
        }
        if (!fits) continue;
        const Converted got = convert(c, {prefixed.begin(), prefixed.end()});
        EXPECT_EQ(got.frames, expected.frames);
        EXPECT_EQ(got.keys, expected.keys);
        EXPECT_EQ(got.changes, 1u);
        EXPECT_EQ(c.track(), from_stream.track());
      }
    }
  }
}

TEST(Canonicalizer, H265OpenGop) {
  const Bytes clip = read_clip("hevc_open_gop.h265");
  Canonicalizer c(Codec::kH265);
  const Converted out = convert(c, split_byte_stream(clip, true));
  EXPECT_EQ(out.keys, "K______K_______K_____");
  EXPECT_EQ(out.changes, 1u);
  EXPECT_EQ(c.track().rfc6381, "hvc1.2.4.L60.90");
  EXPECT_EQ(c.track().width, 200u);
  EXPECT_EQ(c.track().height, 130u);
  EXPECT_EQ(c.track().config[0], 1);
  for (const Bytes& frame : out.frames)
    for (uint8_t type : nal_types(frame, true)) EXPECT_TRUE(h265::is_slice(type) || type == h265::kPrefixSei);
}

TEST(Canonicalizer, RepeatedIdenticalParameterSetsAreNoChange) {
  const Bytes clip = read_clip("h264_open_gop.h264");
  Canonicalizer c(Codec::kH264);
  EXPECT_EQ(convert(c, split_byte_stream(clip, false)).changes, 1u);
  EXPECT_EQ(convert(c, split_byte_stream(clip, false)).changes, 0u);
}

TEST(Canonicalizer, ChangedResolutionIsOneChangeAndForgetsTheOldSets) {
  const Bytes first = read_clip("h264_open_gop.h264"), second = read_clip("h264_interlaced.h264");
  Canonicalizer c(Codec::kH264), fresh(Codec::kH264);
  convert(c, split_byte_stream(first, false));
  const Converted out = convert(c, split_byte_stream(second, false));
  EXPECT_EQ(out.changes, 1u);
  EXPECT_EQ(c.track().width, 96u);
  EXPECT_EQ(c.track().height, 96u);
  convert(fresh, split_byte_stream(second, false));
  EXPECT_EQ(c.track().config, fresh.track().config);
}

TEST(Canonicalizer, UnitsWithoutParameterSetsAreNotReady) {
  Canonicalizer c(Codec::kH264);
  auto unit = c.push(from_hex("00000001658880"));
  ASSERT_TRUE(unit);
  EXPECT_FALSE(unit->format_changed);
  EXPECT_FALSE(c.ready());
}

TEST(Canonicalizer, BrokenLengthIsAnErrorAndTheNextUnitPlays) {
  const Bytes clip = read_clip("h264_open_gop.h264");
  Canonicalizer source(Codec::kH264);
  const Converted frames = convert(source, split_byte_stream(clip, false));
  Canonicalizer c(Codec::kH264);
  ASSERT_TRUE(c.set_config(source.track().config));
  Bytes broken = frames.frames[0];
  broken[0] = 0x7f;
  EXPECT_FALSE(c.push(broken));
  auto next = c.push(frames.frames[0]);
  ASSERT_TRUE(next);
  EXPECT_TRUE(next->key);
  EXPECT_EQ(next->pieces.size(), 1u);  // it lies as it should: one piece, the input itself
  EXPECT_EQ(joined(*next), frames.frames[0]);
}

TEST(Canonicalizer, SteadyStateAllocatesNothing) {
  const Bytes clip = read_clip("h264_open_gop.h264");
  const auto units = split_byte_stream(clip, false);
  Canonicalizer c(Codec::kH264);
  convert(c, units);
  const void* place = c.push(units[0])->pieces.data();
  for (ByteView unit : units) EXPECT_EQ(static_cast<const void*>(c.push(unit)->pieces.data()), place);
}

TEST(Canonicalizer, AdtsBecomesRawWithConfiguration) {
  for (auto [name, asc, rate, channels] : {std::tuple("aac_44100_stereo.adts", "1210", 44100u, 2u),
                                           std::tuple("aac_48000_51.adts", "11b0", 48000u, 6u)}) {
    const Bytes clip = read_clip(name);
    const auto units = split_audio(Codec::kAac, clip);
    Canonicalizer c(Codec::kAac);
    const Converted out = convert(c, units);
    EXPECT_EQ(out.changes, 1u);
    EXPECT_EQ(to_hex(c.track().config), asc);
    EXPECT_EQ(c.track().sample_rate, rate);
    EXPECT_EQ(c.track().channels, channels);
    EXPECT_EQ(c.track().rfc6381, "mp4a.40.2");
    for (size_t i = 0; i < units.size(); ++i)
      EXPECT_EQ(out.frames[i], Bytes(units[i].begin() + 7, units[i].end()));

    Canonicalizer raw(Codec::kAac);
    ASSERT_TRUE(raw.set_config(from_hex(asc)));
    const Converted same = convert(raw, {out.frames.begin(), out.frames.end()});
    EXPECT_EQ(same.frames, out.frames);
    EXPECT_EQ(raw.track(), c.track());
  }
}

TEST(Canonicalizer, AdtsKeepsAnAgreeingConfigurationFromOutside) {
  const Bytes clip = read_clip("aac_44100_stereo.adts");
  Canonicalizer c(Codec::kAac);
  ASSERT_TRUE(c.set_config(from_hex("121056e500")));
  EXPECT_EQ(convert(c, split_audio(Codec::kAac, clip)).changes, 1u);
  EXPECT_EQ(to_hex(c.track().config), "121056e500");
  const Bytes other = read_clip("aac_48000_51.adts");
  EXPECT_EQ(convert(c, split_audio(Codec::kAac, other)).changes, 1u);
  EXPECT_EQ(to_hex(c.track().config), "11b0");
}

TEST(Canonicalizer, OtherAudioIsDescribedByItsHeaders) {
  struct Case {
    Codec codec;
    const char *clip, *config, *rfc6381;
    uint32_t samples;
  };
  for (const Case& c : {Case{Codec::kMpegAudio, "audio.mp3", "", "mp4a.6B", 1152},
                        Case{Codec::kAc3, "audio.ac3", "1010c0", "ac-3", 1536},
                        Case{Codec::kEac3, "audio.eac3", "0300200400", "ec-3", 1536}}) {
    SCOPED_TRACE(c.clip);
    const Bytes clip = read_clip(c.clip);
    const auto units = split_audio(c.codec, clip);
    Canonicalizer canonicalizer(c.codec);
    const Converted out = convert(canonicalizer, units);
    EXPECT_EQ(out.changes, 1u);
    EXPECT_EQ(to_hex(canonicalizer.track().config), c.config);
    EXPECT_EQ(canonicalizer.track().rfc6381, c.rfc6381);
    EXPECT_EQ(canonicalizer.track().sample_rate, 48000u);
    EXPECT_EQ(canonicalizer.track().channels, 2u);
    for (size_t i = 0; i < units.size(); ++i) EXPECT_TRUE(std::ranges::equal(out.frames[i], units[i]));
    EXPECT_EQ(canonicalizer.push(units[0])->samples, c.samples);
  }
}

TEST(Canonicalizer, OpusWithAndWithoutHead) {
  const Bytes packet = from_hex("fc000102");
  Canonicalizer bare(Codec::kOpus), headed(Codec::kOpus);
  bare.set_audio_hint(48000, 6);
  ASSERT_TRUE(bare.push(packet));
  EXPECT_EQ(bare.track().channels, 6u);
  EXPECT_EQ(bare.track().frame_duration, Ticks(1800));
  ASSERT_TRUE(headed.set_config(from_hex("4f707573486561640102380180bb0000000000")));
  EXPECT_EQ(headed.push(packet)->samples, 960u);
  EXPECT_EQ(to_hex(headed.track().config), "000201380000bb80000000");
  EXPECT_FALSE(headed.push({}));
}

TEST(Canonicalizer, MpegVideo) {
  for (auto [name, codec, keys] : {std::tuple("mpeg2.m2v", Codec::kMpeg2Video, "K____K___K___K_"),
                                   std::tuple("mpeg1.m1v", Codec::kMpeg1Video, "K____K__")}) {
    SCOPED_TRACE(name);
    const Bytes clip = read_clip(name);
    Canonicalizer c(Codec::kMpeg2Video);
    const Converted out = convert(c, split_mpeg_video(clip));
    EXPECT_EQ(out.keys, keys);
    EXPECT_EQ(out.changes, 1u);
    EXPECT_EQ(c.track().codec, codec);
    EXPECT_EQ(c.track().width, 96u);
    EXPECT_EQ(c.track().height, 64u);
    EXPECT_EQ(c.track().fps_num, 25u);
    EXPECT_EQ(c.track().sar_width, codec == Codec::kMpeg2Video ? 32u : 1u);
    EXPECT_EQ(c.track().sar_height, codec == Codec::kMpeg2Video ? 27u : 1u);
    EXPECT_EQ(c.track().rfc6381, codec == Codec::kMpeg2Video ? "mp4v.61" : "mp4v.6a");
    size_t size = 0;
    for (const Bytes& frame : out.frames) size += frame.size();
    EXPECT_EQ(size, clip.size());
  }
}

TEST(Canonicalizer, Av1LosesTemporalDelimiters) {
  const Bytes clip = read_clip("av1.obu");
  std::vector<ByteView> units;
  const Bytes delimiter = from_hex("1200");
  size_t from = 0;
  for (size_t at = 2; at <= clip.size(); ++at) {
    if (at < clip.size() && !(clip.size() - at >= 2 && clip[at] == 0x12 && clip[at + 1] == 0)) continue;
    units.push_back(ByteView(clip).subspan(from, at - from));
    from = at;
  }
  Canonicalizer c(Codec::kAv1);
  const Converted out = convert(c, units);
  EXPECT_EQ(out.keys, "K___K___");
  EXPECT_EQ(out.changes, 1u);
  EXPECT_EQ(to_hex(c.track().config), "81000c000a0a000000032dffcfbf9004");
  EXPECT_EQ(c.track().rfc6381, "av01.0.00M.08");
  EXPECT_EQ(c.track().width, 96u);
  EXPECT_EQ(c.track().height, 64u);
  for (size_t i = 0; i < units.size(); ++i) EXPECT_EQ(out.frames[i].size() + 2, units[i].size());

  Canonicalizer configured(Codec::kAv1);
  ASSERT_TRUE(configured.set_config(c.track().config));
  EXPECT_TRUE(configured.ready());
  EXPECT_EQ(configured.track(), c.track());
}

TEST(Canonicalizer, Vp8AndVp9) {
  for (auto [name, codec] : {std::pair("vp8.ivf", Codec::kVp8), std::pair("vp9.ivf", Codec::kVp9)}) {
    SCOPED_TRACE(name);
    const Bytes clip = read_clip(name);
    Canonicalizer c(codec);
    c.set_video_hint(0, 0, 25, 1);
    const Converted out = convert(c, split_ivf(clip));
    EXPECT_EQ(out.keys, "K___K___");
    EXPECT_EQ(out.changes, 1u);
    EXPECT_EQ(c.track().width, 96u);
    EXPECT_EQ(c.track().height, 64u);
    EXPECT_EQ(c.track().frame_duration, Ticks(3600));
  }
  const Bytes clip = read_clip("vp9.ivf");
  Canonicalizer c(Codec::kVp9);
  c.set_video_hint(0, 0, 25, 1);
  convert(c, split_ivf(clip));
  EXPECT_EQ(to_hex(c.track().config), "01000000000a820202020000");
  EXPECT_EQ(c.track().rfc6381, "vp09.00.10.08");
}

}  // namespace
}  // namespace m4f
