#include "m4f/ts/packager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "m4f/ts/test_support.h"

namespace m4f::ts {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr uint16_t kPmt = 0x1000, kFirst = 0x100;

// Two video and two audio tracks, 25 fps with a key frame each second, B-frame offsets, AAC frames of 1920
// ticks.
std::vector<TestFrame> programme(const std::vector<Track>& tracks, Ticks start, int seconds,
                                 size_t scale = 1) {
  std::vector<TestFrame> frames;
  Ticks audio = start;
  for (int i = 0; i < seconds * 25; ++i) {
    const Ticks dts = start + Ticks(3600) * i;
    for (size_t t = 0; t < tracks.size(); ++t)
      if (tracks[t].id.content == Content::kVideo) {
        const bool key = i % 25 == 0;
        const size_t size = (key ? 5000 : 40 + static_cast<size_t>(i * 37 % 700)) * scale;
        frames.push_back(test_frame(t, tracks[t].codec, key, dts, size, Ticks(i % 3 == 0 ? 7200 : 0)));
      }
    for (; audio < dts + Ticks(3600); audio += Ticks(1920))
      for (size_t t = 0; t < tracks.size(); ++t)
        if (tracks[t].id.content == Content::kAudio)
          frames.push_back(
              test_frame(t, tracks[t].codec, true, audio, 100 + static_cast<size_t>(audio.count % 300)));
  }
  return frames;
}

std::vector<Track> four_tracks() {
  return {h264_track(1), h264_track(2), aac_track(1, "eng"), aac_track(2, "rus")};
}

constexpr Ticks kStart = Ticks(158742753600000);

class Selections : public ::testing::TestWithParam<const char*> {};

TEST_P(Selections, CountersRunOnAcrossSegmentsPackagedApart) {
  Options options;
  if (auto s = TrackSelection::parse(GetParam())) options.tracks = *s;
  options.provider = "Sluice";
  options.title = "One";
  SegmentChain chain(four_tracks());
  Bytes all;
  size_t frames = 0;
  for (int i = 0; i < 19; ++i) {
    auto segment =
        chain.add(programme(four_tracks(), kStart + Ticks::from_seconds(i), 1), Ticks::from_seconds(1));
    const Bytes bytes = package(*segment, options);
    EXPECT_THAT(read_ts(bytes).sections[0], ::testing::SizeIs(::testing::Ge(2u)));
    all.insert(all.end(), bytes.begin(), bytes.end());
    for (size_t f = 0; f < segment->frame_count(); ++f)
      frames +=
          options.tracks.ids.empty() || std::count(options.tracks.ids.begin(), options.tracks.ids.end(),
                                                   segment->header().tracks[segment->frame(f).track].id) != 0;
  }
  const TsContent ts = read_ts(all);
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_EQ(ts.pes.size(), frames);
}

INSTANTIATE_TEST_SUITE_P(Packager, Selections,
                         ::testing::Values("", "v1", "v2", "a1", "a2", "v1a1", "v2a2", "a1v1", "v1v2a1a2",
                                           "a1a2"));

TEST(Packager, SameBytesEveryTimeAndPieceByPiece) {
  SegmentChain chain(four_tracks());
  chain.header().discontinuity = true;
  auto segment = chain.add(programme(four_tracks(), kStart, 3), Ticks::from_seconds(3));
  const Bytes whole = package(*segment, {});
  EXPECT_EQ(package(*segment, {}), whole);
  for (size_t step : {1u, 2u, 7u, 1000u}) {
    SegmentPackager packager(segment, {});
    Bytes pieces;
    for (size_t end = step; packager.position() < segment->frame_count(); end += step)
      packager.append(std::min(end, segment->frame_count()), pieces);
    EXPECT_EQ(pieces, whole) << step;
  }
}

TEST(Packager, FrameOfEverySizeComesBackWhole) {
  std::vector<TestFrame> frames;
  for (size_t size = 0; size < 800; ++size) {
    const Ticks dts = kStart + Ticks(3600) * static_cast<int64_t>(size);
    const Ticks offset(size % 2 == 0 ? 0 : 3600);
    frames.push_back(test_frame(0, Codec::kH264, size % 5 == 0, dts, size, offset));
    frames.push_back(test_frame(1, Codec::kAac, true, dts, size));
    frames.push_back(test_frame(2, Codec::kOpus, true, dts, size));
    frames.push_back(test_frame(3, Codec::kMpeg2Video, size % 7 == 0, dts, size, offset));
  }
  SegmentChain chain(
      {h264_track(), aac_track(), plain_track(Codec::kOpus, 2), plain_track(Codec::kMpeg2Video, 2)});
  auto segment = chain.add(frames, Ticks::from_seconds(1));
  const TsContent ts = read_ts(package(*segment, {}));
  EXPECT_THAT(ts.faults, IsEmpty());
  ASSERT_EQ(ts.pes.size(), frames.size());
  for (size_t i = 0; i < frames.size(); ++i) {
    const Pes& pes = ts.pes[i];
    const Frame& frame = frames[i].frame;
    const Bytes& data = frames[i].data;
    Bytes expected;
    switch (frame.track) {
      case 0:
        expected = {0, 0, 0, 1, 9, 0xf0};
        if (frame.key)
          expected.insert(expected.end(),
                          {0, 0, 0, 1, 0x67, 0x42, 0xc0, 0x1e, 0, 0, 0, 1, 0x68, 0xce, 0x3c, 0x80});
        break;
      case 1: {
        const size_t n = data.size() + 7;
        expected = {0xff,
                    0xf1,
                    0x4c,
                    static_cast<uint8_t>(0x80 | n >> 11),
                    static_cast<uint8_t>(n >> 3),
                    static_cast<uint8_t>((n & 7) << 5 | 0x1f),
                    0xfc};
        break;
      }
      case 2:
        expected = {0x7f, 0xe0};
        for (size_t n = data.size();; n -= 255) {
          expected.push_back(static_cast<uint8_t>(std::min<size_t>(n, 255)));
          if (n < 255) break;
        }
        break;
      default:
        break;
    }
    const size_t head = expected.size();
    expected.insert(expected.end(), data.begin(), data.end());
    if (frame.track == 0)
      for (size_t at = head; at + 4 <= expected.size();) {
        const size_t n = static_cast<size_t>(expected[at + 2] << 8 | expected[at + 3]);
        expected[at + 2] = 0, expected[at + 3] = 1;
        at += 4 + n;
      }
    ASSERT_EQ(pes.elementary, expected) << "frame " << i;
    EXPECT_EQ(pes.pts, static_cast<uint64_t>(frame.pts().count) & kClockMask);
    EXPECT_EQ(pes.dts, static_cast<uint64_t>(frame.dts.count) & kClockMask);
    EXPECT_EQ(pes.declared_length, pes.elementary.size());
  }
}

TEST(Packager, LargeVideoFramesHaveNoLengthAndLoseNothing) {
  SegmentChain chain({h264_track()});
  auto frames = std::vector{test_frame(0, Codec::kH264, true, kStart, 3'000'000)};
  const TsContent ts = read_ts(package(*chain.add(frames, Ticks(3600)), {}));
  EXPECT_THAT(ts.faults, IsEmpty());
  ASSERT_EQ(ts.pes.size(), 1u);
  EXPECT_EQ(ts.pes[0].declared_length, 0u);
  EXPECT_EQ(ts.pes[0].elementary.size(), 3'000'000u + 6 + 16);
}

TEST(Packager, HostileNalLengthsStayInsideTheFrame) {
  for (uint32_t length : {0u, 1u, 395u, 396u, 397u, 0x7fffffffu, 0xffffffffu}) {
    auto frame = test_frame(0, Codec::kH264, false, kStart, 400);
    for (int i = 0; i < 4; ++i)
      frame.data[static_cast<size_t>(i)] = static_cast<uint8_t>(length >> (24 - 8 * i));
    SegmentChain chain({h264_track()});
    const TsContent ts = read_ts(package(*chain.add({frame}, Ticks(3600)), {}));
    EXPECT_THAT(ts.faults, IsEmpty()) << length;
    EXPECT_EQ(ts.pes.at(0).elementary.size(), 406u) << length;
  }
}

TEST(Packager, PcrIsOnTheSelectedVideoElseOnAudio) {
  SegmentChain chain(four_tracks());
  auto segment = chain.add(programme(four_tracks(), kStart, 2), Ticks::from_seconds(2));
  const std::pair<const char*, uint16_t> cases[] = {
      {"v1a1", kFirst}, {"a1v2", kFirst + 1}, {"a1", kFirst + 2}, {"a2a1", kFirst + 3}};
  for (auto [selection, pid] : cases) {
    Options options;
    options.tracks = *TrackSelection::parse(selection);
    TsContent ts = read_ts(package(*segment, options));
    for (const Pes& pes : ts.pes) {
      ASSERT_EQ(pes.pcr.has_value(), pes.pid == pid) << selection;
      if (pes.pcr) {
        EXPECT_EQ((*pes.dts - *pes.pcr) & kClockMask, 9000u);
      }
    }
    const Bytes& pmt = ts.sections[kPmt].at(0);
    EXPECT_EQ((pmt[8] & 31) << 8 | pmt[9], pid) << selection;
  }
}

TEST(Packager, TimestampsWrapAt33Bits) {
  const Ticks start(static_cast<int64_t>((kClockMask + 1) * 18480) - 45000);
  SegmentChain chain({h264_track(), aac_track()});
  const TsContent ts =
      read_ts(package(*chain.add(programme({h264_track(), aac_track()}, start, 1), Ticks(90000)), {}));
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_EQ(ts.pes.front().dts, kClockMask + 1 - 45000);
  EXPECT_EQ(ts.of(kFirst).back()->dts, 24u * 3600 - 45000);
}

TEST(Packager, KeyFramesAreRandomAccessPoints) {
  SegmentChain chain(four_tracks());
  auto segment = chain.add(programme(four_tracks(), kStart, 2), Ticks::from_seconds(2));
  const TsContent ts = read_ts(package(*segment, {}));
  for (uint16_t pid : {kFirst, static_cast<uint16_t>(kFirst + 1)}) {
    const auto pes = ts.of(pid);
    for (size_t i = 0; i < pes.size(); ++i) EXPECT_EQ(pes[i]->random_access, i % 25 == 0) << pid << " " << i;
  }
}

TEST(Packager, PatAndPmtStandAtTheStartBeforeKeyFramesAndEveryHalfSecond) {
  // The same places whatever is selected, and also where no video is.
  SegmentChain chain(four_tracks());
  auto segment = chain.add(programme(four_tracks(), kStart, 4), Ticks::from_seconds(4));
  for (const char* selection : {"v1a1", "a2"}) {
    Options options;
    options.tracks = *TrackSelection::parse(selection);
    const Bytes bytes = package(*segment, options);
    std::vector<Ticks> at;
    for (size_t i = 0; i < bytes.size(); i += 188)
      if (bytes[i + 1] == 0x40 && bytes[i + 2] == 0) {
        ASSERT_EQ(bytes[i + 188 + 1], 0x50) << "PMT does not follow";
        const TsContent before = read_ts(ByteView(bytes).first(i));
        at.push_back(before.pes.empty() ? Ticks() : Ticks(static_cast<int64_t>(*before.pes.back().dts)));
      }
    EXPECT_EQ(bytes[1] & 0x5f, 0x40);
    ASSERT_EQ(at.size(), 8u) << selection;  // key frames at 0, 1, 2, 3 s and one between each
    for (size_t i = 2; i < at.size(); ++i) EXPECT_LE((at[i] - at[i - 1]).count, 45000 + 3600) << selection;
  }
}

TEST(Packager, DiscontinuityIsSignalledOnceOnThePcrPid) {
  SegmentChain chain(four_tracks());
  chain.header().discontinuity = true;
  const TsContent ts =
      read_ts(package(*chain.add(programme(four_tracks(), kStart, 1), Ticks::from_seconds(1)), {}));
  for (const Pes& pes : ts.pes) EXPECT_EQ(pes.discontinuity, &pes == ts.of(kFirst)[0]);
}

TEST(Packager, PmtNamesEveryCodecTheWayReadersExpect) {
  struct {
    Codec codec;
    Bytes entry;  // stream_type, PID, descriptors
  } const cases[] = {
      {Codec::kH264, {0x1b, 0xe1, 0, 0xf0, 0}},
      {Codec::kH265, {0x24, 0xe1, 0, 0xf0, 6, 5, 4, 'H', 'E', 'V', 'C'}},
      {Codec::kMpeg1Video, {0x01, 0xe1, 0, 0xf0, 0}},
      {Codec::kMpeg2Video, {0x02, 0xe1, 0, 0xf0, 0}},
      {Codec::kAac, {0x0f, 0xe1, 0, 0xf0, 6, 10, 4, 'd', 'e', 'u', 0}},
      {Codec::kMpegAudio, {0x03, 0xe1, 0, 0xf0, 0}},
      {Codec::kAc3, {0x81, 0xe1, 0, 0xf0, 6, 5, 4, 'A', 'C', '-', '3'}},
      {Codec::kEac3, {0x87, 0xe1, 0, 0xf0, 6, 5, 4, 'E', 'A', 'C', '3'}},
      {Codec::kOpus, {0x06, 0xe1, 0, 0xf0, 10, 5, 4, 'O', 'p', 'u', 's', 0x7f, 2, 0x80, 2}},
  };
  for (const auto& c : cases) {
    Track track = c.codec == Codec::kH264  ? h264_track()
                  : c.codec == Codec::kAac ? aac_track(1, "deu")
                                           : plain_track(c.codec);
    SegmentChain chain({track});
    TsContent ts = read_ts(package(*chain.add({test_frame(0, c.codec, true, kStart, 90)}, Ticks(1800)), {}));
    const Bytes& pmt = ts.sections[kPmt].at(0);
    EXPECT_EQ(Bytes(pmt.begin() + 12, pmt.end() - 4), c.entry) << codec_name(c.codec);
  }
}

TEST(Packager, LeavesOutWhatMpegTsCannotHold) {
  for (Codec codec : {Codec::kAv1, Codec::kVp8, Codec::kVp9}) EXPECT_FALSE(carries(codec));
  Track eld = aac_track();
  eld.config = {0xf8, 0xe8, 0x50, 0x00};  // AAC-ELD has no ADTS form
  SegmentChain chain({plain_track(Codec::kAv1), eld, aac_track(2)});
  auto segment = chain.add(
      {test_frame(0, Codec::kAv1, true, kStart, 90), test_frame(1, Codec::kAac, true, kStart, 90),
       test_frame(2, Codec::kAac, true, kStart, 90), test_frame(2, Codec::kAac, true, kStart, 9000)},
      Ticks(1800));
  TsContent ts = read_ts(package(*segment, {}));
  EXPECT_THAT(ts.faults, IsEmpty());
  ASSERT_EQ(ts.pes.size(), 1u);  // a frame of 9000 bytes exceeds ADTS too
  EXPECT_EQ(ts.pes[0].pid, kFirst + 2);
  EXPECT_TRUE(ts.pes[0].pcr);
}

TEST(Packager, ManyTracksMakeALongPmtWithUnbrokenCounters) {
  std::vector<Track> tracks{h264_track()};
  for (uint8_t i = 1; i < kMaxTracks; ++i) tracks.push_back(aac_track(i, "eng"));
  SegmentChain chain(tracks);
  Bytes all;
  for (int i = 0; i < 3; ++i) {
    const Bytes bytes = package(
        *chain.add(programme(tracks, kStart + Ticks::from_seconds(i), 1), Ticks::from_seconds(1)), {});
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  TsContent ts = read_ts(all);
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_EQ(ts.packets[kPmt], 2 * ts.packets[0]);
}

TEST(Packager, LongTitlesAreCutAtACharacter) {
  Options options;
  options.provider = std::string(200, 'p');
  for (int i = 0; i < 100; ++i) options.title += "ж";
  SegmentChain chain({aac_track()});
  TsContent ts =
      read_ts(package(*chain.add({test_frame(0, Codec::kAac, true, kStart, 90)}, Ticks(1800)), options));
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_EQ(ts.packets[0x11], 1u);
  const Bytes& sdt = ts.sections[0x11].at(0);
  EXPECT_EQ(std::string(sdt.begin() + 20 + 1 + 60 + 1 + 1, sdt.end() - 4), options.title.substr(0, 90));
}

TEST(CounterTracker, TracksKeepTheirCountersByIdWhenTheTableChanges) {
  SegmentChain chain(four_tracks());
  chain.add(programme(four_tracks(), kStart, 1), Ticks::from_seconds(1));
  const TsCounters before = chain.header().ts;
  const CounterTracker tracker(chain.header());
  const TsCounters after = tracker.next({aac_track(2), plain_track(Codec::kAc3, 3), h264_track(1)});
  ASSERT_EQ(after.tracks.size(), 3u);
  EXPECT_EQ(after.psi, before.psi);
  EXPECT_EQ(after.tracks[0], before.tracks[3]);
  EXPECT_EQ(after.tracks[1], TsCounters::PerTrack());
  EXPECT_EQ(after.tracks[2], before.tracks[0]);
}

}  // namespace
}  // namespace m4f::ts
