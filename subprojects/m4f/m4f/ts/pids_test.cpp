#include "m4f/ts/pids.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "m4f/ts/test_support.h"

namespace m4f::ts {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<Track> tracks() {
  return {h264_track(1), h264_track(2), aac_track(1), aac_track(2)};
}
TrackPid pid(const char* track, uint16_t value) {
  return {*track_or_base(track), value};
}

TEST(Pids, AreReadFromText) {
  Options options;
  ASSERT_TRUE(parse_pids("pmt=4095,sdt=0x12,pcr=300,v1=211,t0=16#fb", options));
  EXPECT_EQ(options.pmt_pid, 4095);
  EXPECT_EQ(options.sdt_pid, 0x12);
  EXPECT_EQ(options.pcr_pid, 300);
  EXPECT_THAT(options.track_pids, ElementsAre(pid("v1", 211), pid("t0", 251)));
  const auto fault = [](const char* text) {
    Options o;
    auto read = parse_pids(text, o);
    return read ? std::string() : read.error().message();
  };
  EXPECT_EQ(fault(""), "");
  EXPECT_EQ(fault("v1"), "'v1' is no NAME=PID");
  EXPECT_EQ(fault("v1="), "'' is no PID from 16 to 8190");
  EXPECT_EQ(fault("v1=8191"), "'8191' is no PID from 16 to 8190");
  EXPECT_EQ(fault("v1=0x1fffff"), "'0x1fffff' is no PID from 16 to 8190");
  EXPECT_EQ(fault("x1=300"), "'x1' is none of pmt, sdt, pcr, v1, a1, t1, v0, a0, t0");
}

TEST(Pids, CountUpInTheTrackTablesOrder) {
  const PidPlan plan = plan_pids(tracks(), {});
  EXPECT_EQ(plan.pmt, 0x1000);
  EXPECT_EQ(plan.sdt, 0x11);
  EXPECT_THAT(plan.tracks, ElementsAre(0x100, 0x101, 0x102, 0x103));
}

TEST(Pids, AreThoseThatWereAskedFor) {
  Options options;
  options.pmt_pid = 4095;
  options.sdt_pid = 0x12;
  options.track_pids = {pid("v1", 211), pid("v2", 212), pid("a0", 220)};
  const PidPlan plan = plan_pids(tracks(), options);
  EXPECT_EQ(plan.pmt, 4095);
  EXPECT_EQ(plan.sdt, 0x12);
  EXPECT_THAT(plan.tracks, ElementsAre(211, 212, 221, 222));
}

TEST(Pids, AnExplicitOneBeatsTheBase) {
  Options options;
  options.track_pids = {pid("a0", 300), pid("a2", 301)};
  EXPECT_THAT(plan_pids(tracks(), options).tracks, ElementsAre(0x100, 0x101, 302, 301));
}

TEST(Pids, NeverMeet) {
  Options options;
  options.pmt_pid = 200;
  options.track_pids = {pid("v1", 200), pid("v2", 200), pid("a1", 0x1ffe), pid("a2", 0x1ffe)};
  EXPECT_THAT(plan_pids(tracks(), options).tracks, ElementsAre(201, 202, 0x1ffe, kFirstFreePid));
}

TEST(Pids, ReservedOnesAreNoPlaceForMedia) {
  Options options;
  options.pmt_pid = 0;
  options.track_pids = {pid("v1", 0x1fff), pid("a1", 1)};
  const PidPlan plan = plan_pids({h264_track(1), aac_track(1)}, options);
  EXPECT_EQ(plan.pmt, kFirstFreePid);
  EXPECT_THAT(plan.tracks, ElementsAre(kFirstFreePid + 1, kFirstFreePid + 2));
}

SegmentPtr second(SegmentChain& chain, Ticks start) {
  std::vector<TestFrame> frames;
  for (int i = 0; i < 25; ++i) {
    frames.push_back(test_frame(0, Codec::kH264, i == 0, start + Ticks(3600) * i, 900));
    frames.push_back(test_frame(1, Codec::kAac, true, start + Ticks(3600) * i, 200));
  }
  return chain.add(frames, Ticks::from_seconds(1));
}

TEST(Pids, ThePackagedSegmentHasThem) {
  SegmentChain chain({h264_track(), aac_track()});
  Options options;
  options.pmt_pid = 4095;
  options.program = 10;
  options.track_pids = {pid("v1", 211), pid("a0", 220)};
  const TsContent ts = read_ts(package(*second(chain, Ticks::from_seconds(1000)), options));
  EXPECT_THAT(ts.faults, IsEmpty());
  EXPECT_EQ(ts.of(211).size(), 25u);
  EXPECT_EQ(ts.of(221).size(), 25u);
  EXPECT_TRUE(ts.sections.contains(4095));
}

// The clock on the sound's PID, or on one of its own: continuity holds from segment to segment.
TEST(Pids, TheClockMayBeElsewhere) {
  for (const uint16_t clock : {uint16_t{0x101}, uint16_t{0x1f0}}) {
    SegmentChain chain({h264_track(), aac_track()});
    Options options;
    options.pcr_pid = clock;
    Bytes all;
    for (int i = 0; i < 3; ++i) {
      const SegmentPtr segment = second(chain, Ticks::from_seconds(1000 + i));
      const Bytes bytes = package(*segment, options);
      all.insert(all.end(), bytes.begin(), bytes.end());
    }
    const TsContent ts = read_ts(all);
    EXPECT_THAT(ts.faults, IsEmpty()) << clock;
    for (const Pes* pes : ts.of(0x100)) EXPECT_FALSE(pes->pcr);
    for (const Pes* pes : ts.of(0x101)) EXPECT_EQ(pes->pcr.has_value(), clock == 0x101);
    if (clock == 0x1f0) {
      EXPECT_EQ(ts.packets.at(clock), 75u);
    }
  }
}

}  // namespace
}  // namespace m4f::ts
