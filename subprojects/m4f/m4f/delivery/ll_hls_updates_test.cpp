// Each numbered check of the project's list of what LL-HLS servers get wrong has tests named after it;
// clauses are those of rfc8216bis. Here: updates, reports and replies (23 to 30, and the draft's own). What
// only shows over HTTP (compression, ranges, CORS) is tested there.
#include <gmock/gmock.h>

#include "m4f/delivery/testing/ll_hls_check.h"
#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

using namespace m4f::testing;
using ::testing::HasSubstr;
using ::testing::Not;

struct LlHlsDelta : LlHlsCheck {
  LlHlsDelta() { ring->configure({.segment_count = 20}); }
};

TEST_F(LlHlsDelta, 23_DeltaUpdateLeavesOutWhatIsOlderThanTheSkipBoundary) {
  stream.segments(20);
  stream.grow(Ticks::from_ms(700));
  const ParsedPlaylist full = playlist(kVideo);
  const double boundary = std::stod(full.server_control->at("CAN-SKIP-UNTIL"));
  EXPECT_GE(boundary, 6.0 * full.target_duration);
  EXPECT_EQ(full.skipped, 0u);
  for (const char* skip : {"YES", "v2"}) {
    const ParsedPlaylist delta = playlist(std::string(kVideo) + "?_HLS_skip=" + skip);
    EXPECT_GE(delta.version, 9);
    ASSERT_GE(delta.skipped, 1u);
    double behind_edge = full.duration();
    for (size_t i = 0; i < full.segments.size(); ++i) {
      behind_edge -= full.segments[i].duration;  // of the segment's end
      EXPECT_EQ(i < delta.skipped, behind_edge >= boundary) << i;
    }
    EXPECT_EQ(delta.segments.size() + delta.skipped, full.segments.size());
  }
}

TEST_F(LlHlsDelta, 23_DeltaIsGivenOnlyWhenAskedForAndWorthIt) {
  stream.segments(9);  // 45 s, the skip boundary is at 42 s
  for (const char* query : {"", "?_HLS_skip=NO", "?_HLS_skip=YES"})
    EXPECT_EQ(playlist(kVideo + std::string(query)).skipped, 0u);
  stream.segments(1);
  EXPECT_EQ(playlist(kVideo + std::string("?_HLS_skip=YES")).skipped, 1u);
}

TEST_F(LlHlsDelta, 24_DeltaNumbersItsSegmentsAsTheFullPlaylistDoes) {
  stream.segments(5);
  stream.discontinuity();
  stream.segments(17);
  stream.grow(Ticks::from_ms(300));
  const ParsedPlaylist full = playlist(kVideo), delta = playlist(kVideo + std::string("?_HLS_skip=YES"));
  ASSERT_GE(delta.skipped, 3u);
  EXPECT_EQ(delta.media_sequence, full.media_sequence);
  EXPECT_EQ(delta.discontinuity_sequence, full.discontinuity_sequence);
  const auto at = [&](const char* tag) {
    return std::find(delta.tags.begin(), delta.tags.end(), tag) - delta.tags.begin();
  };
  EXPECT_LT(at("#EXT-X-MEDIA-SEQUENCE"), at("#EXT-X-SKIP"));
  for (size_t i = 0; i < delta.segments.size(); ++i) {
    const ParsedSegment& same = full.segments.at(i + delta.skipped);
    EXPECT_EQ(delta.segments[i].uri, same.uri);
    EXPECT_EQ(delta.segments[i].discontinuity, same.discontinuity);
    EXPECT_EQ(delta.segments[i].parts.size(), same.parts.size());
  }
}

// A client that merges deltas over a long time sees what one sees that loads everything (hls.js lost count).
TEST_F(LlHlsDelta, 24_MergedDeltasFollowALargeRollOut) {
  std::map<uint64_t, std::string> merged;
  for (int i = 0; i < 60; ++i) {
    if (i % 7 == 3) stream.discontinuity();
    stream.segment();
    const ParsedPlaylist full = playlist(kVideo), delta = playlist(kVideo + std::string("?_HLS_skip=YES"));
    std::erase_if(merged, [&](const auto& entry) { return entry.first < delta.media_sequence; });
    for (size_t n = 0; n < delta.segments.size(); ++n) {
      auto [entry, fresh] = merged.emplace(delta.number(n), delta.segments[n].uri);
      EXPECT_TRUE(fresh || entry->second == delta.segments[n].uri);
    }
    ASSERT_EQ(merged.size(), full.segments.size());
    for (size_t n = 0; n < full.segments.size(); ++n)
      EXPECT_EQ(merged.at(full.number(n)), full.segments[n].uri);
  }
}

