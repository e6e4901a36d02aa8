#include "m4f/caps.h"

#include <gtest/gtest.h>

#include "common/testing.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Codec;

Ptr<GstCaps> caps(const std::string& text) {
  return Ptr<GstCaps>(gst_caps_from_string(text.c_str()));
}

const std::string kAvcC = "codec_data=(buffer)0142c01effe1000a6742c01eda0507e84000010004 68ce3c80";

TEST(FormatOf, EveryFramingOfEveryCodec) {
  struct Case {
    const char* caps;
    Codec codec;
    size_t config;
    unsigned length_size;
  };
  const Case cases[] = {
      {"video/x-h264, stream-format=avc, alignment=au, codec_data=(buffer)0142c01effe1", Codec::kH264, 6, 0},
      {"video/x-h264, stream-format=avc3, alignment=au, codec_data=(buffer)0142c01effe1", Codec::kH264, 6, 0},
      {"video/x-h264, stream-format=avc3, alignment=au", Codec::kH264, 0, 4},
      {"video/x-h264, stream-format=byte-stream, alignment=au", Codec::kH264, 0, 0},
      {"video/x-h265, stream-format=hvc1, alignment=au, codec_data=(buffer)0101", Codec::kH265, 2, 0},
      {"video/x-h265, stream-format=hev1, alignment=au", Codec::kH265, 0, 4},
      {"video/x-h265, stream-format=byte-stream, alignment=au", Codec::kH265, 0, 0},
      {"video/mpeg, mpegversion=1, systemstream=false, parsed=true", Codec::kMpeg1Video, 0, 0},
      {"video/mpeg, mpegversion=2, systemstream=false, parsed=true", Codec::kMpeg2Video, 0, 0},
      {"video/x-av1, stream-format=obu-stream, alignment=tu", Codec::kAv1, 0, 0},
      {"video/x-vp8", Codec::kVp8, 0, 0},
      {"video/x-vp9", Codec::kVp9, 0, 0},
      {"audio/mpeg, mpegversion=4, stream-format=raw, codec_data=(buffer)1190", Codec::kAac, 2, 0},
      {"audio/mpeg, mpegversion=4, stream-format=adts, framed=true", Codec::kAac, 0, 0},
      {"audio/mpeg, mpegversion=2, stream-format=adts, framed=true", Codec::kAac, 0, 0},
      {"audio/mpeg, mpegversion=1, layer=3, parsed=true", Codec::kMpegAudio, 0, 0},
      {"audio/x-ac3, framed=true", Codec::kAc3, 0, 0},
      {"audio/x-eac3, framed=true", Codec::kEac3, 0, 0},
      {"audio/x-opus, channel-mapping-family=0, channels=2, rate=48000", Codec::kOpus, 19, 0},
  };
  Ptr<GstCaps> accepted(gst_caps_from_string(kVideoInputCaps));
  accepted.reset(gst_caps_merge(accepted.release(), gst_caps_from_string(kAudioInputCaps)));
  for (const Case& c : cases) {
    Ptr<GstCaps> input = caps(c.caps);
    ASSERT_TRUE(input) << c.caps;
    EXPECT_TRUE(gst_caps_is_subset(input.get(), accepted.get())) << c.caps;
    auto format = format_of(input.get());
    ASSERT_TRUE(format) << c.caps << ": " << format.error().message();
    EXPECT_EQ(format->codec, c.codec) << c.caps;
    EXPECT_EQ(format->config.size(), c.config) << c.caps;
    EXPECT_EQ(format->length_size, c.length_size) << c.caps;
  }
}

TEST(FormatOf, WhatTheCapsSayIsKeptAsAHint) {
  auto video = format_of(caps("video/x-vp8, width=640, height=360, framerate=30000/1001").get());
  ASSERT_TRUE(video);
  EXPECT_EQ(video->width, 640u);
  EXPECT_EQ(video->height, 360u);
  EXPECT_EQ(video->fps_num, 30000u);
  EXPECT_EQ(video->fps_den, 1001u);
  auto audio = format_of(caps("audio/x-ac3, framed=true, rate=48000, channels=6").get());
  ASSERT_TRUE(audio);
  EXPECT_EQ(audio->sample_rate, 48000u);
  EXPECT_EQ(audio->channels, 6u);
}

