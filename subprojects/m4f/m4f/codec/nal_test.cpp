#include "m4f/codec/nal.h"

#include <gtest/gtest.h>

#include "m4f/codec/test_streams.h"

namespace m4f {
namespace {

std::vector<std::string> units(std::string_view hex) {
  const Bytes bytes = from_hex(hex);
  AnnexBReader reader(bytes);
  std::vector<std::string> out;
  for (ByteView nal; reader.next(nal);) out.push_back(to_hex(nal));
  return out;
}

using Units = std::vector<std::string>;

TEST(AnnexB, UnitsStandBetweenStartCodesOfAnyLength) {
  EXPECT_EQ(units("0000016501020000000141030000000000000106"), (Units{"650102", "4103", "06"}));
  EXPECT_EQ(units("000001000001410000010000"), Units{"41"});
  EXPECT_EQ(units("ff0100000165"), Units{"65"});
  EXPECT_EQ(units(""), Units{});
  EXPECT_EQ(units("000001"), Units{});
  EXPECT_EQ(units("0000"), Units{});
  EXPECT_EQ(units("65010203"), Units{});
}

TEST(AnnexB, StartCodeIsFoundAtEveryOffset) {
  for (size_t size = 3; size < 80; ++size) {
    for (size_t at = 0; at + 3 <= size; ++at) {
      Bytes bytes(size, 0x01);
      bytes[at] = bytes[at + 1] = 0;
      EXPECT_EQ(find_start_code(bytes), at) << size;
      EXPECT_EQ(find_start_code(bytes, at), at);
      EXPECT_EQ(find_start_code(bytes, at + 1), size);
    }
  }
}

TEST(AnnexB, LengthPrefixIsNotTakenForStartCode) {
  EXPECT_TRUE(begins_with_start_code(from_hex("00000109")));
  EXPECT_TRUE(begins_with_start_code(from_hex("0000000109")));
  EXPECT_TRUE(begins_with_start_code(from_hex("000000000109")));
  EXPECT_FALSE(begins_with_start_code(from_hex("0000000209")));
  EXPECT_FALSE(begins_with_start_code(from_hex("000109")));
  EXPECT_FALSE(begins_with_start_code(from_hex("0000")));
}

TEST(LengthPrefixed, LengthBehindTheEndIsRefused) {
  const Bytes good = from_hex("00000002650100000000000000014a"), bad = from_hex("000000026501000000034a");
  ByteView nal;
  LengthPrefixedReader reader(good, 4);
  ASSERT_TRUE(reader.next(nal));
  EXPECT_EQ(to_hex(nal), "6501");
  ASSERT_TRUE(reader.next(nal));
  EXPECT_EQ(to_hex(nal), "4a");
  EXPECT_FALSE(reader.next(nal));
  EXPECT_TRUE(reader.ok());

  LengthPrefixedReader broken(bad, 4);
  EXPECT_TRUE(broken.next(nal));
  EXPECT_FALSE(broken.next(nal));
  EXPECT_FALSE(broken.ok());

  const Bytes two = from_hex("00016500");
  LengthPrefixedReader torn(two, 2);
  EXPECT_TRUE(torn.next(nal));
  EXPECT_FALSE(torn.next(nal));
  EXPECT_FALSE(torn.ok());
}

TEST(BitReader, StepsOverEmulationPrevention) {
  const Bytes bytes = from_hex("0000030100000300000301ff");
  BitReader raw(bytes), escaped(bytes, true);
  EXPECT_EQ(raw.bits(32), 0x00000301u);
  EXPECT_EQ(escaped.bits(24), 0x000001u);
  EXPECT_EQ(escaped.bits64(40), 0x0000000001u);  // 00 00 [03] 00 00 [03] 01
  EXPECT_EQ(escaped.bits(8), 0xffu);
  EXPECT_TRUE(escaped.ok());
  EXPECT_EQ(escaped.bits(1), 0u);
  EXPECT_FALSE(escaped.ok());
}

TEST(BitReader, ExpGolombTable) {            // H.264 table 9-2 and 9-3
  const Bytes bytes = from_hex("a6429850");  // 1 010 011 00100 00101 00110 00010100 0..
  BitReader ue(bytes);
  for (uint32_t expected : {0u, 1u, 2u, 3u, 4u, 5u}) EXPECT_EQ(ue.ue(), expected);
  BitReader se(bytes);
  for (int32_t expected : {0, 1, -1, 2, -2, 3}) EXPECT_EQ(se.se(), expected);

  const Bytes largest = from_hex("00000001fffffffe");  // 31 zeros, 1, 31 ones
  EXPECT_EQ(BitReader(largest).ue(), 0xfffffffeu);
  const Bytes endless(16, 0);
  BitReader none(endless);
  EXPECT_EQ(none.ue(), 0u);
  EXPECT_FALSE(none.ok());
}

TEST(BitReader, MoreDataEndsBeforeTheStopBit) {
  const Bytes bytes = from_hex("a080");  // one byte of data, then the stop bit
  BitReader in(bytes);
  EXPECT_TRUE(in.more_rbsp_data());
  in.skip(7);
  EXPECT_TRUE(in.more_rbsp_data());
  in.skip(1);
  EXPECT_FALSE(in.more_rbsp_data());
}

}  // namespace
}  // namespace m4f