TEST_F(LlHlsCheck, 25_RenditionReportsTellTheOthersTrueEdge) {
  live_through(Ticks::from_seconds(11), [&](const std::string& rendition, const ParsedPlaylist& p) {
    const std::string other = rendition == kVideo ? kAudio : kVideo;
    const ParsedPlaylist theirs = playlist(other);
    ASSERT_EQ(p.reports.size(), 1u);
    EXPECT_EQ(p.reports[0].at("URI"), "../" + other);
    EXPECT_EQ(p.reports[0].at("LAST-MSN"), std::to_string(theirs.number(theirs.segments.size() - 1)));
    EXPECT_EQ(p.reports[0].at("LAST-PART"), std::to_string(theirs.segments.back().parts.size() - 1));
  });
}

TEST_F(LlHlsCheck, 25_RenditionReportsCarryNoDirectives) {
  stream.segments(2);
  stream.grow(Ticks::from_ms(500));
  const auto msn = stream.next_number() - 1;
  const ParsedPlaylist p =
      playlist(fmt::format("{}?_HLS_msn={}&_HLS_part=0&token=x&_HLS_skip=YES", kVideo, msn));
  ASSERT_EQ(p.reports.size(), 1u);
  EXPECT_EQ(p.reports[0].at("URI"), "../tracks-a1/mono.ll.m3u8?token=x");
  EXPECT_THAT(p.hints.at(0).at("URI"), Not(HasSubstr("_HLS_")));
}

TEST_F(LlHlsCheck, 26_MediaSequenceRisesByWhatWasRemoved) {
  std::map<std::string, ParsedPlaylist> before;
  live_through(Ticks::from_seconds(40), [&](const std::string& rendition, const ParsedPlaylist& p) {
    if (const auto old = before.find(rendition); old != before.end()) {
      ASSERT_GE(p.media_sequence, old->second.media_sequence);
      const uint64_t removed = p.media_sequence - old->second.media_sequence;
      for (size_t i = removed; i < old->second.segments.size(); ++i)
        if (!old->second.segments[i].uri.empty()) {
          EXPECT_EQ(p.segments.at(i - removed).uri, old->second.segments[i].uri);
        }
    }
    before[rendition] = p;
  });
}

TEST_F(LlHlsCheck, 27_DiscontinuitySequenceCountsTheTagsThatLeft) {
  std::map<std::string, std::pair<uint64_t, uint64_t>> before;  // tags that left, listed
  for (int i = 0; i < 40; ++i) {
    if (i % 3 == 2) stream.discontinuity();
    stream.segment();
    std::vector<uint64_t> sequences;
    for (const char* target : {kVideo, kAudio, "mono.m3u8", "mono.fmp4.m3u8"}) {
      const ParsedPlaylist p = playlist(target);
      sequences.push_back(p.discontinuity_sequence);
      uint64_t listed = 0;
      for (const ParsedSegment& segment : p.segments) listed += segment.discontinuity;
      // Every discontinuity so far is either listed or counted.
      EXPECT_EQ(p.discontinuity_sequence + listed, static_cast<uint64_t>(i + 1) / 3) << target << i;
    }
    for (const uint64_t sequence : sequences) EXPECT_EQ(sequence, sequences[0]);
  }
}

TEST_F(LlHlsCheck, 28_DatesStandAtTheStartAndAfterDiscontinuities) {
  stream.segments(3);
  stream.discontinuity(Ticks::from_seconds(4));
  stream.segments(2);
  for (const char* target : {kVideo, kAudio, "mono.m3u8", "mono.fmp4.m3u8"}) {
    const ParsedPlaylist p = playlist(target);
    std::string last;
    for (size_t i = 0; i < p.segments.size(); ++i) {
      if (i == 0 || p.segments[i].discontinuity) {
        EXPECT_NE(p.segments[i].date, "") << target << i;
      }
      if (p.segments[i].date.empty()) continue;
      EXPECT_GT(p.segments[i].date, last);
      last = p.segments[i].date;
    }
  }
  const ParsedPlaylist video = playlist(kVideo), audio = playlist(kAudio);
  for (size_t i = 0; i < video.segments.size(); ++i)
    EXPECT_EQ(video.segments[i].date, audio.segments.at(i).date);
}

TEST_F(LlHlsCheck, 28_ChangedParametersComeWithANewMapAndADiscontinuity) {
  stream.segments(2);
  Track other = h264_track();
  other.width = 1920;
  stream.discontinuity(Ticks(), std::vector{other, aac_track()});
  stream.segments(2);
  const ParsedPlaylist p = playlist(kVideo);
  EXPECT_NE(p.segments.at(0).map, "");
  EXPECT_EQ(p.segments.at(1).map, "");
  EXPECT_TRUE(p.segments.at(2).discontinuity);
  EXPECT_NE(p.segments.at(2).map, "");
  EXPECT_NE(p.segments.at(2).map, p.segments.at(0).map);
  for (const size_t i : {0, 2}) EXPECT_EQ(status(beside(kVideo, p.segments[i].map)), 200);
  EXPECT_EQ(playlist(kAudio).segments.at(2).map, "");  // the audio goes on as it was
}

