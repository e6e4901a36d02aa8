#include "orchestrator/stream/rate.h"

#include <gtest/gtest.h>

namespace sluice::stream {
namespace {

using std::chrono::seconds;

TEST(Rate, IsTheAverageOfTheLastTenSeconds) {
  Rate rate;
  std::chrono::steady_clock::time_point now{};
  EXPECT_EQ(rate.update(0, now), 0u);
  uint64_t counter = 0;
  for (int i = 1; i <= 30; ++i) EXPECT_EQ(rate.update(counter += 125'000, now += seconds(1)), 1000u) << i;
  uint32_t last = 0;
  for (int i = 1; i <= 12; ++i) last = rate.update(counter, now += seconds(1));
  EXPECT_EQ(last, 0u);
}

TEST(Rate, SurvivesACounterThatStartsOver) {
  Rate rate;
  std::chrono::steady_clock::time_point now{};
  rate.update(1'000'000, now);
  EXPECT_EQ(rate.update(5, now += seconds(1)), 0u);
}

}  // namespace
}  // namespace sluice::stream
