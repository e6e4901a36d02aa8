#include "m4f/ts/shaper.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "m4f/ts/test_support.h"

namespace m4f::ts {
namespace {

using namespace testing;
using std::chrono::milliseconds;
using ::testing::IsEmpty;

constexpr Ticks kStart = Ticks(158742753600000);
constexpr int64_t kMs = 27'000;  // of the 27 MHz clock
const Shaper::Instant kNow{std::chrono::hours(1)};

Shaper::Instant at(Ticks dts) {
  return kNow + std::chrono::nanoseconds((dts - kStart).to_ns());
}

// A live source and a sender, on a clock of their own.
struct Bench {
  explicit Bench(ShaperSettings settings) : settings(settings), shaper(settings) {}

  // 25 pictures and 50 sounds a second; a key frame each second.
  SegmentPtr second(int n, size_t key = 20000, size_t picture = 8000) {
    std::vector<TestFrame> frames;
    const Ticks start = kStart + Ticks::from_seconds(n);
    for (int i = 0; i < 50; ++i) {
      const Ticks dts = start + Ticks(1800) * i;
      if (i % 2 == 0)
        frames.push_back(test_frame(0, Codec::kH264, i == 0, dts, i == 0 ? key : picture, Ticks(3600)));
      frames.push_back(test_frame(1, Codec::kAac, true, dts, 300));
      frames.back().frame.duration = Ticks(1800);
    }
    return chain.add(frames, Ticks::from_seconds(1));
  }

  // Every frame comes at its DTS plus `late`; datagrams leave when they are due.
  void play(const SegmentPtr& segment, Ticks late = {}) {
    for (size_t i = 0; i < segment->frame_count(); ++i) {
      const auto now = at(segment->frame(i).dts + late);
      send_until(now);
      shaper.add(FramesAdded{segment, i + 1}, now);
      ++added;
    }
  }

  void send_until(Shaper::Instant end) {
    while (const auto due = shaper.due()) {
      if (*due > end) break;
      uint8_t datagram[kDatagramSize];
      clock = std::max(clock, *due);
      const size_t size = shaper.take(clock, datagram);
      for (size_t i = 0; i < size; i += kPacketSize) left.push_back(clock);
      bytes.insert(bytes.end(), datagram, datagram + size);
    }
  }

  TsContent read() const { return read_ts(bytes); }

