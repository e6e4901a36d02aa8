#include "m4f/record/record.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <xxhash.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "m4f/record/format.h"
#include "m4f/record/record_fuzz.h"

namespace m4f {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

SegmentHeader header(uint64_t number) {
  SegmentHeader h;
  h.number = number;
  h.start = Ticks::from_seconds(1'795'179'937 + static_cast<int64_t>(number));
  h.tracks.resize(1);
  return h;
}

Bytes bytes_of(const Segment& s) {
  Bytes out;
  for (ByteView v : s.records()) out.insert(out.end(), v.begin(), v.end());
  return out;
}

SegmentPtr make_segment(uint64_t number, size_t frames = 3, size_t size = 5) {
  SegmentBuilder b(header(number));
  for (size_t i = 0; i < frames; ++i) {
    Frame f;
    f.dts = b.segment()->header().start + Ticks(static_cast<int64_t>(3600 * i));
    f.duration = Ticks(3600);
    f.key = i == 0;
    EXPECT_TRUE(b.add_frame(f, Bytes(size + i, static_cast<uint8_t>(number + i))));
  }
  b.seal(Ticks(static_cast<int64_t>(3600 * frames)));
  return b.segment();
}

Bytes make_stream(uint64_t first, size_t segments) {
  Bytes out;
  for (uint64_t n = first; n < first + segments; ++n) {
    const Bytes s = bytes_of(*make_segment(n));
    out.insert(out.end(), s.begin(), s.end());
  }
  return out;
}

Bytes operator+(Bytes a, ByteView b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

// The bytes of one segment, with the checksum at their end made right.
Bytes with_checksum(Bytes segment) {
  uint64_t sum = XXH3_64bits(segment.data(), segment.size() - 8);
  for (size_t i = segment.size(); i-- > segment.size() - 8; sum >>= 8) segment[i] = static_cast<uint8_t>(sum);
  return segment;
}

// Everything a reader said about a stream.
struct Reading {
  std::vector<RecordEvent> events;
  std::string error;             // the first one
  std::vector<uint64_t> sealed;  // by feed()
  std::vector<uint64_t> cut;     // by finish()

  SegmentPtr segment(uint64_t number) const {
    for (const RecordEvent& e : events)
      if (auto* s = std::get_if<SegmentSealed>(&e); s && s->segment->header().number == number)
        return s->segment;
    return nullptr;
  }
};

template <typename NextSize>
Reading read(ByteView in, NextSize next_size) {
  Reading r;
  RecordReader reader;
  const auto note = [&](size_t from, std::vector<uint64_t>& to) {
    for (; from < r.events.size(); ++from)
      if (auto* s = std::get_if<SegmentSealed>(&r.events[from])) to.push_back(s->segment->header().number);
  };
  while (!in.empty()) {
    const size_t n = std::min<size_t>(in.size(), next_size());
    const size_t before = r.events.size();
    auto ok = reader.feed(in.first(n), r.events);
    if (!ok && r.error.empty()) r.error = ok.error().message();
    note(before, r.sealed);
    in = in.subspan(n);
  }
  const size_t before = r.events.size();
  reader.finish(r.events);
  note(before, r.cut);
  return r;
}

Reading read(ByteView in) {
  return read(in, [&] { return in.size(); });
}

TEST(RecordReader, GivesBackTheSegmentsThatWereWritten) {
  const SegmentPtr a = make_segment(41), b = make_segment(42, 200, 1000);
  const Reading r = read(bytes_of(*a) + bytes_of(*b));
  EXPECT_EQ(r.error, "");
  EXPECT_THAT(r.sealed, ElementsAre(41, 42));
  EXPECT_THAT(r.cut, IsEmpty());
  EXPECT_EQ(bytes_of(*r.segment(41)), bytes_of(*a));
  EXPECT_EQ(bytes_of(*r.segment(42)), bytes_of(*b));
  EXPECT_EQ(r.segment(42)->duration(), b->duration());
}

TEST(RecordReader, TellsOfEachRecordInOrder) {
  const Reading r = read(bytes_of(*make_segment(41, 2)));
  ASSERT_EQ(r.events.size(), 4u);
  EXPECT_TRUE(std::holds_alternative<SegmentOpened>(r.events[0]));
  EXPECT_EQ(std::get<FramesAdded>(r.events[1]).end, 1u);
  EXPECT_EQ(std::get<FramesAdded>(r.events[2]).end, 2u);
  EXPECT_TRUE(std::holds_alternative<SegmentSealed>(r.events[3]));
}

TEST(RecordReader, AnyChunkingReadsTheSame) {
  const Bytes in = make_stream(1, 3);
  std::mt19937 random(7);
  for (int round = 0; round < 300; ++round) {
    const auto most = 1 + random() % (round < 100 ? 9 : 300);
    const Reading r = read(in, [&] { return 1 + random() % most; });
    ASSERT_EQ(r.error, "");
    ASSERT_THAT(r.sealed, ElementsAre(1, 2, 3));
    ASSERT_EQ(bytes_of(*r.segment(1)) + bytes_of(*r.segment(2)) + bytes_of(*r.segment(3)), in);
  }
}

TEST(RecordReader, AFrameIsReadableAsSoonAsItsLastByteArrived) {
  const SegmentPtr s = make_segment(41, 1);
  const size_t until = s->begin_record().size() + format::kFrameHead + s->frame(0).data.size();
  RecordReader reader;
  std::vector<RecordEvent> out;
  ASSERT_TRUE(reader.feed(ByteView(bytes_of(*s)).first(until - 1), out));
  EXPECT_EQ(out.size(), 1u);
  ASSERT_TRUE(reader.feed(ByteView(bytes_of(*s)).subspan(until - 1, 1), out));
  EXPECT_EQ(out.size(), 2u);
}

TEST(RecordReader, AStreamCutAnywhereKeepsItsWholeFrames) {
  const SegmentPtr s = make_segment(41);
  const Bytes in = bytes_of(*s);
  for (size_t n = 0; n < in.size(); ++n) {
    const Reading r = read(ByteView(in).first(n));
    ASSERT_EQ(r.error, "") << n;
    ASSERT_THAT(r.sealed, IsEmpty());
    if (r.cut.empty()) continue;
    const SegmentPtr got = r.segment(41);
    for (size_t i = 0; i < got->frame_count(); ++i)
      ASSERT_TRUE(std::ranges::equal(got->frame(i).data, s->frame(i).data));
    // All frames whose bytes arrived are there.
    const size_t missing = got->frame_count();
    if (missing < s->frame_count()) {
      const ByteView record = s->frame_record(missing);
      size_t at = s->begin_record().size();
      for (size_t i = 0; i < missing; ++i) at += s->frame_record(i).size();
      ASSERT_LT(n, at + record.size());
    }
  }
}

TEST(RecordReader, AfterACutAnywhereItFindsTheNextSegments) {
  const Bytes broken = make_stream(1, 1), good = make_stream(7, 3);
  for (size_t n = 0; n < broken.size(); ++n) {
    for (size_t piece : {size_t{1}, size_t{13}, size_t{1} << 20}) {
      const Reading r = read(Bytes(broken.begin(), broken.begin() + static_cast<ptrdiff_t>(n)) + good,
                             [&] { return piece; });
      ASSERT_GE(r.sealed.size(), 2u) << n;
      ASSERT_EQ(r.sealed.back(), 9u);
      ASSERT_EQ(bytes_of(*r.segment(9)), bytes_of(*make_segment(9)));
      ASSERT_EQ(n == 0, r.error.empty()) << n;
    }
  }
}

TEST(RecordReader, NoFlippedBitGivesAFalseSegment) {
  const Bytes good = make_stream(1, 3);
  std::map<uint64_t, Bytes> segments;
  for (uint64_t n : {1, 2, 3}) segments[n] = bytes_of(*make_segment(n));
  const size_t first = segments[1].size();
  for (size_t bit = 0; bit < first * 8; ++bit) {
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    const Reading r = read(bad);
    // A larger length may swallow what follows; whatever is sealed is what was written.
    for (uint64_t n : r.sealed) ASSERT_EQ(bytes_of(*r.segment(n)), segments.at(n)) << bit;
    ASSERT_THAT(r.sealed, ::testing::Not(::testing::Contains(1u))) << bit;
  }
}

TEST(RecordReader, AWrongChecksumIsAnErrorAndTheSegmentIsNeverSealed) {
  Bytes in = make_stream(41, 2);
  in[make_segment(41)->begin_record().size() + format::kFrameHead] ^= 1;
  const Reading r = read(in);
  EXPECT_EQ(r.error, "segment 41: checksum does not match");
  EXPECT_THAT(r.sealed, ElementsAre(42));
  EXPECT_THAT(r.cut, IsEmpty());
}

TEST(RecordReader, SkipsUnknownRecordTypes) {
  const SegmentPtr s = make_segment(41, 2);
  const Bytes unknown = {0, 0, 0, 13, 99, 0, 0, 1, 'h', 'e', 'l', 'l', 'o', 0, 0, 0};
  const Bytes in = unknown + bytes_of(*s) + unknown + bytes_of(*make_segment(42));
  for (size_t piece : {size_t{1}, in.size()}) {
    const Reading r = read(in, [&] { return piece; });
    EXPECT_EQ(r.error, "");
    EXPECT_THAT(r.sealed, ElementsAre(41, 42));
  }
  Bytes inside(s->begin_record().begin(), s->begin_record().end());
  inside = inside + s->frame_record(0) + unknown + s->frame_record(1) + s->end_record();
  EXPECT_EQ(read(inside).error, "segment 41: checksum does not match");  // which covers it
  const Reading r = read(with_checksum(inside));
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(bytes_of(*r.segment(41)), bytes_of(*s));
}

TEST(RecordReader, ReadsRecordsWithFieldsOfANewerVersion) {
  // A frame head and an end record that are 8 bytes longer, and a record of an unknown type inside.
  const SegmentPtr s = make_segment(41, 1);
  const Bytes extra = {1, 2, 3, 4, 5, 6, 7, 8};
  const auto grown = [&](ByteView record, size_t fixed) {
    Bytes out(record.begin(), record.end());
    out[3] = static_cast<uint8_t>(out[3] + 8);
    out[7] = static_cast<uint8_t>(out[7] + 1);
    out.insert(out.begin() + static_cast<ptrdiff_t>(fixed), extra.begin(), extra.end());
    return out;
  };
  Bytes in(s->begin_record().begin(), s->begin_record().end());
  in = in + grown(s->frame_record(0), format::kFrameHead) + Bytes{0, 0, 0, 8, 77, 0, 0, 1};
  in = in + grown(s->end_record(), format::kEndSummed);
  const Reading r = read(with_checksum(in));
  EXPECT_EQ(r.error, "");
  ASSERT_THAT(r.sealed, ElementsAre(41));
  EXPECT_EQ(bytes_of(*r.segment(41)), bytes_of(*s));
  in[s->begin_record().size() + format::kFrameHead] ^= 1;  // what is not understood is covered all the same
  EXPECT_EQ(read(in).error, "segment 41: checksum does not match");
}

TEST(RecordReader, RefusesAFallingDtsButNotARepeatedOne) {
  const auto read_two = [](int64_t second) {
    SegmentBuilder b(header(41));
    Frame f;
    f.dts = b.segment()->header().start;
    EXPECT_TRUE(b.add_frame(f, {}));
    f.dts += Ticks(second);
    EXPECT_TRUE(b.add_frame(f, {}));
    b.seal(Ticks(3600));
    return read(bytes_of(*b.segment())).error;
  };
  EXPECT_EQ(read_two(0), "");
  EXPECT_EQ(read_two(-1), "segment 41: DTS of track v1 falls");
}

TEST(RecordReader, ASegmentWithoutAnEndGivesWayToTheNext) {
  const SegmentPtr s = make_segment(41);
  const Reading r =
      read(Bytes(s->begin_record().begin(), s->begin_record().end()) + bytes_of(*make_segment(42)));
  EXPECT_EQ(r.error, "segment 41: has no end record");
  EXPECT_THAT(r.sealed, ElementsAre(42));
}

TEST(RecordReader, FinishDropsASegmentWithoutFrames) {
  const SegmentPtr s = make_segment(41);
  const Reading r = read(s->begin_record());
  EXPECT_EQ(r.error, "");
  EXPECT_EQ(r.events.size(), 1u);
}

TEST(RecordReader, RefusesHostileLengths) {
  const SegmentPtr s = make_segment(41);
  const Bytes begin(s->begin_record().begin(), s->begin_record().end());
  struct Case {
    Bytes bytes;
    std::string error;
  };
  const Case cases[] = {
      {{0, 0, 0, 0, 99, 0, 0, 1}, "record of 0 bytes"},
      {{0, 0, 0, 8, 0, 0, 0, 1}, "record of type 0"},
      {{0, 0, 0, 7, 99, 0, 0, 1}, "record of 7 bytes"},
      {{255, 255, 255, 255, 99, 0, 0, 1}, "record of unknown type 99 has 4294967295 bytes"},
      {{0, 0, 0, 63, 1, 0, 1, 8}, "begin record of 63 bytes"},
      {{255, 255, 255, 255, 1, 0, 1, 8}, "begin record of 4294967295 bytes"},
      {{0, 0, 0, 24, 2, 0, 0, 3}, "frame outside a segment"},
      {{0, 0, 0, 32, 3, 0, 0, 4}, "end record outside a segment"},
      {begin + Bytes{0, 0, 0, 24, 2, 0, 0, 2}, "segment 41: frame record of 24 bytes with a head of 16"},
      {begin + Bytes{0, 0, 0, 24, 2, 0, 0, 4}, "segment 41: frame record of 24 bytes with a head of 32"},
      {begin + Bytes{255, 255, 255, 255, 2, 0, 0, 3} + Bytes(16),
       "segment 41: frame of 4294967271 bytes, at most 33554432"},
      {begin + Bytes{0, 0, 0, 31, 3, 0, 0, 4}, "segment 41: end record of 31 bytes"},
      {begin + Bytes{255, 255, 255, 255, 3, 0, 0, 4}, "segment 41: end record of 4294967295 bytes"},
  };
  for (const Case& c : cases) EXPECT_EQ(read(c.bytes).error, c.error);
}

TEST(RecordReader, ANestOfFalseBeginsIsReadInReasonableTime) {
  // Each claims to span all that follows; were every one of them summed, this would take minutes.
  Bytes in;
  Bytes begin = {0, 1, 0, 0, format::kSegmentBegin, 0, 1, 8};
  begin = begin + format::kMagic;
  while (in.size() < 2 << 20) in = std::move(in) + begin;
  const Reading r = read(std::move(in) + make_stream(1, 2000));
  EXPECT_FALSE(r.error.empty());
  EXPECT_EQ(r.sealed.back(), 2000u);
}

TEST(RecordReader, FuzzSeedsBreakNoPromise) {
  const std::filesystem::path seeds =
      std::filesystem::path(M4F_TEST_DATA).parent_path() / "fuzz/seeds/record";
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(seeds)) {
    SCOPED_TRACE(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(file), {}};
    fuzz_record(as_bytes(text));
    ++count;
  }
  EXPECT_GE(count, 5u);
}

}  // namespace
}  // namespace m4f