TEST_F(LlHlsCheck, 29_TypesTagsAndLifetimes) {
  stream.segments(4);
  stream.grow(Ticks::from_ms(500));
  const DeliveryReply master = get("index.ll.m3u8"), plain = get("mono.m3u8"), low = get(kVideo);
  const DeliveryReply blocking = get(video(stream.next_number() - 1, 0));
  for (const DeliveryReply* reply : {&master, &plain, &low, &blocking}) {
    EXPECT_EQ(reply->content_type, "application/vnd.apple.mpegurl");
    EXPECT_TRUE(reply->compressible);
    EXPECT_THAT(reply->etag, ::testing::MatchesRegex("\"[0-9a-f]{16}\""));
  }
  EXPECT_EQ(plain.cache_control, "max-age=3");  // at most half a target duration of 7 s
  EXPECT_EQ(low.cache_control, "max-age=1");
  EXPECT_EQ(blocking.cache_control, "max-age=42");  // six target durations
  const ParsedPlaylist p = playlist(kVideo);
  for (const std::string& uri : {p.segments.at(0).uri, p.segments.at(0).map, p.all_parts().at(0).uri}) {
    const DeliveryReply media = get(beside(kVideo, uri));
    EXPECT_EQ(media.content_type, "video/mp4");
    EXPECT_THAT(media.cache_control, HasSubstr("immutable"));
    EXPECT_NE(media.etag, "");
    EXPECT_FALSE(media.compressible);
  }
  for (const std::string& target :
       {std::string("tracks-v9/mono.m3u8"), video(stream.next_number() + 9), std::string("x")})
    EXPECT_EQ(get(target).cache_control, "max-age=1");
}

TEST_F(LlHlsCheck, 29_NoSessionInNamesButTokensAreCarried) {
  stream.segments(3);
  const std::string with = kVideo + std::string("?token=abc&whatever=1");
  for (const ParsedPart& part : playlist(with).all_parts()) {
    EXPECT_THAT(part.uri, HasSubstr(".m4s?token=abc&whatever=1"));
    EXPECT_EQ(status(beside(kVideo, part.uri)), 200);
  }
  EXPECT_EQ(text(kVideo), text(kVideo));  // the same for every client
  EXPECT_THAT(text("index.ll.m3u8?token=abc"), HasSubstr("tracks-v1/mono.ll.m3u8?token=abc\n"));
}

// RFC 8216 6.2.2 asks for the segment's own duration plus the longest playlist that listed it.
TEST_F(LlHlsCheck, 30_RemovedSegmentsStayFetchable) {
  stream.segments(8);
  const ParsedPlaylist p = playlist("mono.m3u8");
  const std::string oldest = p.segments.at(0).uri;
  const double must_stay = p.segments.at(0).duration + p.duration();
  stream.segments(1);  // removed now
  ASSERT_NE(playlist("mono.m3u8").segments.at(0).uri, oldest);
  for (double gone = 0; gone + 5 <= must_stay; gone += 5) {
    EXPECT_EQ(status(oldest), 200) << gone;
    stream.segments(1);
  }
}

TEST_F(LlHlsCheck, 30_WaitingHoldsNothingButTheAnswer) {
  // A request that waits is an answer like any other: the front keeps what it needs to ask again.
  stream.segments(2);
  const std::string next = video(stream.next_number(), 0);
  for (int i = 0; i < 10000; ++i) ASSERT_TRUE(waits(next));
  stream.grow(Ticks::from_ms(300));
  EXPECT_EQ(status(next), 200);
}

TEST_F(LlHlsCheck, AllPlaylistsOfAPresentationDeclareTheSame) {
  stream.segments(5);
  const ParsedPlaylist video = playlist(kVideo), audio = playlist(kAudio);
  EXPECT_EQ(video.target_duration, audio.target_duration);
  EXPECT_EQ(video.server_control, audio.server_control);
}

TEST_F(LlHlsCheck, ThreeTargetDurationsStayListedAfterRemovals) {
  // A target duration of 7 with four 5 s segments breaks this; the default is four segments.
  live_through(Ticks::from_seconds(45), [&](const std::string& rendition, const ParsedPlaylist& p) {
    if (p.media_sequence > kFirstNumber) {
      EXPECT_GE(p.duration(), 3.0 * p.target_duration) << rendition;
    }
  });
  EXPECT_GT(playlist("mono.m3u8").media_sequence, kFirstNumber);
  EXPECT_GE(playlist("mono.m3u8").duration(), 21);
}

}  // namespace
}  // namespace m4f
