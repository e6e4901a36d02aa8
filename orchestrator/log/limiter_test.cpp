#include "orchestrator/log/limiter.h"

#include <gtest/gtest.h>

namespace sluice::logging {
namespace {

using namespace std::chrono_literals;
using config::LogLevel;

class LimiterTest : public ::testing::Test {
 protected:
  int passed(uint64_t cause, int lines) {
    int count = 0;
    for (int i = 0; i < lines; ++i)
      count += limiter.pass(cause, LogLevel::kWarning, "line " + std::to_string(i), now);
    return count;
  }
  Limiter limiter;
  Limiter::Clock::time_point now = Limiter::Clock::now();
};

TEST_F(LimiterTest, AFewLinesOfEachCausePass) {
  EXPECT_EQ(passed(1, 100), Limiter::kLines);
  EXPECT_EQ(passed(2, 3), 3);
}

TEST_F(LimiterTest, WhatWasHeldBackIsToldOnceWhenTheMinuteIsOver) {
  passed(1, Limiter::kLines + 42);
  passed(2, 3);
  now += 59s;
  EXPECT_TRUE(limiter.take(now).empty());
  now += 1s;
  const auto held = limiter.take(now);
  ASSERT_EQ(held.size(), 1u);
  EXPECT_EQ(held[0].count, 42u);
  EXPECT_EQ(held[0].last, "line 51");
  EXPECT_EQ(held[0].level, LogLevel::kWarning);
  now += 1h;
  EXPECT_TRUE(limiter.take(now).empty());
}

TEST_F(LimiterTest, ACauseThatGoesOnIsToldOnceAMinute) {
  passed(1, 20);
  for (int minute = 0; minute < 5; ++minute) {
    now += 61s;
    EXPECT_EQ(limiter.take(now).size(), 1u);
    EXPECT_EQ(passed(1, 20), 0);
  }
  now += 61s;
  EXPECT_EQ(limiter.take(now).size(), 1u);
  now += 61s;
  limiter.take(now);
  EXPECT_EQ(passed(1, 20), Limiter::kLines);  // after a quiet minute it is news again
}

TEST_F(LimiterTest, AMinuteLaterLinesPassAgain) {
  EXPECT_EQ(passed(1, Limiter::kLines), Limiter::kLines);
  now += 60s;
  EXPECT_EQ(passed(1, Limiter::kLines), Limiter::kLines);
}

TEST_F(LimiterTest, EndlesslyManyCausesAreBounded) {
  int count = 0;
  for (uint64_t cause = 1; cause <= Limiter::kCauses + 500; ++cause) count += passed(cause, 1);
  EXPECT_EQ(count, static_cast<int>(Limiter::kCauses) + Limiter::kLines);
  now += 61s;
  limiter.take(now);
  now += 61s;
  limiter.take(now);
  EXPECT_EQ(passed(Limiter::kCauses + 400, 1), 1);  // room again
}

}  // namespace
}  // namespace sluice::logging
