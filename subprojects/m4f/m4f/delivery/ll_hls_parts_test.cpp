// Each numbered check of the project's list of what LL-HLS servers get wrong has tests named after it;
// clauses are those of rfc8216bis. Here: declarations and parts (1 to 12). What only shows over HTTP
// (compression, ranges, CORS) is tested there.
#include <gmock/gmock.h>

#include <cmath>

#include "m4f/delivery/testing/ll_hls_check.h"
#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

using namespace m4f::testing;
using ::testing::AllOf;
using ::testing::Ge;
using ::testing::HasSubstr;
using ::testing::Le;
using ::testing::Not;

TEST_F(LlHlsCheck, 01_ServerControlStandsInEveryPlaylistWithParts) {
  live_through(Ticks::from_seconds(12), [](const std::string&, const ParsedPlaylist& p) {
    ASSERT_TRUE(p.server_control);
    EXPECT_EQ(p.server_control->at("CAN-BLOCK-RELOAD"), "YES");
    ASSERT_TRUE(p.part_target);
    EXPECT_TRUE(p.server_control->contains("PART-HOLD-BACK"));
  });
}

TEST_F(LlHlsCheck, 02_PartHoldBackIsThreeTimesTheLargestPartTarget) {
  stream.segments(3);
  double largest = 0;
  for (const char* rendition : kRenditions) largest = std::max(largest, *playlist(rendition).part_target);
  for (const char* rendition : kRenditions)
    EXPECT_NEAR(std::stod(playlist(rendition).server_control->at("PART-HOLD-BACK")), 3 * largest, 1e-4);
}

TEST_F(LlHlsCheck, 03_DeclarationsNeverChange) {
  std::map<std::string, std::string> declared;
  const auto look = [&](const std::string& rendition, const ParsedPlaylist& p) {
    const std::string now =
        fmt::format("{} {} {} {}", p.target_duration, p.server_control->at("PART-HOLD-BACK"),
                    p.server_control->at("CAN-SKIP-UNTIL"), *p.part_target);
    EXPECT_EQ(declared.emplace(rendition, now).first->second, now);
  };
  live_through(Ticks::from_seconds(12), look);
  stream.discontinuity();
  live_through(Ticks::from_seconds(2), look);
  stream.seal();
  stream.segment(Ticks::from_ms(6900));
  for (const char* rendition : kRenditions) look(rendition, playlist(rendition));
  EXPECT_EQ(declared.size(), 2u);
}

TEST_F(LlHlsCheck, 04_RoundedDurationsKeepTheTargetDuration) {
  for (const int ms : {5000, 6960, 4040, 7400, 11600, 500}) {
    stream.segment(Ticks::from_ms(ms));
    for (const char* target : {kVideo, kAudio, "mono.m3u8", "mono.fmp4.m3u8"}) {
      const ParsedPlaylist p = playlist(target);
      for (const ParsedSegment& segment : p.segments)
        EXPECT_LE(std::lround(segment.duration), p.target_duration);
    }
  }
}

TEST_F(LlHlsCheck, 05_MasterDeclaresWhatTheVariantsAre) {
  stream.segments(4);
  const std::string master = text("index.ll.m3u8");
  EXPECT_THAT(master, HasSubstr("CODECS=\"avc1.64001f,mp4a.40.2\""));
  EXPECT_THAT(master, HasSubstr("RESOLUTION=1280x720,FRAME-RATE=25.000"));
  EXPECT_THAT(master, HasSubstr("#EXT-X-VERSION:6\n#EXT-X-INDEPENDENT-SEGMENTS\n"));
  // Measured: 425 kbit/s of video and 94 of audio in this stream, the container on top.
  const double bandwidth = std::stod(master.substr(master.find(",BANDWIDTH=") + 11));
  EXPECT_THAT(bandwidth, AllOf(Ge(525e3), Le(600e3)));
}

TEST_F(LlHlsCheck, 05_IndependentSegmentsIsClaimedOnlyIfTrue) {
  stream.segments(2);
  EXPECT_TRUE(playlist(kVideo).independent_segments);
  stream.without_key();
  stream.grow(Ticks::from_ms(500));
  EXPECT_FALSE(playlist(kVideo).independent_segments);
  EXPECT_TRUE(playlist(kAudio).independent_segments);
  EXPECT_THAT(text("index.ll.m3u8"), Not(HasSubstr("INDEPENDENT-SEGMENTS")));
}

TEST_F(LlHlsCheck, 05_VersionMatchesTheFeatures) {
  stream.segments(4);
  EXPECT_EQ(playlist("mono.m3u8").version, 3);       // EXTINF with decimals
  EXPECT_EQ(playlist("mono.fmp4.m3u8").version, 6);  // EXT-X-MAP
  EXPECT_EQ(playlist(kVideo).version, 9);            // EXT-X-SKIP
}

TEST_F(LlHlsCheck, 06_NoPartIsLongerThanThePartTarget) {
  live_through(Ticks::from_seconds(16), [](const std::string& rendition, const ParsedPlaylist& p) {
    for (const ParsedPart& part : p.all_parts())
      EXPECT_LE(part.duration, *p.part_target) << rendition << part.uri;
  });
}

