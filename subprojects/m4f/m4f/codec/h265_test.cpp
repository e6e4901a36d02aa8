#include "m4f/codec/h265.h"

#include <gtest/gtest.h>

#include "m4f/codec/test_streams.h"

namespace m4f::h265 {
namespace {

// hvcC that another muxer wrote for 200x130, 10 bits, 30000/1001 fps, sample aspect ratio 4:3.
constexpr const char* kHvcC =
    "0102200000009000000000003cf000fcfdfafa00000f03"
    "a00001001840010c01ffff02200000030090000003000003003c959009"
    "a10001002a42010102200000030090000003000003003ca01a202472c436595912930bc39a02000007d20000ea6010"
    "a2000100064401c073c189";

TEST(H265Sps, TellsPictureRateAndProfile) {
  const Bytes bytes = from_hex(kHvcC);
  auto hvcc = parse_hvcc(bytes);
  ASSERT_TRUE(hvcc) << hvcc.error().message();
  ASSERT_EQ(hvcc->sps.size(), 1u);
  auto sps = parse_sps(hvcc->sps[0]);
  ASSERT_TRUE(sps) << sps.error().message();
  EXPECT_EQ(sps->width, 200u);
  EXPECT_EQ(sps->height, 130u);
  EXPECT_EQ(sps->bit_depth_luma, 10);
  EXPECT_EQ(sps->sar_width, 4u);
  EXPECT_EQ(sps->sar_height, 3u);
  EXPECT_EQ(sps->fps_num, 30000u);
  EXPECT_EQ(sps->fps_den, 1001u);
  EXPECT_EQ(sps->max_reorder, 2u);
  EXPECT_EQ(rfc6381(*sps), "hvc1.2.4.L60.90");
}

TEST(H265Rfc6381, SpaceTierAndConstraints) {
  Sps sps;
  sps.ptl.profile_idc = 1;
  sps.ptl.compatibility = 0x60000000;
  sps.ptl.level_idc = 93;
  sps.ptl.constraints = 0xb00000000000;
  EXPECT_EQ(rfc6381(sps), "hvc1.1.6.L93.B0");
  sps.ptl.profile_space = 1;
  sps.ptl.high_tier = true;
  sps.ptl.constraints = 0xb00000230000;
  EXPECT_EQ(rfc6381(sps), "hvc1.A1.6.H93.B0.0.0.23");
  sps.ptl.constraints = 0;
  EXPECT_EQ(rfc6381(sps), "hvc1.A1.6.H93");
}

TEST(H265HvcC, IsByteForByteWhatOtherMuxersWrite) {
  const Bytes bytes = from_hex(kHvcC);
  auto hvcc = parse_hvcc(bytes);
  ASSERT_TRUE(hvcc);
  EXPECT_EQ(to_hex(make_hvcc(hvcc->vps, hvcc->sps, hvcc->pps)), kHvcC);
  for (size_t n = 0; n < bytes.size(); ++n) EXPECT_FALSE(parse_hvcc(ByteView(bytes).first(n))) << n;
}

TEST(H265Sps, EveryTruncationIsRefusedOrHarmless) {
  const Bytes bytes = from_hex(kHvcC);
  auto hvcc = parse_hvcc(bytes);
  ASSERT_TRUE(hvcc);
  for (size_t n = 0; n < hvcc->sps[0].size(); ++n) {
    auto sps = parse_sps(hvcc->sps[0].first(n));
    if (sps) {
      EXPECT_EQ(sps->width, 200u) << n;
    }
    if (n < 20) {
      EXPECT_FALSE(sps) << n;
    }
  }
}

TEST(H265, AccessUnitsAndSyncFramesOfAnOpenGop) {
  const Bytes bytes = read_clip("hevc_open_gop.h265");
  std::string keys;
  for (ByteView au : split_byte_stream(bytes, true)) {
    bool key = false;
    AnnexBReader reader(au);
    for (ByteView nal; reader.next(nal);) key = key || is_irap(nal_type(nal));
    keys += key ? 'K' : '_';
  }
  EXPECT_EQ(keys, "K______K_______K_____");
}

}  // namespace
}  // namespace m4f::h265
