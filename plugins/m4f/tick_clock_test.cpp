#include "m4f/tick_clock.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

using m4f::Ticks;

GstClockTime ns_of(int64_t ticks) {
  return static_cast<GstClockTime>(Ticks(ticks).to_ns());
}

// Distances of the source survive whatever a segment's start and base are.
TEST(TickClock, DistancesAreTheSourcesToTheTick) {
  for (const GstClockTime start :
       {GstClockTime{0}, GstClockTime{3600} * 1000 * GST_SECOND, GstClockTime{123456789}}) {
    for (const GstClockTime base :
         {GstClockTime{0}, GstClockTime{5555}, GstClockTime{5556}, GstClockTime{98765432101}}) {
      GstSegment segment;
      gst_segment_init(&segment, GST_FORMAT_TIME);
      segment.start = start;
      segment.base = base;
      TickClock clock;
      clock.set_segment(segment);
      const Ticks first = *clock.at(start + ns_of(7));
      for (int64_t at = 7; at < 2'000'000; at += 2087) {
        ASSERT_EQ((*clock.at(start + ns_of(at)) - first).count, at - 7) << start << " " << base;
      }
    }
  }
}

TEST(TickClock, TimesBeforeTheSegmentAreNegativeNotLost) {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  segment.start = GST_SECOND * 10;
  TickClock clock;
  clock.set_segment(segment);
  EXPECT_EQ(*clock.at(GST_SECOND * 9), Ticks::from_seconds(-1));
  EXPECT_EQ(*clock.at(GST_SECOND * 11), Ticks::from_seconds(1));
}

TEST(TickClock, NoTimestampIsNoTime) {
  TickClock clock;
  EXPECT_FALSE(clock.at(GST_CLOCK_TIME_NONE).has_value());
  EXPECT_TRUE(clock.at(0).has_value());
}

}  // namespace
}  // namespace sluice