  ShaperSettings settings;
  Shaper shaper;
  SegmentChain chain{{h264_track(), aac_track()}};
  Bytes bytes;
  std::vector<Shaper::Instant> left;  // when each packet did
  Shaper::Instant clock;
  size_t added = 0;
};

ShaperSettings steady(uint64_t bitrate) {
  ShaperSettings settings;
  settings.bitrate = bitrate;
  settings.options.title = "One";
  return settings;
}

// Where the clock stands at a packet of a stream of that rate, from its first clock on.
double expected_clock(const Clock& first, const Clock& now, uint64_t bitrate) {
  return static_cast<double>(now.packet - first.packet) * 1504.0 * 27e6 / static_cast<double>(bitrate);
}

TEST(Shaper, SteadyFlowHasItsRateToThePacket) {
  Bench bench(steady(4'000'000));
  for (int i = 0; i < 10; ++i) bench.play(bench.second(i));
  ASSERT_GT(bench.left.size(), 20000u);
  for (size_t i = 7; i < bench.left.size(); i += 7) {
    const auto wanted = std::chrono::nanoseconds(i * 1504 * 1'000'000'000ull / 4'000'000);
    EXPECT_NEAR(static_cast<double>((bench.left[i] - bench.left[0] - wanted).count()), 0, 50) << i;
  }
  EXPECT_EQ(bench.shaper.stats().late_frames, 0u);
  EXPECT_EQ(bench.shaper.stats().does_not_fit, 0u);
}

TEST(Shaper, TheClockIsExactAndNeverFurtherApartThanAsked) {
  for (const uint64_t bitrate : {2'500'000u, 4'000'000u, 19'392'658u, 38'015'000u}) {
    Bench bench(steady(bitrate));
    for (int i = 0; i < 4; ++i) bench.play(bench.second(i));
    bench.send_until(at(kStart + Ticks::from_seconds(5)));
    const TsContent ts = bench.read();
    EXPECT_THAT(ts.faults, IsEmpty());
    ASSERT_GT(ts.clocks.size(), 100u);
    const Clock& first = ts.clocks.front();
    for (size_t i = 1; i < ts.clocks.size(); ++i) {
      const Clock& clock = ts.clocks[i];
      EXPECT_LE(clock.time - ts.clocks[i - 1].time, 35u * kMs);
      // 500 ns are 13.5 ticks (TR 101 290 2.4); ours is off by the rounding alone.
      EXPECT_NEAR(static_cast<double>(clock.time - first.time), expected_clock(first, clock, bitrate), 1.01);
    }
  }
}

TEST(Shaper, EveryFrameArrivesWholeAndInTime) {
  Bench bench(steady(4'000'000));
  std::map<uint16_t, std::vector<uint64_t>> dts;
  for (int i = 0; i < 5; ++i) {
    const SegmentPtr segment = bench.second(i);
    for (size_t f = 0; f < segment->frame_count(); ++f)
      dts[static_cast<uint16_t>(0x100 + segment->frame(f).track)].push_back(
          static_cast<uint64_t>(segment->frame(f).dts.count) & kClockMask);
    bench.play(segment);
  }
  bench.send_until(at(kStart + Ticks::from_seconds(6)));
  EXPECT_TRUE(bench.shaper.drained());
  const TsContent ts = bench.read();
  EXPECT_THAT(ts.faults, IsEmpty());
  for (const uint16_t pid : {0x100, 0x101}) {
    const auto got = ts.of(pid);
    ASSERT_EQ(got.size(), dts[pid].size());
    for (size_t i = 0; i < got.size(); ++i) EXPECT_EQ(*got[i]->dts, dts[pid][i]);
  }
  EXPECT_EQ(bench.shaper.stats().frames, bench.added);
  EXPECT_GT(bench.shaper.stats().null_packets, 0u);
}

// ISO/IEC 13818-1 2.4.2.3: what is there too early overflows a decoder's buffer, what is late underflows it.
TEST(Shaper, FramesLeaveBetweenTheirDelayAndTheirTime) {
  Bench bench(steady(4'000'000));
  for (int i = 0; i < 5; ++i) bench.play(bench.second(i));
  const TsContent ts = bench.read();
  // A reader of its own: the clock at each packet by the rate.
  const double per_packet = 1504.0 * 27e6 / 4e6;
  const Clock& first = ts.clocks.front();
  std::map<uint16_t, size_t> index;
  std::map<uint16_t, double> last_dts;
  for (size_t i = 0; i * kPacketSize < bench.bytes.size(); ++i) {
    const uint8_t* p = bench.bytes.data() + i * kPacketSize;
    const auto pid = static_cast<uint16_t>((p[1] & 31) << 8 | p[2]);
    if ((pid != 0x100 && pid != 0x101) || !(p[3] & 0x10)) continue;
    const double clock = static_cast<double>(first.time) + static_cast<double>(i - first.packet) * per_packet;
    if (p[1] & 0x40) {
      const auto all = ts.of(pid);
      last_dts[pid] = static_cast<double>(*all[index[pid]++]->dts) * 300;
    }
    const double lead = last_dts[pid] - clock;
    EXPECT_GE(lead, 0);
    EXPECT_LE(lead, (pid == 0x100 ? 701 : 101) * kMs);
  }
}

TEST(Shaper, TablesComeOftenEnough) {
  Bench bench(steady(3'000'000));
  for (int i = 0; i < 5; ++i) bench.play(bench.second(i, 9000, 4000));
  const TsContent ts = bench.read();
  const double seconds = static_cast<double>(bench.bytes.size()) * 8 / 3e6;
  EXPECT_GE(static_cast<double>(ts.sections.at(0).size()), seconds * 4.9);
  EXPECT_GE(static_cast<double>(ts.sections.at(0x1000).size()), seconds * 4.9);
  EXPECT_GE(static_cast<double>(ts.sections.at(0x11).size()), seconds * 0.9);
}

TEST(Shaper, WhatDoesNotFitIsToldOnceAndSoundSurvives) {
  Bench bench(steady(1'000'000));  // the pictures alone are 1.7 Mbit/s
  for (int i = 0; i < 20; ++i) bench.play(bench.second(i));
  bench.send_until(at(kStart + Ticks::from_seconds(21)));
  const ShaperStats& stats = bench.shaper.stats();
  EXPECT_EQ(stats.does_not_fit, 1u);
  EXPECT_GT(stats.late_frames, 0u);
  EXPECT_GT(stats.dropped_frames, 0u);
  EXPECT_NEAR(static_cast<double>(stats.needed), 1.95e6, 0.15e6);
  EXPECT_EQ(stats.null_packets == 0 || stats.null_packets * 10 < stats.packets, true);
  const TsContent ts = bench.read();
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_GE(ts.of(0x101).size(), 950u);  // of 1000
  // After a hole pictures go on with a key frame.
  uint64_t before = 0;
  for (const Pes* pes : ts.of(0x100)) {
    if (before != 0 && *pes->dts - before > 3600) {
      EXPECT_TRUE(pes->random_access);
    }
    before = *pes->dts;
  }
  // It fits again for a while; the next time is told again.
  for (int i = 21; i < 34; ++i) bench.play(bench.second(i, 2000, 1000));
  EXPECT_EQ(stats.does_not_fit, 1u);
  for (int i = 34; i < 41; ++i) bench.play(bench.second(i));
  EXPECT_EQ(stats.does_not_fit, 2u);
}

// 90 000 bytes of key frame are 0.18 s at this rate: the delay takes them.
TEST(Shaper, ALargeKeyFrameFitsIntoTheDelay) {
  Bench bench(steady(4'000'000));
  for (int i = 0; i < 5; ++i) bench.play(bench.second(i, 90000, 8000));
  EXPECT_EQ(bench.shaper.stats().late_frames, 0u);
}

TEST(Shaper, WithoutFramesNullPacketsAndTheClockGoOn) {
  Bench bench(steady(4'000'000));
  bench.play(bench.second(0));
  bench.send_until(at(kStart + Ticks::from_seconds(5)));
  const TsContent ts = bench.read();
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_NEAR(static_cast<double>(bench.bytes.size()) * 8, 20e6, 1e5);
  EXPECT_GT(ts.clocks.size(), 140u);
}

TEST(Shaper, AFrameThatComesTooLateMovesTheClockOnce) {
  Bench bench(steady(4'000'000));
  bench.play(bench.second(0));
  bench.play(bench.second(1), Ticks::from_seconds(3));  // the source stood still
  bench.play(bench.second(2), Ticks::from_seconds(3));
  bench.send_until(at(kStart + Ticks::from_seconds(8)));
  EXPECT_EQ(bench.shaper.stats().restarts, 1u);
  EXPECT_EQ(bench.shaper.stats().late_frames, 0u);
  const TsContent ts = bench.read();
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_EQ(std::count_if(ts.clocks.begin(), ts.clocks.end(), [](const Clock& c) { return c.discontinuity; }),
            1);
  EXPECT_EQ(ts.of(0x100).size(), 75u);
}

// A playlist's segment comes at once: it leaves at its own pace.
TEST(Shaper, ABurstLeavesAtItsOwnPace) {
  for (const uint64_t bitrate : {0u, 4'000'000u}) {
    Bench bench(steady(bitrate));
    for (int i = 0; i < 5; ++i) {
      const SegmentPtr segment = bench.second(i);
      for (size_t f = 0; f < segment->frame_count(); ++f) bench.shaper.add(FramesAdded{segment, f + 1}, kNow);
    }
    bench.send_until(kNow + milliseconds(2500));
    const auto sent = bench.read().of(0x100).size();
    EXPECT_NEAR(static_cast<double>(sent), 2.5 * 25, 4);
    bench.send_until(kNow + milliseconds(7000));
    EXPECT_EQ(bench.read().of(0x100).size(), 125u);
    EXPECT_EQ(bench.shaper.stats().restarts, 0u);
  }
}

TEST(Shaper, BeginsWithAKeyFrame) {
  for (const uint64_t bitrate : {0u, 4'000'000u}) {
    Bench bench(steady(bitrate));
    const SegmentPtr first = bench.second(0), next = bench.second(1);
    // Joined in the middle: what lies before is no longer live.
    bench.shaper.add(FramesAdded{first, 40}, at(first->frame(39).dts));
    EXPECT_FALSE(bench.shaper.due());
    bench.play(next);
    bench.send_until(at(kStart + Ticks::from_seconds(3)));
    const TsContent ts = bench.read();
    EXPECT_EQ(*ts.of(0x100).front()->dts,
              static_cast<uint64_t>((kStart + Ticks::from_seconds(1)).count) & kClockMask);
    EXPECT_TRUE(ts.of(0x100).front()->random_access);
  }
}

TEST(Shaper, WithoutABitrateAFrameIsSpreadOverItsDuration) {
  ShaperSettings settings;
  Bench bench(settings);
  for (int i = 0; i < 4; ++i) bench.play(bench.second(i, 60000, 8000));
  bench.send_until(at(kStart + Ticks::from_seconds(5)));
  const TsContent ts = bench.read();
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_EQ(bench.shaper.stats().frames, bench.added);
  EXPECT_EQ(bench.shaper.stats().null_packets, 0u);
  EXPECT_EQ(bench.shaper.stats().late_frames, 0u);
  // A key frame is 327 packets over 40 ms: never more than a twentieth of it within a millisecond.
  for (size_t i = 30; i < bench.left.size(); ++i)
    EXPECT_GE(bench.left[i] - bench.left[i - 30], milliseconds(1)) << i;
  for (size_t i = 1; i < ts.clocks.size(); ++i) {
    const uint64_t step = ts.clocks[i].time - ts.clocks[i - 1].time;
    EXPECT_LE(step, 35u * kMs);
    // The clock says when its packet left, but for what it waited for company.
    const auto wall = bench.left[ts.clocks[i].packet] - bench.left[ts.clocks[0].packet];
    const auto media = std::chrono::nanoseconds((ts.clocks[i].time - ts.clocks[0].time) * 1000 / 27);
    EXPECT_LE(std::abs((wall - media).count()), 10'000'000) << i;
  }
}

TEST(Shaper, WithoutABitrateItFallsSilentWithTheSourceAndComesBack) {
  Bench bench({});
  bench.play(bench.second(0));
  bench.send_until(at(kStart + Ticks::from_seconds(30)));
  EXPECT_FALSE(bench.shaper.due());
  const size_t before = bench.bytes.size();
  bench.play(bench.second(40));
  bench.send_until(at(kStart + Ticks::from_seconds(43)));
  EXPECT_GT(bench.bytes.size(), before);
  EXPECT_THAT(bench.read().faults, IsEmpty());
}

TEST(Shaper, ChangedTracksHaveTheirTablesFirst) {
  for (const uint64_t bitrate : {0u, 4'000'000u}) {
    Bench bench(steady(bitrate));
    bench.play(bench.second(0));
    const auto tables = [&] { return bench.read().sections.at(0x1000); };
    bench.chain.header().tracks[1].language = "fra";
    bench.play(bench.second(1));
    bench.send_until(at(kStart + Ticks::from_seconds(3)));
    EXPECT_NE(tables().front(), tables().back());
    const TsContent ts = bench.read();
    EXPECT_THAT(ts.faults, IsEmpty());
    EXPECT_EQ(ts.of(0x101).size(), 100u);
  }
}

TEST(Shaper, HoldsTheSelectedTracksOnly) {
  ShaperSettings settings = steady(1'000'000);
  settings.options.tracks = *TrackSelection::parse("a1");
  Bench bench(settings);
  bench.play(bench.second(0));
  bench.send_until(at(kStart + Ticks::from_seconds(2)));
  const TsContent ts = bench.read();
  EXPECT_EQ(ts.of(0x100).size(), 0u);
  EXPECT_EQ(ts.of(0x101).size(), 50u);
  EXPECT_EQ(ts.clocks.front().pid, 0x101);
}

TEST(Shaper, ATimelineThatJumpsAheadIsFollowed) {
  for (const uint64_t bitrate : {0u, 4'000'000u}) {
    Bench bench(steady(bitrate));
    bench.play(bench.second(0));
    const SegmentPtr ahead = bench.second(3600);
    const auto now = at(kStart + Ticks::from_seconds(2));
    bench.send_until(now);
    for (size_t f = 0; f < ahead->frame_count(); ++f) bench.shaper.add(FramesAdded{ahead, f + 1}, now);
    bench.send_until(now + std::chrono::seconds(2));
    EXPECT_EQ(bench.read().of(0x100).size(), 50u) << bitrate;
    EXPECT_EQ(bench.shaper.stats().restarts, 1u);
  }
}

TEST(Shaper, ASenderThatSleptSendsNoBurst) {
  Bench bench(steady(4'000'000));
  bench.play(bench.second(0));
  uint8_t datagram[kDatagramSize];
  const auto woken = *bench.shaper.due() + std::chrono::seconds(10);
  ASSERT_GT(bench.shaper.take(woken, datagram), 0u);
  EXPECT_GE(*bench.shaper.due(), woken);
}

}  // namespace
}  // namespace m4f::ts
