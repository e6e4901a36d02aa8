#include "m4f/ts/assembler.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

namespace m4f::ts {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

// One elementary stream under test; units are shown as "dts/pts:bytes", with '!' where something was lost
// before.
struct Stream {
  explicit Stream(Codec codec)
      : assembler(make_assembler(
            codec,
            [this](const AssembledUnit& unit) {
              std::string text = fmt::format("{}/{}:", unit.time.dts.count, unit.time.pts.count);
              if (unit.discont) text += '!';
              for (uint8_t byte : unit.data) text += fmt::format("{:02x}", byte);
              units.push_back(text);
            },
            broken)) {}

  static Timestamps at(int64_t dts, int64_t offset = 0) { return {Ticks(dts + offset), Ticks(dts)}; }
  void pes(std::optional<Timestamps> time, const Bytes& bytes) {
    assembler->begin_pes(time, std::nullopt);
    assembler->add(bytes);
  }
  void bounded(std::optional<Timestamps> time, const Bytes& bytes) {
    assembler->begin_pes(time, bytes.size());
    assembler->add(bytes);
    assembler->end_pes();
  }

  uint64_t broken = 0;
  std::vector<std::string> units;
  std::unique_ptr<Assembler> assembler;
};

Bytes operator+(Bytes a, const Bytes& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// H.264: a delimiter and a slice with the picture's first macroblock, marked by `tag`.
Bytes picture(uint8_t tag) {
  return {0, 0, 0, 1, 9, 0xf0, 0, 0, 1, 0x41, 0x80, tag};
}
std::string shown(uint8_t tag) {
  return fmt::format("0000000109f00000014180{:02x}", tag);
}

TEST(VideoAssembler, UnitsEndWhereTheNextBegins) {
  Stream s(Codec::kH264);
  s.pes(Stream::at(100, 50), picture(1));
  EXPECT_THAT(s.units, IsEmpty());
  s.pes(Stream::at(200), {0, 0, 0, 1, 9, 0xf0});
  EXPECT_THAT(s.units, ElementsAre("100/150:" + shown(1)));
}

TEST(VideoAssembler, SeveralUnitsInOnePesPacketAreSpacedByTheFrameRate) {
  Stream s(Codec::kH264);
  s.assembler->set_frame_duration(Ticks(3600));
  s.pes(Stream::at(1000, 3600), picture(1) + picture(2) + picture(3));
  s.pes(Stream::at(20000), picture(4));
  s.assembler->flush();
  EXPECT_THAT(s.units, ElementsAre("1000/4600:" + shown(1), "4600/8200:" + shown(2), "8200/11800:" + shown(3),
                                   "20000/20000:" + shown(4)));
}

TEST(VideoAssembler, ATimestampBelongsToTheFirstUnitThatCommencesInItsPesPacket) {
  Stream s(Codec::kH264);
  const Bytes first = picture(1) + Bytes(40, 0x55);
  s.pes(Stream::at(100), Bytes(first.begin(), first.begin() + 20));
  s.pes(Stream::at(200), Bytes(first.begin() + 20, first.end()) + picture(2));
  s.pes(std::nullopt, Bytes(10, 0x66));
  s.pes(Stream::at(300), picture(3));
  s.assembler->flush();
  ASSERT_EQ(s.units.size(), 3u);
  EXPECT_TRUE(s.units[0].starts_with("100/100:"));
  EXPECT_TRUE(s.units[1].starts_with("200/200:"));
  EXPECT_TRUE(s.units[1].ends_with("6666"));
  EXPECT_TRUE(s.units[2].starts_with("300/300:"));
}

TEST(VideoAssembler, StartCodesMayBeCutAnywhere) {
  for (size_t piece = 1; piece < 9; ++piece) {
    Stream s(Codec::kH264);
    for (uint8_t i = 1; i <= 4; ++i) {
      s.assembler->begin_pes(Stream::at(i * 100), std::nullopt);
      const Bytes bytes = picture(i);
      for (size_t at = 0; at < bytes.size(); at += piece)
        s.assembler->add(ByteView(bytes).subspan(at, std::min(piece, bytes.size() - at)));
    }
    s.assembler->flush();
    EXPECT_THAT(s.units, ElementsAre("100/100:" + shown(1), "200/200:" + shown(2), "300/300:" + shown(3),
                                     "400/400:" + shown(4)))
        << piece;
  }
}

TEST(VideoAssembler, KnownLengthsEndUnitsOnceTheyHaveProvedToHoldOneEach) {
  Stream s(Codec::kH264);
  for (uint8_t i = 1; i <= 8; ++i) {
    s.bounded(Stream::at(i * 100), picture(i));
    EXPECT_EQ(s.units.size(), i <= 4 ? i - 1u : i) << int{i};
  }
}

TEST(VideoAssembler, AUnitSplitOverPesPacketsOfKnownLengthStaysWhole) {
  Stream s(Codec::kH264);
  for (uint8_t i = 1; i <= 8; ++i) {
    s.bounded(Stream::at(i * 100), picture(i));
    s.bounded(std::nullopt, {0x77, 0x77});
  }
  s.assembler->flush();
  ASSERT_EQ(s.units.size(), 8u);
  for (const std::string& unit : s.units) EXPECT_TRUE(unit.ends_with("7777")) << unit;
}

TEST(VideoAssembler, NothingIsGivenOutOfAUnitWithLostBytes) {
  Stream s(Codec::kH264);
  s.pes(Stream::at(100), picture(1));
  s.pes(Stream::at(200), picture(2));
  s.assembler->lose();
  s.assembler->add(picture(3));  // of a PES packet whose beginning may be lost
  s.pes(Stream::at(400), picture(4));
  s.assembler->flush();
  EXPECT_THAT(s.units, ElementsAre("100/100:" + shown(1), "400/400:!" + shown(4)));
}

TEST(VideoAssembler, TwoFieldsAreOneFrame) {
  const auto field = [](uint8_t tag) {
    return Bytes{0, 0, 1, 0, 0x11, 0x22, 0, 0, 1, 0xb5, 0x80, 0xff, 0x01, 0, 0, 1, 1, tag};  // top field
  };
  const auto frame = [](uint8_t tag) {
    return Bytes{0, 0, 1, 0, 0x11, 0x22, 0, 0, 1, 0xb5, 0x80, 0xff, 0x03, 0, 0, 1, 1, tag};
  };
  Stream s(Codec::kMpeg2Video);
  s.pes(Stream::at(100), field(1) + field(2));
  s.pes(Stream::at(200), field(3));
  s.pes(std::nullopt, field(4));
  s.pes(Stream::at(300), frame(5));
  s.pes(Stream::at(400), frame(6));
  s.assembler->flush();
  ASSERT_EQ(s.units.size(), 4u);
  EXPECT_TRUE(s.units[1].starts_with("200/200:") && s.units[1].ends_with("04"));
  EXPECT_TRUE(s.units[2].starts_with("300/300:") && s.units[2].ends_with("05"));
}

// Layer III, 48 kHz, 32 kbit/s: 96 bytes, 1152 samples = 2160 ticks.
Bytes mp3(uint8_t tag) {
  Bytes frame(96, tag);
  frame[0] = 0xff, frame[1] = 0xfb, frame[2] = 0x14, frame[3] = 0xc0;
  return frame;
}

std::vector<std::string> times(const Stream& s) {
  std::vector<std::string> out;
  for (const std::string& unit : s.units) {
    const size_t colon = unit.find(':');
    out.push_back(unit.substr(0, unit.find('/')) + (unit[colon + 1] == '!' ? "!" : ""));
  }
  return out;
}

TEST(AudioAssembler, FramesAreTimedBySamplesFromTheLastTimestamp) {
  Stream s(Codec::kMpegAudio);
  s.bounded(Stream::at(9000), mp3(1) + mp3(2) + mp3(3));
  s.bounded(Stream::at(15481), mp3(4) + mp3(5));  // one tick off: the stream's own timestamps count
  EXPECT_THAT(times(s), ElementsAre("9000", "11160", "13320", "15481", "17641"));
}

TEST(AudioAssembler, FramesMaySpanPesPackets) {
  Stream s(Codec::kMpegAudio);
  const Bytes all = mp3(1) + mp3(2) + mp3(3) + mp3(4);
  s.bounded(Stream::at(9000), Bytes(all.begin(), all.begin() + 150));
  s.bounded(Stream::at(13320), Bytes(all.begin() + 150, all.end()));
  EXPECT_THAT(times(s), ElementsAre("9000", "11160", "13320", "15480"));
  EXPECT_EQ(s.broken, 0u);
}

TEST(AudioAssembler, DamageInTheMiddleIsMarkedAndCounted) {
  Stream s(Codec::kMpegAudio);
  s.bounded(Stream::at(9000), mp3(1) + mp3(2));
  s.bounded(Stream::at(13320), Bytes(50, 0x33) + mp3(3) + mp3(4));
  s.assembler->lose();
  s.bounded(Stream::at(90000), mp3(5));
  EXPECT_THAT(times(s), ElementsAre("9000", "11160", "13320!", "15480", "90000!"));
  EXPECT_EQ(s.broken, 1u);
}

TEST(OpusAssembler, ControlHeadersFramePackets) {
  Stream s(Codec::kOpus);
  const Bytes packet{0xfc, 1, 2};  // 20 ms
  const Bytes plain = Bytes{0x7f, 0xe0, 3} + packet;
  const Bytes trimmed = Bytes{0x7f, 0xf8, 3, 0, 9, 0, 9} + packet;  // start and end trim
  const Bytes extended = Bytes{0x7f, 0xe4, 3, 1, 0xaa} + packet;    // control extension
  s.bounded(Stream::at(100), plain + trimmed + extended);
  s.bounded(Stream::at(9000), {0x7f, 0xe0, 30, 1});
  s.bounded(Stream::at(9900), plain);
  EXPECT_THAT(s.units,
              ElementsAre("100/100:fc0102", "1900/1900:fc0102", "3700/3700:fc0102", "9900/9900:!fc0102"));
  EXPECT_EQ(s.broken, 1u);
}

}  // namespace
}  // namespace m4f::ts
