// Each numbered check of the project's list of what LL-HLS servers get wrong has tests named after it;
// clauses are those of rfc8216bis. Here: blocking reload (13 to 22). What only shows over HTTP (compression,
// ranges, CORS) is tested there.
#include <gmock/gmock.h>

#include "m4f/delivery/testing/ll_hls_check.h"
#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

using namespace m4f::testing;
using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(LlHlsCheck, 13_ReloadIsHeldUntilTheSegmentOrPartIsThere) {
  stream.segments(2);
  stream.grow(Ticks::from_ms(500));
  const uint64_t open = stream.next_number() - 1;
  EXPECT_TRUE(waits(video(open)));
  EXPECT_TRUE(waits(video(open, 2)));
  stream.grow(Ticks::from_ms(100));
  EXPECT_EQ(status(video(open, 2)), 200);
  EXPECT_TRUE(waits(video(open, 3)));
  EXPECT_TRUE(waits(video(open)));
  stream.seal();
  EXPECT_EQ(status(video(open)), 200);
}

TEST_F(LlHlsCheck, 14_SegmentNumberAloneIsHeldToo) {
  stream.segments(3);
  const uint64_t next = stream.next_number();
  EXPECT_TRUE(waits(video(next)));
  stream.grow(Ticks::from_ms(4900));
  EXPECT_TRUE(waits(video(next)));
  stream.seal();
  const ParsedPlaylist p = playlist(video(next));
  EXPECT_EQ(p.number(p.segments.size() - 1), next);
}

TEST_F(LlHlsCheck, 15_PartPastTheEndOfASegmentIsTheFirstOfTheNext) {
  stream.segments(2);
  const uint64_t last = stream.next_number() - 1;
  EXPECT_EQ(status(video(last, 24)), 200);
  EXPECT_TRUE(waits(video(last, 25)));
  stream.grow(Ticks::from_ms(250));
  const ParsedPlaylist p = playlist(video(last, 25));
  EXPECT_EQ(p.all_parts().back().uri, part_name(last + 1, 0));
}

TEST_F(LlHlsCheck, 15_SegmentThatNeverArrivedIsNotWaitedFor) {
  stream.segments(2);
  stream.miss(1);
  stream.grow(Ticks::from_ms(500));
  const uint64_t missing = stream.next_number() - 2;
  EXPECT_EQ(status(video(missing)), 200);
  EXPECT_EQ(status(video(missing, 3)), 200);
  EXPECT_TRUE(waits(video(missing + 1)));
  EXPECT_EQ(status("tracks-v1/" + part_name(missing, 0)), 404);
}

TEST_F(LlHlsCheck, 16_SegmentInOrBeforeTheWindowIsAnsweredAtOnce) {
  stream.segments(12);
  const uint64_t first = playlist(kVideo).media_sequence;
  for (const uint64_t msn : {first, first - 1, first - 100, uint64_t{0}, stream.next_number() - 1}) {
    EXPECT_EQ(status(video(msn)), 200) << msn;
    EXPECT_EQ(status(video(msn, 0)), 200) << msn;
  }
  EXPECT_EQ(status(video(first, 1000000)), 200);
}

TEST_F(LlHlsCheck, 17_RequestTooFarAheadIsRefusedAtOnce) {
  stream.segments(2);
  stream.grow(Ticks::from_ms(500));
  const uint64_t last = stream.next_number() - 2, open = last + 1;
  EXPECT_TRUE(waits(video(last + 2)));
  EXPECT_EQ(status(video(last + 3)), 400);
  EXPECT_EQ(status(video(last + 3, 0)), 400);
  // Parts of 0.2 s: the Advance Part Limit is 15; parts 0 and 1 are there.
  EXPECT_TRUE(waits(video(open, 16)));
  EXPECT_EQ(status(video(open, 17)), 400);
  EXPECT_EQ(status(video(last, 1000)), 200);  // the first part of the open segment is there
  EXPECT_EQ(status(video(open + 1, 15)), 400);
}

TEST_F(LlHlsCheck, 18_JunkInTheDirectivesIsRefused) {
  stream.segments(3);
  for (const char* query :
       {"_HLS_part=1", "_HLS_msn=", "_HLS_msn=-1", "_HLS_msn=abc", "_HLS_msn=1.5", "_HLS_msn=+1",
        "_HLS_msn=%201", "_HLS_msn=18446744073709551616", "_HLS_msn=1&_HLS_part=-1",
        "_HLS_msn=1&_HLS_part=", "_HLS_msn=1&_HLS_msn=2", "_HLS_msn"})
    EXPECT_EQ(status(std::string(kVideo) + "?" + query), 400) << query;
  EXPECT_EQ(status(video(18446744073709551615u)), 400);
}

TEST_F(LlHlsCheck, 18_RepeatedAndUnsortedDirectivesAreUnderstood) {
  stream.segments(3);
  const auto n = std::to_string(stream.next_number() - 1);
  for (const std::string& query : {"_HLS_part=0&token=x&_HLS_msn=" + n, "_HLS_msn=" + n + "&_HLS_msn=" + n,
                                   "_HLS_skip=YES&_HLS_part=1&_HLS_msn=" + n, "_HLS_msn=" + n + "&&=&%"})
    EXPECT_EQ(status(std::string(kVideo) + "?" + query), 200) << query;
}

TEST_F(LlHlsCheck, 19_StalledStreamEndsTheWaitAfterThreeTargetDurations) {
  stream.segments(3);
  const std::string next = video(stream.next_number());
  const DeliveryReply reply = get(next, 1000);
  ASSERT_EQ(reply.kind, Kind::kWait);
  EXPECT_EQ(reply.wait_at_most, std::chrono::seconds(20));
  EXPECT_EQ(get(next, 21000).kind, Kind::kBody);
  EXPECT_EQ(get(next, 21000).status, 503);
}

TEST_F(LlHlsCheck, 19_EndedStreamReleasesTheWaiter) {
  stream.segments(3);
  const std::string next = video(stream.next_number());
  ASSERT_TRUE(waits(next));
  int woken = 0;
  const auto subscription = ring->subscribe([&] { ++woken; });
  stream.end();
  EXPECT_GE(woken, 1);
  EXPECT_TRUE(playlist(next).ended);
}

TEST_F(LlHlsCheck, 20_ReplyHoldsThePartThatWasAskedFor) {
  stream.segments(2);
  for (int i = 0; i < 24; ++i) {
    // Once with the state that waits for it rendered and kept, as when another client just asked.
    EXPECT_EQ(status(kVideo), 200);
    stream.grow(Ticks::from_ms(200));
    const uint64_t open = stream.next_number() - 1;
    const std::string body = text(video(open, static_cast<uint64_t>(i)));
    EXPECT_THAT(body, HasSubstr("URI=\"" + part_name(open, static_cast<size_t>(i)) + "\""));
  }
}

TEST_F(LlHlsCheck, 21_NumbersStartHigh) {
  stream.segments(1);
  EXPECT_GT(playlist(kVideo).media_sequence, 1000000u);
}

TEST_F(LlHlsCheck, 22_BurstyInputAdvertisesNoBlockingReload) {
  DeliveryOptions options;
  options.low_latency = false;
  delivery.configure(options);
  stream.segments(3);
  for (const char* rendition : kRenditions) {
    EXPECT_THAT(text(rendition), Not(HasSubstr("CAN-BLOCK-RELOAD")));
    EXPECT_EQ(status(fmt::format("{}?_HLS_msn={}", rendition, stream.next_number())), 200);
  }
}

}  // namespace
}  // namespace m4f