TEST(FormatOf, UnusableCapsSayWhatToDo) {
  auto none = format_of(caps("video/x-h264, stream-format=avc, alignment=au").get());
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().message(), "stream-format=avc without codec_data: put a parser before m4fmux");
  auto raw = format_of(caps("video/x-raw").get());
  ASSERT_FALSE(raw);
  EXPECT_EQ(raw.error().message(), "video/x-raw is not carried in M4F");
}

TEST(CapsOf, CanonicalFramesHaveFullCaps) {
  m4f::Track opus{.id = {m4f::Content::kAudio, 1}, .codec = Codec::kOpus, .rfc6381 = "opus"};
  opus.config = {0, 2, 0x01, 0x38, 0, 0, 0xbb, 0x80, 0, 0, 0};
  opus.sample_rate = 48000;
  opus.channels = 2;
  m4f::Track mp2{.id = {m4f::Content::kAudio, 1}, .codec = Codec::kMpegAudio, .rfc6381 = "mp4a.6B"};
  mp2.sample_rate = 48000;
  mp2.channels = 2;
  const m4f::Bytes layer2 = {0xff, 0xfd, 0x84, 0x00};
  const struct {
    Ptr<GstCaps> made;
    const char* expected;
  } cases[] = {
      {caps_of(testing::h264_track()),
       "video/x-h264, stream-format=(string)avc, alignment=(string)au, parsed=(boolean)true, "
       "level=(string)3, "
       "profile=(string)constrained-baseline, "
       "codec_data=(buffer)0142c01effe1000a6742c01eda0507e84000010004 68ce3c80, width=(int)320, "
       "height=(int)180, "
       "framerate=(fraction)25/1, pixel-aspect-ratio=(fraction)1/1"},
      {caps_of(testing::aac_track()),
       "audio/mpeg, mpegversion=(int)4, stream-format=(string)raw, framed=(boolean)true, "
       "base-profile=(string)lc, "
       "profile=(string)lc, level=(string)2, codec_data=(buffer)1190, rate=(int)48000, channels=(int)2"},
      {caps_of(opus),
       "audio/x-opus, rate=(int)48000, channels=(int)2, channel-mapping-family=(int)0, "
       "stream-count=(int)1, coupled-count=(int)1"},
      {caps_of(mp2, layer2),
       "audio/mpeg, mpegversion=(int)1, layer=(int)2, parsed=(boolean)true, rate=(int)48000, "
       "channels=(int)2"},
  };
  for (const auto& c : cases) {
    std::string expected = c.expected;
    std::erase(expected, ' ');
    Ptr<GstCaps> wanted(gst_caps_from_string(expected.c_str()));
    ASSERT_TRUE(wanted) << expected;
    Ptr<gchar> text(gst_caps_to_string(c.made.get()));
    EXPECT_TRUE(gst_caps_is_subset(c.made.get(), wanted.get())) << text.get();
  }
}

// What one element gives, the other takes, and with the same meaning.
TEST(CapsOf, ComesBackThroughFormatOf) {
  for (const m4f::Track& track : {testing::h264_track(), testing::aac_track()}) {
    auto format = format_of(caps_of(track).get());
    ASSERT_TRUE(format);
    EXPECT_EQ(format->codec, track.codec);
    EXPECT_EQ(format->config, track.config);
    m4f::Canonicalizer canonicalizer(format->codec);
    auto applied = format->apply(canonicalizer);
    ASSERT_TRUE(applied) << applied.error().message();
    EXPECT_TRUE(canonicalizer.ready());
  }
}

TEST(LanguageOf, BothKindsOfCodesBecomeThreeLetters) {
  for (const char* code : {"de", "deu", "ger"}) {
    Ptr<GstTagList> tags(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, code, nullptr));
    EXPECT_EQ(language_of(tags.get()), "deu") << code;
  }
  Ptr<GstTagList> none(gst_tag_list_new_empty());
  EXPECT_EQ(language_of(none.get()), "");
}

}  // namespace
}  // namespace sluice
