#include "m4f/codec/h264.h"

#include <gtest/gtest.h>

#include "m4f/codec/test_streams.h"

namespace m4f::h264 {
namespace {

// What x264 wrote for 98x66, 30000/1001 fps, sample aspect ratio 4:3.
constexpr const char* kSpsHigh = "6764000aacd9472f8888c38400000fa40003a9803c489658";
constexpr const char* kPps = "68ef839cb0";

TEST(H264Sps, TellsPictureRateAndReordering) {
  const Bytes high = from_hex(kSpsHigh);
  auto sps = parse_sps(high);
  ASSERT_TRUE(sps) << sps.error().message();
  EXPECT_EQ(sps->width, 98u);
  EXPECT_EQ(sps->height, 66u);
  EXPECT_EQ(sps->sar_width, 4u);
  EXPECT_EQ(sps->sar_height, 3u);
  EXPECT_EQ(sps->fps_num, 30000u);
  EXPECT_EQ(sps->fps_den, 1001u);
  EXPECT_EQ(sps->max_reorder, 2u);
  EXPECT_TRUE(sps->frame_mbs_only);
  EXPECT_EQ(rfc6381(high), "avc1.64000a");
}

TEST(H264Sps, BaselineHasNoReordering) {
  auto sps = parse_sps(from_hex("6742c00ada1cbe2223011000003e90000ea608f1226a"));
  ASSERT_TRUE(sps);
  EXPECT_EQ(sps->max_reorder, 0u);
  EXPECT_EQ(sps->width, 98u);
  EXPECT_EQ(sps->height, 66u);
}

TEST(H264Sps, InterlacedHeightAndRateAreOfFrames) {
  auto sps = parse_sps(from_hex("67640015acec66d8088000000300800000190f8a149c"));
  ASSERT_TRUE(sps);
  EXPECT_FALSE(sps->frame_mbs_only);
  EXPECT_EQ(sps->width, 96u);
  EXPECT_EQ(sps->height, 96u);
  EXPECT_EQ(sps->fps_num, 25u);
  EXPECT_EQ(sps->fps_den, 1u);
}

TEST(H264Sps, EveryTruncationIsRefusedOrHarmless) {
  const Bytes whole = from_hex(kSpsHigh);
  for (size_t n = 0; n < whole.size(); ++n) {
    auto sps = parse_sps(ByteView(whole).first(n));
    // Cut within the VUI, the picture's size is there and right.
    if (sps) {
      EXPECT_EQ(sps->width, 98u) << n;
    }
    if (n < 10) {
      EXPECT_FALSE(sps) << n;
    }
  }
}

TEST(H264Sps, HostileSizesAreRefused) {
  // Baseline, level 1, then exp-golomb fields: id 0, log2 0, poc type 2, refs 0, no gaps, width of 2^20
  // macroblocks.
  const Bytes huge = from_hex("6742000ad8000008000080000b80");
  EXPECT_FALSE(parse_sps(huge));
  EXPECT_FALSE(parse_sps(from_hex("68ef839cb0")));
}

TEST(H264AvcC, IsByteForByteWhatOtherMuxersWrite) {
  const Bytes sps = from_hex(kSpsHigh), pps = from_hex(kPps);
  const ByteView sps_list[] = {sps}, pps_list[] = {pps};
  const Bytes avcc = make_avcc(sps_list, pps_list);
  EXPECT_EQ(to_hex(avcc),
            "0164000affe100186764000aacd9472f8888c38400000fa40003a9803c48965801000568ef839cb0fdf8f800");
  auto read = parse_avcc(avcc);
  ASSERT_TRUE(read) << read.error().message();
  ASSERT_EQ(read->sps.size(), 1u);
  ASSERT_EQ(read->pps.size(), 1u);
  EXPECT_EQ(to_hex(read->sps[0]), kSpsHigh);
  EXPECT_EQ(to_hex(read->pps[0]), kPps);
  EXPECT_EQ(read->length_size, 4u);
  for (size_t n = 0; n + 4 < avcc.size(); ++n) EXPECT_FALSE(parse_avcc(ByteView(avcc).first(n))) << n;
}

TEST(H264AvcC, BaselineHasNoExtension) {
  const Bytes sps = from_hex("6742c00ada1cbe2223011000003e90000ea608f1226a"), pps = from_hex("68ce039c80");
  const ByteView sps_list[] = {sps}, pps_list[] = {pps};
  EXPECT_EQ(to_hex(make_avcc(sps_list, pps_list)),
            "0142c00affe100166742c00ada1cbe2223011000003e90000ea608f1226a01000568ce039c80");
}

std::string keys(const std::string& clip) {
  const Bytes bytes = read_clip(clip);
  std::string out;
  for (ByteView au : split_byte_stream(bytes, false)) {
    KeyDetector detector;
    AnnexBReader reader(au);
    for (ByteView nal; reader.next(nal);) detector.add(nal);
    out += detector.key() ? 'K' : '_';
  }
  return out;
}

TEST(H264Key, IdrAndRecoveryPointPicturesAreSyncFrames) {
  EXPECT_EQ(keys("h264_open_gop.h264"), "K______K_______K_____");  // open GOP: recovery points after the IDR
  EXPECT_EQ(keys("h264_baseline.h264"), "K_________K_");           // two slices a picture
  EXPECT_EQ(keys("h264_interlaced.h264"), "K____K____K____");
}

TEST(H264Key, RecoveryPointWithInterSlicesIsNone) {
  const Bytes sei = from_hex(
                  "06060180"
                  "80"),
              p_slice = from_hex("41e0"), i_slice = from_hex("41b880"), idr = from_hex("6588");
  EXPECT_EQ(recovery_point(sei), 0u);
  KeyDetector refresh;  // intra refresh
  refresh.add(sei);
  refresh.add(p_slice);
  EXPECT_FALSE(refresh.key());
  EXPECT_TRUE(refresh.has_slices());
  KeyDetector bare;
  bare.add(i_slice);
  EXPECT_FALSE(bare.key());
  KeyDetector marked;
  marked.add(sei);
  marked.add(i_slice);
  EXPECT_TRUE(marked.key());
  KeyDetector fields;  // second field predicted from the first
  fields.add(sei);
  fields.add(i_slice);
  fields.add(p_slice);
  EXPECT_TRUE(fields.key());
  KeyDetector instant;
  instant.add(idr);
  EXPECT_TRUE(instant.key());
}

}  // namespace
}  // namespace m4f::h264
