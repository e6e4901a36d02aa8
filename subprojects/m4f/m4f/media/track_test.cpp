#include "m4f/media/track.h"

#include <gtest/gtest.h>

namespace m4f {
namespace {

TEST(TrackSelection, ReadsWhatItPrints) {
  for (const char* text : {"v1", "a1", "v1a1", "v2v1a3t1", "a255"}) {
    auto selection = TrackSelection::parse(text);
    ASSERT_TRUE(selection) << text;
    EXPECT_EQ(selection->text(), text);
  }
}

TEST(TrackSelection, RefusesEverythingElse) {
  for (const char* text : {"", "v", "v0", "v01", "v256", "x1", "v1 a1", "v1v1", "v1a", "1v", "v99999999999999999999"})
    EXPECT_FALSE(TrackSelection::parse(text)) << text;
  std::string many;
  for (int i = 1; i <= 33; ++i) many += "v" + std::to_string(i);
  EXPECT_FALSE(TrackSelection::parse(many));
}

TEST(Ticks, NanosecondsRoundTripExactly) {
  for (int64_t t : {0LL, 1LL, 3003LL, 89999LL, 90000LL, 158742753600001LL, -1LL, -90001LL})
    EXPECT_EQ(Ticks::from_ns(Ticks(t).to_ns()), Ticks(t)) << t;
}

}  // namespace
}  // namespace m4f
