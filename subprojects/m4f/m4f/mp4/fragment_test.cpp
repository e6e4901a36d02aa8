#include <gtest/gtest.h>

#include "m4f/mp4/boxes/fragment_boxes.h"
#include "m4f/mp4/packager.h"
#include "m4f/mp4/testing/box_reader.h"
#include "m4f/mp4/testing/segments.h"

namespace m4f::mp4 {
namespace {

using namespace testing;
constexpr size_t kV1[] = {0}, kA1[] = {1}, kV1A1[] = {0, 1}, kA1V1[] = {1, 0};

Bytes joined_parts(const Segment& s, std::span<const size_t> selection) {
  Bytes out;
  for (size_t i = 0; i < parts(s, selection).size(); ++i) {
    const Bytes p = part(s, selection, i);
    out.insert(out.end(), p.begin(), p.end());
  }
  return out;
}

ReadMoof read_moof(ByteView bytes) {
  BoxReader reader(bytes);
  ReadMoof moof;
  reader.box(moof);
  EXPECT_TRUE(reader.ok());
  return moof;
}

TEST(Mp4Fragment, PartsJoinToTheSegment) {
  AvSource source;
  for (int i = 0; i < 3; ++i) {
    const SegmentPtr s = source.next();
    for (std::span<const size_t> selection : {std::span(kV1), std::span(kA1)})
      EXPECT_EQ(joined_parts(*s, selection), package(*s, selection));
    EXPECT_EQ(joined_parts(*s, kV1A1), package(*s, kV1A1));
  }
}

TEST(Mp4Fragment, PartsOfTheOpenSegmentAreThoseOfTheSealedOne) {
  SegmentBuilder b = AvSource{}.open(kStart);
  std::vector<Bytes> early;
  for (int i = 0; i < 10; ++i) {
    add(b, frame(0, kStart + Ticks(3600 * i + i % 3), Ticks(3600), i == 0, i % 3 == 2),
        fmt::format("frame {}", i));
    if (i % 3 == 2) early.push_back(part(*b.segment(), kV1, early.size()));
  }
  EXPECT_TRUE(part(*b.segment(), kV1, 3).empty());
  b.seal(Ticks(36000));
  ASSERT_EQ(parts(*b.segment(), kV1).size(), 4u);
  for (size_t i = 0; i < early.size(); ++i) EXPECT_EQ(part(*b.segment(), kV1, i), early[i]) << i;
}

TEST(Mp4Fragment, TwoPackagingsAreTheSameBytes) {
  EXPECT_EQ(package(*AvSource{}.next(), kV1A1), package(*AvSource{}.next(), kV1A1));
}

TEST(Mp4Fragment, IsAllocatedOnceAndExactly) {
  const SegmentPtr s = AvSource{}.next();
  const Bytes out = package(*s, kV1A1);
  EXPECT_EQ(out.size(), out.capacity());
}

TEST(Mp4Fragment, GoldenBytes) {
  SegmentBuilder b = AvSource{}.open(kStart);
  Frame key = frame(0, kStart, Ticks(3600));
  key.cts_offset = Ticks(3600);
  Frame next = frame(0, kStart + Ticks(3601), Ticks(3600), false);
  next.cts_offset = Ticks(-1);
  add(b, key, "KEY");
  add(b, frame(1, kStart + Ticks(10), Ticks(1920)), "au");
  add(b, next, "next");
  b.seal(Ticks(7201));
  EXPECT_EQ(hex(package(*b.segment(), kV1A1)),
            "000000c4 6d6f6f66 "                             // moof
            "00000010 6d666864 00000000 0003e800 "           // mfhd: segment 1000, part 0
            "00000060 74726166 "                             // traf v1
            "00000010 74666864 00020000 00000001 "           // tfhd
            "00000014 74666474 01000000 000092f1 8f9ee990 "  // tfdt
            "00000034 7472756e 01000f01 00000002 000000cc "  // trun, data at 204
            "00000e11 00000003 02000000 00000e10 "           // key: until the next, +3600
            "00000e10 00000004 01010000 ffffffff "           // next: nominal, -1
            "0000004c 74726166 "                             // traf a1
            "00000014 74666864 00020020 00000002 02000000 "
            "00000014 74666474 01000000 000092f1 8f9ee99a "
            "0000001c 7472756e 01000301 00000001 000000d3 00000780 00000002 "
            "00000011 6d646174 4b45596e 65787461 75");
}

TEST(Mp4Fragment, SelectionNumbersItsTracksInItsOwnOrder) {
  const SegmentPtr s = AvSource{}.next();
  const ReadMoof moof = read_moof(part(*s, kA1V1, 0));
  ASSERT_EQ(moof.traf.size(), 2u);
  EXPECT_EQ(moof.traf[0].tfhd.track_id, 1u);
  EXPECT_EQ(moof.traf[0].tfhd.default_flags, kSyncSample);
  EXPECT_EQ(moof.traf[1].tfhd.track_id, 2u);
}

TEST(Mp4Fragment, TrackWithoutFramesInThePartIsLeftOut) {
  SegmentBuilder b = AvSource{}.open(kStart);
  add(b, frame(0, kStart, Ticks(3600)), "k");
  b.seal(Ticks(3600));
  const ReadMoof moof = read_moof(package(*b.segment(), kV1A1));
  ASSERT_EQ(moof.traf.size(), 1u);
  EXPECT_EQ(moof.traf[0].tfhd.track_id, 1u);
}

TEST(Mp4Fragment, DecodeTimesRunOnFromPartToPart) {
  AvSource source;
  for (std::span<const size_t> selection : {std::span(kV1), std::span(kA1)}) {
    uint64_t expected = 0;
    source = {};
    uint32_t sequence = 0;
    for (int n = 0; n < 3; ++n) {
      const SegmentPtr s = source.next();
      for (size_t i = 0; i < parts(*s, selection).size(); ++i) {
        const ReadMoof moof = read_moof(part(*s, selection, i));
        EXPECT_GT(moof.mfhd.sequence_number, sequence);
        sequence = moof.mfhd.sequence_number;
        if (expected != 0) {
          EXPECT_EQ(moof.traf[0].tfdt.time, expected);
        }
        expected = moof.traf[0].tfdt.time;
        for (const auto& sample : moof.traf[0].trun.samples) expected += sample.duration;
      }
    }
  }
}

TEST(Mp4Fragment, UnknownDurationsAreTakenFromTrackOrNeighbour) {
  AvSource source;
  SegmentBuilder known = source.open(kStart);
  add(known, frame(0, kStart, Ticks()), "k");
  known.seal(Ticks(3600));
  EXPECT_EQ(read_moof(package(*known.segment(), kV1)).traf[0].trun.samples[0].duration, 3600u);

  source.tracks[0].frame_duration = {};
  SegmentBuilder unknown = source.open(kStart);
  add(unknown, frame(0, kStart, Ticks()), "k");
  add(unknown, frame(0, kStart + Ticks(1234), Ticks(), false), "p");
  unknown.seal(Ticks(2468));
  EXPECT_EQ(read_moof(package(*unknown.segment(), kV1)).traf[0].trun.samples[1].duration, 1234u);
}

TEST(Mp4Fragment, TimesThatRunBackwardsOrAreEqualLastNothing) {
  SegmentBuilder b = AvSource{}.open(kStart);
  for (Ticks t : {Ticks(0), Ticks(-5), Ticks(-5), Ticks(7)}) add(b, frame(0, kStart + t, Ticks(3600)), "f");
  b.seal(Ticks(3600));
  const auto samples = read_moof(package(*b.segment(), kV1)).traf[0].trun.samples;
  ASSERT_EQ(samples.size(), 4u);
  EXPECT_EQ(samples[0].duration, 0u);
  EXPECT_EQ(samples[1].duration, 0u);
  EXPECT_EQ(samples[2].duration, 12u);
}

}  // namespace
}  // namespace m4f::mp4
