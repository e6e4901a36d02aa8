// Rounds follow each other without a seam, and tracks stay together.
#include "m4f/round_clock.h"

#include <gtest/gtest.h>

namespace sluice {
namespace {

constexpr int64_t kMs = 1'000'000;

void play(RoundClock& clock, size_t track, int64_t first, int64_t step, int count) {
  for (int i = 0; i < count; ++i) clock.note(track, first + i * step, step);
}

TEST(RoundClock, TheNextRoundBeginsWhereTheLongestTrackEnds) {
  RoundClock clock;
  play(clock, 0, 0, 40 * kMs, 50);          // 2 s
  play(clock, 1, 10 * kMs, 20 * kMs, 105);  // 2.1 s, from 10 ms on
  EXPECT_EQ(clock.shift(), 0);
  ASSERT_TRUE(clock.next_round());
  EXPECT_EQ(clock.shift(), 2100 * kMs);
}

TEST(RoundClock, FramesBeforeZeroCount) {
  RoundClock clock;
  play(clock, 0, -80 * kMs, 40 * kMs, 50);  // reordered pictures: decoding begins before the first is shown
  ASSERT_TRUE(clock.next_round());
  EXPECT_EQ(clock.shift(), 2000 * kMs);
}

TEST(RoundClock, AHundredRoundsKeepTheDistances) {
  RoundClock clock;
  int64_t wanted = 0;
  const int64_t sound = 1024 * 1'000'000'000ll / 44100;
  for (int round = 0; round < 100; ++round) {
    EXPECT_EQ(clock.shift(), wanted);
    EXPECT_EQ(m4f::Ticks::from_ns(clock.shift()),
              m4f::Ticks::from_ns(clock.shift() / (round ? round : 1)) * round);
    play(clock, 0, 0, 1001 * kMs / 30, 60);
    play(clock, 1, 3 * kMs, sound, 90);
    wanted += clock.length();
    ASSERT_TRUE(clock.next_round());
  }
}

TEST(RoundClock, AnUnknownDurationIsItsPredecessorsDistance) {
  RoundClock clock;
  for (int i = 0; i < 50; ++i) clock.note(0, i * 40 * kMs, 0);
  EXPECT_EQ(clock.length(), 2000 * kMs);
}

TEST(RoundClock, ARoundOfNothingIsTold) {
  RoundClock clock;
  EXPECT_FALSE(clock.next_round());
  clock.note(0, 0, 40 * kMs);
  EXPECT_FALSE(clock.next_round());
}

}  // namespace
}  // namespace sluice
