#include "m4f/segment/segment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <numeric>
#include <thread>

#include "m4f/record/format.h"

namespace m4f {
namespace {

SegmentHeader header_av(uint64_t number = 41) {
  SegmentHeader h;
  h.number = number;
  h.start = Ticks::from_seconds(1'795'179'937);
  h.target = Ticks::from_seconds(5);
  Track audio{.id = {Content::kAudio, 1}, .codec = Codec::kAac, .rfc6381 = "mp4a.40.2"};
  audio.sample_rate = 48000;
  audio.channels = 2;
  h.tracks = {audio, Track{.id = {Content::kVideo, 1}, .codec = Codec::kH264, .rfc6381 = "avc1.64001f"}};
  return h;
}

Frame frame_at(Ticks dts, uint8_t track = 1) {
  Frame f;
  f.track = track;
  f.dts = dts;
  f.duration = Ticks(3600);
  return f;
}

Bytes joined(const Segment& s) {
  Bytes out;
  for (ByteView v : s.records()) out.insert(out.end(), v.begin(), v.end());
  return out;
}

TEST(Segment, FramesAreReadableAsTheyAreAdded) {
  SegmentBuilder b(header_av());
  const SegmentPtr s = b.segment();
  EXPECT_EQ(s->frame_count(), 0u);
  EXPECT_EQ(s->lead_track(), 1u);
  Frame f = frame_at(s->header().start);
  f.key = f.part_end = f.gap_before = true;
  f.cts_offset = Ticks(-7200);
  ASSERT_TRUE(b.add_frame(f, as_bytes("payload")));
  ASSERT_EQ(s->frame_count(), 1u);
  const Frame& got = s->frame(0);
  EXPECT_EQ(as_text(got.data), "payload");
  EXPECT_TRUE(got.key && got.part_end && got.gap_before);
  EXPECT_EQ(got.pts(), f.dts - Ticks(7200));
  EXPECT_EQ(got.duration, Ticks(3600));
}

TEST(Segment, RecordsAreWhatWasAdded) {
  SegmentBuilder b(header_av());
  const SegmentPtr s = b.segment();
  Bytes expected(s->begin_record().begin(), s->begin_record().end());
  for (int i = 0; i < 500; ++i) {
    const Bytes payload(static_cast<size_t>(i * 7), static_cast<uint8_t>(i));
    ASSERT_TRUE(b.add_frame(frame_at(s->header().start + Ticks(3600 * i)), payload));
    const ByteView record = s->frame_record(s->frame_count() - 1);
    EXPECT_EQ(record.size() % 8, 0u);
    expected.insert(expected.end(), record.begin(), record.end());
  }
  EXPECT_EQ(joined(*s), expected);
  b.seal(Ticks::from_seconds(20));
  const auto end = format::read_end(s->end_record());
  EXPECT_EQ(end.frames, 500u);
  EXPECT_EQ(end.duration, Ticks::from_seconds(20));
  expected.insert(expected.end(), s->end_record().begin(), s->end_record().end());
  EXPECT_EQ(joined(*s), expected);
  EXPECT_EQ(end.checksum, XXH3_64bits(expected.data(), expected.size() - 8));
}

TEST(Segment, DurationGrowsWithTheLeadTrackAndIsFinalWhenSealed) {
  SegmentBuilder b(header_av());
  const SegmentPtr s = b.segment();
  const Ticks start = s->header().start;
  EXPECT_EQ(s->duration(), Ticks(0));
  ASSERT_TRUE(b.add_frame(frame_at(start + Ticks(90000), 0), {}));
  EXPECT_EQ(s->duration(), Ticks(0));
  ASSERT_TRUE(b.add_frame(frame_at(start + Ticks(3600)), {}));
  EXPECT_EQ(s->duration(), Ticks(7200));
  EXPECT_FALSE(s->sealed());
  b.seal(Ticks(9000));
  EXPECT_TRUE(s->sealed());
  EXPECT_EQ(s->duration(), Ticks(9000));
}

TEST(Segment, ACancelledReservationLeavesNothingBehind) {
  SegmentBuilder b(header_av());
  const SegmentPtr s = b.segment();
  auto room = b.reserve_frame(frame_at(s->header().start), 300 << 10);
  ASSERT_TRUE(room);
  std::ranges::fill(*room, uint8_t{0xee});
  b.cancel_frame();
  EXPECT_EQ(s->frame_count(), 0u);
  ASSERT_TRUE(b.add_frame(frame_at(s->header().start), as_bytes("x")));
  EXPECT_EQ(joined(*s).size(), s->begin_record().size() + 32);
  EXPECT_EQ(joined(*s).back(), 0);  // padding is zero where the cancelled frame was
}

TEST(Segment, RefusesFramesThatTheFormatCannotHold) {
  SegmentBuilder b(header_av());
  const Ticks start = b.segment()->header().start;
  const auto code = [&](const Frame& f, size_t size) {
    auto r = b.reserve_frame(f, size);
    if (r) b.cancel_frame();
    return r ? std::optional<Errc>() : r.error().code;
  };
  EXPECT_EQ(code(frame_at(start), kMaxFrameSize), std::nullopt);
  EXPECT_EQ(code(frame_at(start), kMaxFrameSize + 1), Errc::kLimit);
  EXPECT_EQ(code(frame_at(start, 2), 1), Errc::kInvalid);
  EXPECT_EQ(code(frame_at(Ticks(0)), 1), Errc::kInvalid);
  EXPECT_EQ(code(frame_at(Ticks(INT64_MIN)), 1), Errc::kInvalid);
  EXPECT_EQ(code(frame_at(Ticks(INT64_MAX)), 1), Errc::kInvalid);
  Frame f = frame_at(start);
  f.cts_offset = Ticks(int64_t{1} << 31);
  EXPECT_EQ(code(f, 1), Errc::kInvalid);
  f = frame_at(start);
  f.duration = Ticks(-1);
  EXPECT_EQ(code(f, 1), Errc::kInvalid);
}

TEST(Segment, MemoryIsItsRecordsAndLittleMore) {
  // 2 Mbit/s for 5 s, frames of a size that would fit blocks badly.
  SegmentBuilder b(header_av());
  const SegmentPtr s = b.segment();
  const Bytes payload(40000, 1);
  for (int i = 0; i < 31; ++i) ASSERT_TRUE(b.add_frame(frame_at(s->header().start), payload));
  b.seal(Ticks::from_seconds(5));
  EXPECT_LT(s->memory(), joined(*s).size() + (32 << 10));
  EXPECT_LE(s->records().size(), 3u);
}

TEST(Segment, AnAudioSegmentCostsKilobytes) {
  SegmentBuilder b(header_av());
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(b.add_frame(frame_at(b.segment()->header().start, 0), Bytes(300)));
  b.seal(Ticks::from_seconds(1));
  EXPECT_LT(b.segment()->memory(), 32u << 10);
}

TEST(Segment, AFrameLargerThanABlockIsOnePiece) {
  SegmentBuilder b(header_av());
  const Bytes payload(9 << 20, 0x5a);
  ASSERT_TRUE(b.add_frame(frame_at(b.segment()->header().start), as_bytes("small")));
  ASSERT_TRUE(b.add_frame(frame_at(b.segment()->header().start), payload));
  EXPECT_TRUE(std::ranges::equal(b.segment()->frame(1).data, payload));
  EXPECT_EQ(as_text(b.segment()->frame(0).data), "small");
}

TEST(Segment, ReadersSeeOnlyWholeFramesWhileItGrows) {
  constexpr int kFrames = 4000;
  SegmentBuilder b(header_av());
  const SegmentPtr s = b.segment();
  const Ticks start = s->header().start;
  const auto read = [s, start] {
    size_t seen = 0;
    for (bool last = false; !last;) {
      last = s->sealed();
      const size_t count = s->frame_count();
      ASSERT_GE(count, seen);
      for (; seen < count; ++seen) {
        const Frame& f = s->frame(seen);
        ASSERT_EQ(f.dts, start + Ticks(static_cast<int64_t>(seen)));
        ASSERT_EQ(f.data.size(), seen % 1500);
        for (uint8_t byte : f.data) ASSERT_EQ(byte, static_cast<uint8_t>(seen));
      }
      size_t bytes = 0;
      for (ByteView v : s->records()) bytes += std::accumulate(v.begin(), v.end(), v.size());
      ASSERT_GT(bytes, 0u);
      ASSERT_GT(s->memory(), 0u);
      if (last) {
        ASSERT_EQ(s->duration(), Ticks(kFrames));
        ASSERT_EQ(s->end_record().size(), format::kEndRecord);
      }
    }
    ASSERT_EQ(seen, size_t{kFrames});
  };
  std::thread readers[] = {std::thread(read), std::thread(read)};
  for (int i = 0; i < kFrames; ++i)
    ASSERT_TRUE(b.add_frame(frame_at(start + Ticks(i)), Bytes(static_cast<size_t>(i % 1500), uint8_t(i))));
  b.seal(Ticks(kFrames));
  for (auto& r : readers) r.join();
}

}  // namespace
}  // namespace m4f