TEST_F(LlHlsCheck, 07_PartsFillThePartTarget) {
  live_through(Ticks::from_seconds(16), [](const std::string& rendition, const ParsedPlaylist& p) {
    for (const ParsedSegment& segment : p.segments)
      for (size_t i = 0; i < segment.parts.size(); ++i) {
        const bool last = !segment.uri.empty() && i + 1 == segment.parts.size();
        if (!last) {
          EXPECT_GE(segment.parts[i].duration, 0.85 * *p.part_target) << rendition << segment.parts[i].uri;
        }
      }
  });
}

// The draft: a part is independent if it contains an independent frame; it need not begin with one.
TEST_F(LlHlsCheck, 08_IndependentPartsAreThoseWithASyncFrame) {
  stream.segments(3);
  stream.grow(Ticks::from_ms(700));
  for (const ParsedSegment& segment : playlist(kVideo).segments)
    for (size_t i = 0; i < segment.parts.size(); ++i) EXPECT_EQ(segment.parts[i].independent, i == 0);
  for (const ParsedPart& part : playlist(kAudio).all_parts()) EXPECT_TRUE(part.independent);
}

TEST_F(LlHlsCheck, 09_PartsAddUpToTheirSegment) {
  stream.segments(5);
  for (const char* rendition : kRenditions) {
    int compared = 0;
    for (const ParsedSegment& segment : playlist(rendition).segments) {
      if (segment.parts.empty()) continue;
      ++compared;
      EXPECT_NEAR(segment.parts_duration(), segment.duration,
                  0.001 * static_cast<double>(segment.parts.size()));
      EXPECT_NEAR(segment.parts_duration(), segment.duration, 0.001);
      std::string bytes;
      for (const ParsedPart& part : segment.parts) bytes += text(beside(rendition, part.uri));
      EXPECT_EQ(bytes, text(beside(rendition, segment.uri)));
    }
    EXPECT_GE(compared, 4);
  }
}

TEST_F(LlHlsCheck, 10_PartsStandBeforeTheirSegmentAndOnlyNearTheLiveEdge) {
  // parse_playlist() refuses a part after its parent's EXTINF.
  live_through(Ticks::from_seconds(32), [](const std::string& rendition, const ParsedPlaylist& p) {
    double behind_edge = p.duration();
    for (const ParsedSegment& segment : p.segments) {
      if (!segment.parts.empty()) {
        EXPECT_LE(behind_edge, 3.0 * p.target_duration + 1e-3) << rendition;
      }
      behind_edge -= segment.duration;
      if (!segment.uri.empty() && behind_edge < p.target_duration) {
        EXPECT_FALSE(segment.parts.empty()) << rendition;
      }
    }
  });
}

TEST_F(LlHlsCheck, 10_PartsStayFetchableAfterTheyLeftThePlaylist) {
  stream.segments(1);
  const std::string part = beside(kVideo, playlist(kVideo).all_parts().at(3).uri);
  stream.segments(4);
  for (const ParsedPart& listed : playlist(kVideo).all_parts()) EXPECT_NE(beside(kVideo, listed.uri), part);
  EXPECT_EQ(status(part), 200);
}

TEST_F(LlHlsCheck, 11_AudioRenditionHasPartsOfItsOwn) {
  stream.segments(2);
  stream.grow(Ticks::from_ms(600));
  const ParsedPlaylist p = playlist(kAudio);
  EXPECT_NEAR(*p.part_target, 0.192, 1e-6);
  for (const ParsedSegment& segment : p.segments) EXPECT_FALSE(segment.parts.empty());
}

TEST_F(LlHlsCheck, 12_OnePreloadHintNamesThePartThatComesNext) {
  std::map<std::string, std::string> hinted;
  live_through(Ticks::from_seconds(11), [&](const std::string& rendition, const ParsedPlaylist& p) {
    ASSERT_EQ(p.hints.size(), 1u);
    EXPECT_EQ(p.hints[0].at("TYPE"), "PART");
    std::string& hint = hinted[rendition];
    if (!hint.empty() && hint != p.hints[0].at("URI")) {
      // It came true, unless the segment ended where the part before it did.
      const auto parts = p.all_parts();
      const bool came =
          std::any_of(parts.begin(), parts.end(), [&](const ParsedPart& part) { return part.uri == hint; });
      const bool segment_ended = p.segments.back().uri != "" || p.segments.back().parts.size() == 1;
      EXPECT_TRUE(came || segment_ended) << hint;
    }
    hint = p.hints[0].at("URI");
    for (const ParsedPart& part : p.all_parts()) EXPECT_NE(part.uri, hint);
  });
}

TEST_F(LlHlsCheck, 12_HintedPartIsHeldUntilItIsThere) {
  stream.grow(Ticks::from_ms(500));
  const std::string hint = beside(kVideo, playlist(kVideo).hints.at(0).at("URI"));
  const DeliveryReply reply = get(hint);
  ASSERT_EQ(reply.kind, Kind::kWait);
  EXPECT_LE(reply.wait_at_most, std::chrono::seconds(21));
  stream.grow(Ticks::from_ms(200));
  EXPECT_EQ(status(hint), 200);
}

TEST_F(LlHlsCheck, 12_HintThatNeverComesTrueEndsInAnError) {
  stream.grow(Ticks::from_seconds(1));
  const std::string hint = beside(kVideo, playlist(kVideo).hints.at(0).at("URI"));
  ASSERT_TRUE(waits(hint));
  stream.seal();  // five whole parts: the sixth never comes
  EXPECT_EQ(status(hint), 404);
}

}  // namespace
}  // namespace m4f
