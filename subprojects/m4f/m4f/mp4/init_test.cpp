#include <gtest/gtest.h>

#include "m4f/mp4/packager.h"
#include "m4f/mp4/testing/box_reader.h"
#include "m4f/mp4/testing/segments.h"

namespace m4f::mp4 {
namespace {

using namespace testing;
constexpr size_t kFirst[] = {0}, kSecond[] = {1}, kBoth[] = {0, 1};

struct Init {
  Ftyp ftyp;
  Moov moov;
};

Init read_init(const std::vector<Track>& tracks, std::span<const size_t> selection) {
  const Bytes bytes = init_segment(tracks, selection);
  EXPECT_EQ(bytes.size(), bytes.capacity());
  BoxReader reader(bytes);
  Init init;
  reader.box(init.ftyp);
  reader.box(init.moov);
  EXPECT_TRUE(reader.ok());
  return init;
}

const Stsd& stsd(const Init& init, size_t track = 0) {
  return init.moov.trak.at(track).mdia.minf.stbl.stsd;
}

bool has_brand(const Init& init, const char (&brand)[5]) {
  for (FourCc b : init.ftyp.compatible_brands)
    if (b == fourcc(brand)) return true;
  return false;
}

TEST(Mp4Init, GoldenBytes) {
  const Bytes golden = from_hex(
      "0000001c 66747970 69736f36 00000000 69736f36 636d6663 64617368 "           // ftyp
      "00000231 6d6f6f76 "                                                        // moov
      "0000006c 6d766864 00000000 00000000 00000000 00015f90 00000000 00010000 "  // mvhd
      "01000000 00000000 00000000 00010000 00000000 00000000 00000000 00010000 "
      "00000000 00000000 00000000 40000000 00000000 00000000 00000000 00000000 "
      "00000000 00000000 00000002 "
      "00000195 7472616b "                                                        // trak
      "0000005c 746b6864 00000003 00000000 00000000 00000001 00000000 00000000 "  // tkhd
      "00000000 00000000 00000000 01000000 00010000 00000000 00000000 00000000 "
      "00010000 00000000 00000000 00000000 40000000 00000000 00000000 "
      "00000131 6d646961 "                                                        // mdia
      "00000020 6d646864 00000000 00000000 00000000 00015f90 00000000 15c70000 "  // mdhd
      "00000026 68646c72 00000000 00000000 736f756e 00000000 00000000 00000000 "  // hdlr
      "736f756e 6400 "
      "000000e3 6d696e66 "                                                        // minf
      "00000010 736d6864 00000000 00000000 "                                      // smhd
      "00000024 64696e66 "                                                        // dinf
      "0000001c 64726566 00000000 00000001 0000000c 75726c20 00000001 "           // dref
      "000000a7 7374626c "                                                        // stbl
      "0000005b 73747364 00000000 00000001 0000004b 6d703461 00000000 00000001 "  // stsd
      "00000000 00000000 00020010 00000000 bb800000 00000027 65736473 00000000 "
      "03190000 00041140 15000000 00000000 00000000 05021190 060102 "
      "00000010 73747473 00000000 00000000 "                                       // stts
      "00000010 73747363 00000000 00000000 "                                       // stsc
      "00000014 7374737a 00000000 00000000 00000000 "                              // stsz
      "00000010 7374636f 00000000 00000000 "                                       // stco
      "00000028 6d766578 "                                                         // mvex
      "00000020 74726578 00000000 00000001 00000001 00000000 00000000 00000000");  // trex
  EXPECT_EQ(hex(init_segment({aac_track()}, kFirst)), hex(golden));
}

TEST(Mp4Init, ClaimsCmafForSingleTracksOnly) {
  const std::vector<Track> tracks = {h264_track(), aac_track()};
  EXPECT_TRUE(has_brand(read_init(tracks, kFirst), "cmfc"));
  EXPECT_TRUE(has_brand(read_init(tracks, kBoth), "iso6"));
  EXPECT_FALSE(has_brand(read_init(tracks, kBoth), "cmfc"));
}

TEST(Mp4Init, DescribesVideo) {
  const Init init = read_init({h264_track(), aac_track()}, kFirst);
  ASSERT_EQ(init.moov.trak.size(), 1u);
  const Trak& trak = init.moov.trak[0];
  EXPECT_EQ(trak.tkhd.track_id, 1u);
  EXPECT_EQ(trak.tkhd.width, 1280u << 16);
  EXPECT_EQ(trak.tkhd.height, 720u << 16);
  EXPECT_EQ(trak.mdia.mdhd.timescale, 90000u);
  EXPECT_EQ(trak.mdia.hdlr.handler, fourcc("vide"));
  EXPECT_TRUE(trak.mdia.minf.vmhd);
  EXPECT_FALSE(trak.mdia.minf.smhd);
  ASSERT_TRUE(stsd(init).visual);
  EXPECT_EQ(stsd(init).visual->type, fourcc("avc1"));
  EXPECT_EQ(stsd(init).visual->width, 1280);
  EXPECT_EQ(stsd(init).visual->config.type, fourcc("avcC"));
  EXPECT_EQ(stsd(init).visual->config.payload, h264_track().config);
  EXPECT_FALSE(stsd(init).visual->pasp);
  EXPECT_EQ(init.moov.mvhd.next_track_id, 2u);
  ASSERT_EQ(init.moov.mvex.trex.size(), 1u);
}

TEST(Mp4Init, SampleAspectRatioIsPaspAndPresentationWidth) {
  Track t = h264_track();
  t.width = 720, t.height = 576, t.sar_width = 64, t.sar_height = 45;
  const Init init = read_init({t}, kFirst);
  ASSERT_TRUE(stsd(init).visual->pasp);
  EXPECT_EQ(stsd(init).visual->pasp->h_spacing, 64u);
  EXPECT_EQ(stsd(init).visual->pasp->v_spacing, 45u);
  EXPECT_EQ(init.moov.trak[0].tkhd.width, 1024u << 16);
  t.sar_height = 0;  // nonsense from outside
  EXPECT_EQ(read_init({t}, kFirst).moov.trak[0].tkhd.width, 720u << 16);
}

TEST(Mp4Init, LanguageIsPackedAndUnknownIsUnd) {
  Track t = aac_track();
  const auto language = [&] { return read_init({t}, kFirst).moov.trak[0].mdia.mdhd.language; };
  EXPECT_EQ(language(), (5 << 10 | 14 << 5 | 7));
  const uint16_t und = 21 << 10 | 14 << 5 | 4;
  for (const char* unknown : {"", "en", "ENG", "e!g", "engl"}) {
    t.language = unknown;
    EXPECT_EQ(language(), und) << unknown;
  }
}

TEST(Mp4Init, EveryCodecHasItsSampleEntry) {
  struct Case {
    Codec codec;
    const char (&entry)[5];
    const char (&config)[5];
  };
  for (const Case& c : std::initializer_list<Case>{{Codec::kH264, "avc1", "avcC"},
                                                   {Codec::kH265, "hvc1", "hvcC"},
                                                   {Codec::kAv1, "av01", "av1C"},
                                                   {Codec::kVp9, "vp09", "vpcC"},
                                                   {Codec::kAc3, "ac-3", "dac3"},
                                                   {Codec::kEac3, "ec-3", "dec3"},
                                                   {Codec::kOpus, "Opus", "dOps"}}) {
    ASSERT_TRUE(carries(c.codec));
    Track t = content_of(c.codec) == Content::kVideo ? h264_track() : aac_track();
    t.codec = c.codec;
    t.config = from_hex("01020304 05");
    const Stsd got = stsd(read_init({t}, kFirst));
    const FourCc type = got.visual ? got.visual->type : got.audio->type;
    const ConfigBox config = got.visual ? got.visual->config : *got.audio->config;
    EXPECT_EQ(type, fourcc(c.entry));
    EXPECT_EQ(config.type, fourcc(c.config));
    EXPECT_EQ(config.payload, t.config);
  }
}

TEST(Mp4Init, Vp8HasAConfigurationOfItsOwn) {
  Track t = h264_track();
  t.codec = Codec::kVp8;
  t.config.clear();
  const Stsd got = stsd(read_init({t}, kFirst));
  EXPECT_EQ(got.visual->type, fourcc("vp08"));
  EXPECT_EQ(hex(got.visual->config.payload), "01000000 00008202 02020000");
}

TEST(Mp4Init, MpegAudioHasTheObjectTypeOfItsSampleRate) {
  Track t = aac_track();
  t.codec = Codec::kMpegAudio;
  t.config.clear();
  t.sample_rate = 44100;
  EXPECT_EQ(stsd(read_init({t}, kFirst)).audio->esds->object_type, 0x6b);
  t.sample_rate = 22050;
  EXPECT_EQ(stsd(read_init({t}, kFirst)).audio->esds->object_type, 0x69);
}

TEST(Mp4Init, RateThatDoesNotFitIsLeftToTheDecoderConfiguration) {
  Track t = aac_track();
  t.sample_rate = 96000;
  EXPECT_EQ(stsd(read_init({t}, kFirst)).audio->sample_rate, 0);
}

TEST(Mp4Init, MpegVideoIsNotCarried) {
  EXPECT_FALSE(carries(Codec::kMpeg1Video));
  EXPECT_FALSE(carries(Codec::kMpeg2Video));
}

TEST(Mp4Init, HashChangesWithTheFormatAndWithNothingElse) {
  const std::vector<Track> tracks = {h264_track(), aac_track()};
  const uint64_t hash = init_hash(tracks, kBoth);
  EXPECT_NE(hash, init_hash(tracks, kFirst));
  EXPECT_NE(init_hash(tracks, kFirst), init_hash(tracks, kSecond));

  std::vector<Track> renamed = tracks;
  renamed[0].bitrate = 5'000'000;
  renamed[1].bitrate = 128'000;
  renamed[1].title = "commentary";
  renamed[0].part_target = Ticks(18000);
  EXPECT_EQ(init_hash(renamed, kBoth), hash);

  std::vector<Track> other = tracks;
  other[0].config.push_back(1);
  EXPECT_NE(init_hash(other, kBoth), hash);
}

}  // namespace
}  // namespace m4f::mp4
