#include "orchestrator/stream/backoff.h"

#include <gtest/gtest.h>

namespace sluice::stream {
namespace {

using std::chrono::milliseconds;

TEST(Backoff, GrowsToItsCapAndStaysThere) {
  Backoff backoff(milliseconds(500), milliseconds(30000), 7);
  milliseconds expected(500);
  for (int i = 0; i < 40; ++i) {
    const milliseconds pause = backoff.next();
    EXPECT_LE(pause, expected);
    EXPECT_GE(pause, expected * 3 / 4);
    expected = std::min(expected * 2, milliseconds(30000));
  }
}

TEST(Backoff, StartsOverAfterASuccess) {
  Backoff backoff(milliseconds(500), milliseconds(30000), 7);
  for (int i = 0; i < 10; ++i) backoff.next();
  backoff.reset();
  EXPECT_LE(backoff.next(), milliseconds(500));
}

TEST(Backoff, SpreadsStreamsThatFailTogether) {
  Backoff a(milliseconds(8000), milliseconds(8000), 1), b(milliseconds(8000), milliseconds(8000), 2);
  int equal = 0;
  for (int i = 0; i < 20; ++i) equal += a.next() == b.next();
  EXPECT_LT(equal, 3);
}

}  // namespace
}  // namespace sluice::stream
