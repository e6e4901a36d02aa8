#include <gtest/gtest.h>

#include "m4f/codec/aac.h"
#include "m4f/codec/ac3.h"
#include "m4f/codec/audio_frames.h"
#include "m4f/codec/mpeg_audio.h"
#include "m4f/codec/opus.h"
#include "m4f/codec/test_streams.h"

namespace m4f {
namespace {

TEST(AacConfig, ReadsEverySignalling) {
  struct Case {
    const char* asc;
    uint32_t core_rate, rate, channels;
    const char* rfc6381;
    uint16_t samples;
  };
  const Case cases[] = {
      {"1210", 44100, 44100, 2, "mp4a.40.2", 1024},
      {"11b0", 48000, 48000, 6, "mp4a.40.2", 1024},
      {"1190", 48000, 48000, 2, "mp4a.40.2", 1024},
      {"1214", 44100, 44100, 2, "mp4a.40.2", 960},
      {"2b118800", 24000, 48000, 2, "mp4a.40.5", 1024},    // hierarchical SBR
      {"131056e598", 24000, 48000, 2, "mp4a.40.5", 1024},  // backward compatible SBR
      {"eb098800", 24000, 48000, 2, "mp4a.40.29", 1024},   // PS: one coded channel
      {"1180", 48000, 48000, 0, nullptr, 0},               // channel configuration 0 without its element
  };
  for (const Case& c : cases) {
    SCOPED_TRACE(c.asc);
    auto config = aac::parse_config(from_hex(c.asc));
    ASSERT_EQ(config.has_value(), c.rfc6381 != nullptr);
    if (!config) continue;
    EXPECT_EQ(config->core_sample_rate, c.core_rate);
    EXPECT_EQ(config->sample_rate, c.rate);
    EXPECT_EQ(config->channels, c.channels);
    EXPECT_EQ(aac::rfc6381(*config), c.rfc6381);
    EXPECT_EQ(config->frame_samples, c.samples);
  }
  for (const char* bad : {"", "12", "17ff", "f8", "1200"})
    EXPECT_FALSE(aac::parse_config(from_hex(bad))) << bad;
}

TEST(AacConfig, OddSampleRateIsWrittenOut) {
  auto config = aac::parse_config(aac::make_config(2, 47952, 2));
  ASSERT_TRUE(config);
  EXPECT_EQ(config->sample_rate, 47952u);
  EXPECT_EQ(config->channels, 2u);
  EXPECT_EQ(to_hex(aac::make_config(2, 44100, 2)), "1210");
}

TEST(Adts, ClipSplitsIntoItsFrames) {
  const Bytes clip = read_clip("aac_44100_stereo.adts");
  const std::vector<size_t> sizes{140, 237, 160, 149, 152, 177, 163, 203, 192, 208, 197, 173, 227, 179};
  const auto frames = split_audio(Codec::kAac, clip);
  ASSERT_EQ(frames.size(), sizes.size());
  for (size_t i = 0; i < sizes.size(); ++i) EXPECT_EQ(frames[i].size(), sizes[i]);
}

TEST(Adts, WrittenHeaderReadsBack) {
  auto config = aac::parse_config(from_hex("11b0"));
  ASSERT_TRUE(config);
  uint8_t header[aac::kAdtsHeaderSize];
  for (size_t size : {1, 500, 8184}) {
    ASSERT_TRUE(aac::write_adts(*config, size, header));
    auto read = aac::parse_adts(header);
    ASSERT_TRUE(read);
    EXPECT_EQ(read->frame_size, size + 7);
    EXPECT_EQ(read->header_size, 7);
    EXPECT_EQ(read->sample_rate, 48000u);
    EXPECT_EQ(read->channel_config, 6);
  }
  EXPECT_FALSE(aac::write_adts(*config, 8185, header));
  config->core_sample_rate = 47952;
  EXPECT_FALSE(aac::write_adts(*config, 100, header));
}

TEST(Adts, ChannelsOfAProgramConfigElementAreCopied) {
  // id 5, tag 0, LC, 48 kHz, front: one pair, no others, no mixdowns.
  // 101 0000 01 0011 0001 0000 0000 00 000 0000 000 1 0000
  const Bytes raw = from_hex("a09880000400");
  aac::AdtsHeader header;
  header.sample_rate = 48000;
  header.channel_config = 0;
  auto asc = aac::config_of(header, raw);
  ASSERT_TRUE(asc) << asc.error().message();
  auto config = aac::parse_config(*asc);
  ASSERT_TRUE(config) << config.error().message();
  EXPECT_EQ(config->channels, 2);
  EXPECT_EQ(config->channel_config, 0);
  EXPECT_FALSE(aac::config_of(header, from_hex("2198")));
}

TEST(AudioFrames, JunkBeforeAFrameIsSkipped) {
  const Bytes clip = read_clip("aac_44100_stereo.adts");
  Bytes noisy = from_hex("00fff1fffb0b77ff");
  noisy.insert(noisy.end(), clip.begin(), clip.end());
  const AudioFrame frame = next_audio_frame(Codec::kAac, noisy, false);
  EXPECT_EQ(frame.skip, 8u);
  EXPECT_EQ(frame.size, 140u);
  EXPECT_EQ(frame.samples, 1024u);
  EXPECT_EQ(frame.sample_rate, 44100u);
}

TEST(AudioFrames, AnyCutGivesTheSameFrames) {
  for (auto [codec, name] :
       {std::pair(Codec::kAac, "aac_44100_stereo.adts"), std::pair(Codec::kMpegAudio, "audio.mp3"),
        std::pair(Codec::kAc3, "audio.ac3"), std::pair(Codec::kEac3, "audio.eac3")}) {
    SCOPED_TRACE(name);
    const Bytes clip = read_clip(name);
    const auto expected = split_audio(codec, clip);
    EXPECT_GE(expected.size(), 7u);
    Bytes waiting;
    size_t count = 0;
    for (size_t i = 0; i < clip.size(); ++i) {
      waiting.push_back(clip[i]);
      const AudioFrame frame = next_audio_frame(codec, waiting, i + 1 == clip.size());
      if (frame.size == 0) continue;
      ASSERT_LT(count, expected.size());
      EXPECT_EQ(frame.skip, 0u);
      EXPECT_TRUE(std::ranges::equal(expected[count], ByteView(waiting).first(frame.size)));
      ++count;
      waiting.erase(waiting.begin(), waiting.begin() + static_cast<ptrdiff_t>(frame.size));
    }
    const AudioFrame last = next_audio_frame(codec, waiting, true);
    EXPECT_EQ(count + (last.size > 0 ? 1 : 0), expected.size());
  }
}

TEST(MpegAudio, HeaderTable) {
  auto mp3 = mpeg_audio::parse_header(from_hex("fffb9064"));  // 128 kbit/s, 44.1 kHz, joint stereo
  ASSERT_TRUE(mp3);
  EXPECT_EQ(mp3->layer, 3);
  EXPECT_EQ(mp3->frame_size, 417u);
  EXPECT_EQ(mp3->samples, 1152u);
  EXPECT_EQ(mpeg_audio::rfc6381(*mp3), "mp4a.6B");
  auto lsf = mpeg_audio::parse_header(from_hex("fff384c4"));  // MPEG-2 layer 3, 64 kbit/s, 24 kHz, mono
  ASSERT_TRUE(lsf);
  EXPECT_EQ(lsf->sample_rate, 24000u);
  EXPECT_EQ(lsf->samples, 576u);
  EXPECT_EQ(lsf->frame_size, 192u);
  EXPECT_EQ(lsf->channels, 1u);
  EXPECT_EQ(mpeg_audio::rfc6381(*lsf), "mp4a.69");
  auto mp2 = mpeg_audio::parse_header(from_hex("fffda404"));  // layer 2, 192 kbit/s, 48 kHz
  ASSERT_TRUE(mp2);
  EXPECT_EQ(mp2->frame_size, 576u);
  for (const char* bad : {"fffb", "fffbf064", "fffb0064", "fffb9c64", "ffeb9064", "fff99064"})
    EXPECT_FALSE(mpeg_audio::parse_header(from_hex(bad))) << bad;
}

TEST(Ac3, BoxesAreByteForByteWhatOtherMuxersWrite) {
  auto ac3 = ac3::parse_header(read_clip("audio.ac3"));
  ASSERT_TRUE(ac3);
  EXPECT_EQ(ac3->frame_size, 384u);
  EXPECT_EQ(ac3->channels, 2u);
  EXPECT_EQ(ac3->sample_rate, 48000u);
  EXPECT_EQ(to_hex(ac3::make_dac3(*ac3)), "1010c0");
  auto eac3 = ac3::parse_header(read_clip("audio.eac3"));
  ASSERT_TRUE(eac3);
  EXPECT_TRUE(eac3->eac3);
  EXPECT_EQ(eac3->samples, 1536u);
  EXPECT_EQ(to_hex(ac3::make_dec3(*eac3, 96000)), "0300200400");
  EXPECT_EQ(to_hex(ac3::make_dec3(*eac3, 96000, 1, 0x102)), "030020040302");
}

TEST(Ac3, FrameSizesOfAllRates) {  // ETSI TS 102 366 table 4.13, samples of it
  struct Case {
    const char* header;
    uint32_t size;
  };
  for (const Case& c :
       {Case{"0b7700000040e100", 128}, Case{"0b77000040404000", 138}, Case{"0b77000041404000", 140},
        Case{"0b77000080404000", 192}, Case{"0b77000025404000", 2560}, Case{"0b77000065404000", 2788}}) {
    auto header = ac3::parse_header(from_hex(c.header));
    ASSERT_TRUE(header) << c.header;
    EXPECT_EQ(header->frame_size, c.size) << c.header;
  }
  EXPECT_FALSE(ac3::parse_header(from_hex("0b770000c0404000")));
  EXPECT_FALSE(ac3::parse_header(from_hex("0b77000026404000")));
}

TEST(Opus, HeadAndBoxReadBack) {
  const Bytes from_ogg = from_hex("4f707573486561640102380180bb0000000000");
  auto head = opus::parse_head(from_ogg);
  ASSERT_TRUE(head);
  EXPECT_EQ(to_hex(opus::make_dops(*head)), "000201380000bb80000000");
  EXPECT_EQ(opus::make_head(*head), from_ogg);
  for (uint8_t channels = 1; channels <= 8; ++channels) {
    auto read = opus::parse_dops(opus::make_dops(opus::head_of(channels)));
    ASSERT_TRUE(read) << channels;
    EXPECT_EQ(read->channels, channels);
    EXPECT_EQ(read->streams + read->coupled, channels);
    auto again = opus::parse_head(opus::make_head(*read));
    ASSERT_TRUE(again);
    EXPECT_EQ(again->mapping, read->mapping);
  }
  for (size_t n = 0; n < from_ogg.size(); ++n)
    EXPECT_FALSE(opus::parse_head(ByteView(from_ogg).first(n))) << n;
}

TEST(Opus, PacketDurations) {                             // RFC 6716 table 2
  EXPECT_EQ(opus::packet_samples(from_hex("78")), 960u);  // 20 ms
  EXPECT_EQ(opus::packet_samples(from_hex("fc00")), 960u);
  EXPECT_EQ(opus::packet_samples(from_hex("18")), 2880u);  // SILK 60 ms
  EXPECT_EQ(opus::packet_samples(from_hex("e1")), 240u);   // two of 2.5 ms
  EXPECT_EQ(opus::packet_samples(from_hex("fb06")), 5760u);
  EXPECT_EQ(opus::packet_samples(from_hex("fb07")), 0u);  // over 120 ms
  EXPECT_EQ(opus::packet_samples(from_hex("fb")), 0u);
  EXPECT_EQ(opus::packet_samples({}), 0u);
}

}  // namespace
}  // namespace m4f
