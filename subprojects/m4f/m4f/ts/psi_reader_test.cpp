#include "m4f/ts/psi_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace m4f::ts {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// A section of `size` bytes in all.
Bytes section(uint8_t table, size_t size) {
  Bytes out(size, table);
  out[1] = static_cast<uint8_t>(0xb0 | (size - 3) >> 8);
  out[2] = static_cast<uint8_t>(size - 3);
  return out;
}

struct Feed {
  void operator()(Bytes payload, bool start) {
    reader.feed(payload, start, [this](ByteView s) { got.emplace_back(s.begin(), s.end()); });
  }
  SectionReader reader;
  std::vector<Bytes> got;
};

TEST(SectionReader, SectionsMaySpanAndShareAPacket) {
  const Bytes a = section(1, 20), b = section(2, 300), c = section(3, 12);
  Feed feed;
  Bytes first{0};
  first.insert(first.end(), a.begin(), a.end());
  first.insert(first.end(), b.begin(), b.begin() + 100);
  feed(first, true);
  feed(Bytes(b.begin() + 100, b.begin() + 284), false);
  Bytes last{16};  // pointer_field: the rest of b
  last.insert(last.end(), b.begin() + 284, b.end());
  last.insert(last.end(), c.begin(), c.end());
  last.insert(last.end(), 50, 0xff);
  feed(last, true);
  EXPECT_THAT(feed.got, ElementsAre(a, b, c));
}

TEST(SectionReader, WhatBeganWithoutUsIsSkipped) {
  Feed feed;
  feed(Bytes(184, 0x02), false);
  feed(Bytes{200, 1, 2}, true);  // pointer_field beyond the packet
  feed(Bytes{}, true);
  feed(Bytes(184, 0x02), false);
  EXPECT_THAT(feed.got, IsEmpty());
  const Bytes a = section(1, 20);
  Bytes payload{3, 9, 9, 9};
  payload.insert(payload.end(), a.begin(), a.end());
  feed(payload, true);
  EXPECT_THAT(feed.got, ElementsAre(a));
}

Bytes pmt_with(uint8_t type, const Bytes& descriptors) {
  Bytes s{0x02,
          0xb0,
          0,
          0,
          1,
          0xc1,
          0,
          0,
          0xe1,
          0,
          0xf0,
          0,
          type,
          0xe1,
          0x23,
          0xf0,
          static_cast<uint8_t>(descriptors.size())};
  s.insert(s.end(), descriptors.begin(), descriptors.end());
  s.insert(s.end(), 4, 0);  // the CRC, which parse_pmt() does not look at
  s[2] = static_cast<uint8_t>(s.size() - 3);
  return s;
}

TEST(Pmt, StreamsAreRecognisedOrNamed) {
  struct {
    uint8_t type;
    Bytes descriptors;
    std::optional<Codec> codec;
    const char* what;
  } const cases[] = {
      {0x01, {}, Codec::kMpeg1Video, ""},
      {0x02, {}, Codec::kMpeg2Video, ""},
      {0x03, {}, Codec::kMpegAudio, ""},
      {0x04, {}, Codec::kMpegAudio, ""},
      {0x0f, {}, Codec::kAac, ""},
      {0x1b, {}, Codec::kH264, ""},
      {0x24, {}, Codec::kH265, ""},
      {0x81, {}, Codec::kAc3, ""},
      {0x87, {}, Codec::kEac3, ""},
      {0x06, {0x6a, 1, 0}, Codec::kAc3, ""},
      {0x06, {0x7a, 1, 0}, Codec::kEac3, ""},
      {0x06, {5, 4, 'H', 'E', 'V', 'C'}, Codec::kH265, ""},
      {0x06, {5, 4, 'O', 'p', 'u', 's', 0x7f, 2, 0x80, 2}, Codec::kOpus, ""},
      {0x06, {5, 4, 'O', 'p', 'u', 's'}, {}, "Opus with an unusual channel layout"},
      {0x06, {0x59, 0}, {}, "DVB subtitles"},
      {0x06, {0x56, 0}, {}, "teletext"},
      {0x06, {}, {}, "private data"},
      {0x11, {}, {}, "AAC in LATM"},
      {0x15, {}, {}, "timed metadata (ID3)"},
      {0x86, {}, {}, "SCTE-35"},
      {0xc5, {}, {}, "unknown stream type"},
  };
  for (const auto& c : cases) {
    const auto pmt = parse_pmt(pmt_with(c.type, c.descriptors));
    ASSERT_TRUE(pmt && pmt->streams.size() == 1);
    EXPECT_EQ(pmt->streams[0].pid, 0x123);
    EXPECT_EQ(pmt->streams[0].codec, c.codec) << int{c.type};
    EXPECT_EQ(pmt->streams[0].what, c.what);
  }
}

TEST(Pmt, LanguageIsThreeLettersOrUnknown) {
  const auto language = [](Bytes descriptor) {
    return parse_pmt(pmt_with(0x0f, descriptor))->streams.at(0).language;
  };
  EXPECT_EQ(language({0x0a, 4, 'r', 'u', 's', 0}), "rus");
  EXPECT_EQ(language({0x0a, 4, 'E', 'N', 'G', 0}), "eng");
  EXPECT_EQ(language({0x0a, 4, 'u', 'n', 'd', 0}), "");
  EXPECT_EQ(language({0x0a, 4, 0, 1, 2, 0}), "");
  EXPECT_EQ(language({0x0a, 2, 'r', 'u'}), "");
}

TEST(Pmt, DescriptorsThatReachTooFarAreIgnored) {
  Bytes s = pmt_with(0x1b, {0x0a, 200, 'r', 'u', 's', 0});
  EXPECT_EQ(parse_pmt(s)->streams.at(0).language, "");
  s[16] = 200;  // ES_info_length beyond the section
  EXPECT_THAT(parse_pmt(s)->streams, IsEmpty());
  s[5] = 0xc0;  // not current yet
  EXPECT_FALSE(parse_pmt(s));
}

}  // namespace
}  // namespace m4f::ts
