// Boxes byte by byte, and back.
#include <gtest/gtest.h>

#include "m4f/mp4/boxes/fragment_boxes.h"
#include "m4f/mp4/testing/box_reader.h"
#include "m4f/mp4/testing/hex.h"

namespace m4f::mp4 {
namespace {

using testing::BoxReader;
using testing::from_hex;
using testing::hex;

template <typename Box>
std::string written(Box box) {
  Bytes out;
  write_box(out, box);
  EXPECT_EQ(out.size(), box_size(box));
  return hex(out);
}

template <typename Box>
Box read_back(Box box) {
  Bytes bytes;
  write_box(bytes, box);
  BoxReader reader(bytes);
  Box out;
  reader.box(out);
  EXPECT_TRUE(reader.ok());
  return out;
}

TEST(Mp4Boxes, FtypHoldsBrands) {
  Ftyp ftyp{fourcc("iso6"), 0, {fourcc("iso6"), fourcc("cmfc")}};
  EXPECT_EQ(written(ftyp), "00000018 66747970 69736f36 00000000 69736f36 636d6663");
  EXPECT_EQ(read_back(ftyp).compatible_brands, ftyp.compatible_brands);
}

TEST(Mp4Boxes, TfdtHolds64Bits) {
  EXPECT_EQ(written(Tfdt{0x0123456789abcdef}), "00000014 74666474 01000000 01234567 89abcdef");
  EXPECT_EQ(read_back(Tfdt{0x0123456789abcdef}).time, 0x0123456789abcdefu);
}

TEST(Mp4Boxes, TfhdWritesWhatItsFlagsSay) {
  Tfhd tfhd;
  tfhd.track_id = 2;
  EXPECT_EQ(written(tfhd), "00000010 74666864 00020000 00000002");
  tfhd.flags |= Tfhd::kDefaultFlags;
  tfhd.default_flags = kSyncSample;
  EXPECT_EQ(written(tfhd), "00000014 74666864 00020020 00000002 02000000");
  EXPECT_EQ(read_back(tfhd).default_flags, kSyncSample);
}

TEST(Mp4Boxes, TrunHasSignedCompositionOffsets) {
  testing::ReadTrun trun;
  trun.flags |= Trun::kFlags | Trun::kCompositionOffset;
  trun.data_offset = 100;
  trun.samples = {{3600, 17, kSyncSample, -3600}, {3601, 18, kNonSyncSample, 7200}};
  EXPECT_EQ(written(trun),
            "00000034 7472756e 01000f01 00000002 00000064 "
            "00000e10 00000011 02000000 fffff1f0 00000e11 00000012 01010000 00001c20");
  const testing::ReadTrun back = read_back(trun);
  ASSERT_EQ(back.samples.size(), 2u);
  EXPECT_EQ(back.samples[0].composition_offset, -3600);
  EXPECT_EQ(back.samples[1].duration, 3601u);
}

TEST(Mp4Boxes, TrunThatClaimsMoreSamplesThanBytesIsRefused) {
  const Bytes bytes = from_hex("00000014 7472756e 01000301 ffffffff 00000064");
  BoxReader reader(bytes);
  testing::ReadTrun trun;
  reader.box(trun);
  EXPECT_FALSE(reader.ok());
}

TEST(Mp4Boxes, EsdsNestsDescriptors) {
  EXPECT_EQ(written(Esds{Esds::kAac, from_hex("1190")}),
            "00000027 65736473 00000000 03190000 00041140 15000000 00000000 00000000 05021190 060102");
  EXPECT_EQ(hex(read_back(Esds{Esds::kAac, from_hex("1190")}).decoder_specific_info), "1190");
}

TEST(Mp4Boxes, EsdsWithoutSpecificInfoHasNoEmptyDescriptor) {
  EXPECT_EQ(written(Esds{Esds::kMpeg1Audio, {}}),
            "00000023 65736473 00000000 03150000 00040d6b 15000000 00000000 00000000 060102");
}

TEST(Mp4Boxes, LongDescriptorsHaveLongLengths) {
  const Esds long_one{Esds::kAac, Bytes(300, 0x55)};
  Bytes out;
  Esds copy = long_one;
  write_box(out, copy);
  EXPECT_EQ(hex(ByteView(out).subspan(8, 10)), "00000000 03824500 0000");
  EXPECT_EQ(read_back(long_one).decoder_specific_info, long_one.decoder_specific_info);
}

TEST(Mp4Boxes, ReaderSkipsWhatItDoesNotKnow) {
  const Bytes bytes = from_hex("0000000c 66726565 01020304 00000014 74666474 01000000 00000000 00000007");
  BoxReader reader(bytes);
  Tfdt tfdt;
  reader.box(tfdt);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(tfdt.time, 7u);
}

}  // namespace
}  // namespace m4f::mp4
