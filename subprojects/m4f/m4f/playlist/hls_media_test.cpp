#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "m4f/mp4/packager.h"
#include "m4f/playlist/playlist.h"
#include "m4f/playlist/testing/parsed_playlist.h"
#include "m4f/playlist/testing/test_stream.h"

namespace m4f {
namespace {

using namespace m4f::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TrackSelection tracks(std::string_view text) {
  return *TrackSelection::parse(text);
}

MediaPlaylistOptions ts_options() {
  MediaPlaylistOptions options;
  options.segment_duration = Ticks::from_seconds(5);
  return options;
}

MediaPlaylistOptions fmp4_options() {
  MediaPlaylistOptions options = ts_options();
  options.container = Container::kFmp4;
  return options;
}

MediaPlaylistOptions ll_options(std::string_view selection = "v1") {
  MediaPlaylistOptions options = fmp4_options();
  options.low_latency = true;
  options.tracks = tracks(selection);
  return options;
}

TEST(HlsMedia, TsPlaylist) {
  TestStream stream;
  stream.segments(6);
  stream.grow(Ticks::from_seconds(1));
  expect_golden("ts.m3u8", media_playlist(stream.view(5), ts_options()));
}

TEST(HlsMedia, Fmp4PlaylistWithQueryAndChangedTracks) {
  TestStream stream;
  stream.segments(3);
  Track taller = h264_track();
  taller.config[1] = 0x4d;
  taller.height = 1080;
  stream.discontinuity(Ticks::from_ms(2500), std::vector{taller, aac_track()});
  stream.segments(2);
  MediaPlaylistOptions options = fmp4_options();
  options.query = "token=abc&filter.tracks=v1a1";
  expect_golden("fmp4.m3u8", media_playlist(stream.view(5), options));
}

TEST(HlsMedia, LowLatencyPlaylist) {
  TestStream stream;
  stream.segments(5);
  stream.grow(Ticks::from_ms(1300));
  MediaPlaylistOptions options = ll_options();
  options.reports = {{"../tracks-a1/mono.ll.m3u8", tracks("a1")}};
  options.query = "token=abc";
  expect_golden("ll.m3u8", media_playlist(stream.view(), options));
}

TEST(HlsMedia, LowLatencyDeltaUpdate) {
  TestStream stream;
  stream.segments(14);
  stream.grow(Ticks::from_ms(700));
  MediaPlaylistOptions options = ll_options("a1");
  options.skip = true;
  expect_golden("ll_delta.m3u8", media_playlist(stream.view(14), options));
}

// 5 s of GOP below 2 s each make 7, as players of such servers know it.
TEST(TargetDuration, LeavesRoomForTheKeyFrameThatComesLate) {
  TestStream stream;
  stream.segment();
  EXPECT_EQ(target_duration(stream.view(), Ticks::from_seconds(5)), 7u);
  stream.segment(Ticks::from_ms(8040));
  EXPECT_EQ(target_duration(stream.view(), Ticks::from_seconds(5)), 9u);
}

TEST(TargetDuration, FollowsTheSegmentDurationThatTheSegmentsWereCutWith) {
  TestStream stream;
  stream.set_target(Ticks::from_seconds(2));
  stream.segment(Ticks::from_seconds(2));
  EXPECT_EQ(target_duration(stream.view(), Ticks::from_seconds(5)), 3u);
}

TEST(ListedWindow, HoldsThreeTargetDurations) {
  TestStream stream;
  stream.segments(10);
  // Four segments of 5 s are 20 s, three target durations of 7 s are 21 s.
  const ListedWindow window = listed_window(stream.view(4), 7);
  EXPECT_EQ(window.end - window.first, 5u);
  EXPECT_EQ(window.open, nullptr);
}

TEST(ListedWindow, ListsAtLeastTheConfiguredCount) {
  TestStream stream;
  stream.segments(20);
  const ListedWindow window = listed_window(stream.view(12), 7);
  EXPECT_EQ(window.end - window.first, 12u);
}

// A pull that broke off within a segment loses that one; the viewers of the others need not notice.
TEST(HlsMedia, SegmentsThatNeverArrivedAreGaps) {
  TestStream stream;
  stream.segments(3);
  stream.miss(2);
  stream.segments(2);
  stream.grow(Ticks::from_ms(500));
  for (const bool low_latency : {false, true}) {
    MediaPlaylistOptions options = fmp4_options();
    options.low_latency = low_latency;
    const ParsedPlaylist playlist = parse_playlist(media_playlist(stream.view(5), options));
    ASSERT_EQ(playlist.segments.size(), low_latency ? 8u : 7u);
    EXPECT_EQ(playlist.media_sequence, kFirstNumber);
    for (size_t i = 0; i < 7; ++i) EXPECT_EQ(playlist.segments[i].gap, i == 3 || i == 4) << i;
    EXPECT_EQ(playlist.segments[3].uri, "2026/11/20/13/05/52-05000.m4s");
    EXPECT_EQ(playlist.segments[5].date, "2026-11-20T13:06:02.000Z");
  }
}

TEST(ListedWindow, StartsAfterAHoleThatCannotBeListed) {
  TestStream stream;
  stream.segments(6);
  stream.miss(17);
  stream.segments(2);
  EXPECT_EQ(listed_window(stream.view(), 7).first, 6u);

  TestStream jumped;
  jumped.segments(3);
  jumped.discontinuity(Ticks::from_seconds(3));
  jumped.miss(1);  // and with it the discontinuity's own segment
  jumped.segments(2);
  RingView view = jumped.view();
  EXPECT_EQ(listed_window(view, 7).first, 3u);
}

TEST(ListedWindow, NeverListsAgainWhatWasRemoved) {
  TestStream stream;
  stream.segments(10);
  const RingView view = stream.view(4);
  EXPECT_EQ(listed_window(view, 20, view.segments[6]->header().number).first, 6u);
}

TEST(HlsMedia, SegmentWithoutTheTrackIsAGap) {
  TestStream stream(std::vector{h264_track()});
  stream.segments(2);
  stream.discontinuity(Ticks(), std::vector{h264_track(), aac_track()});
  stream.segments(2);
  MediaPlaylistOptions options = ts_options();
  options.tracks = tracks("a1");
  const ParsedPlaylist playlist = parse_playlist(media_playlist(stream.view(), options));
  ASSERT_EQ(playlist.segments.size(), 4u);
  EXPECT_TRUE(playlist.segments[1].gap);
  EXPECT_FALSE(playlist.segments[2].gap);
  EXPECT_EQ(playlist.media_sequence, kFirstNumber);
}

TEST(HlsMedia, EndedStreamEndsThePlaylist) {
  TestStream stream;
  stream.segments(2);
  stream.end();
  const ParsedPlaylist playlist = parse_playlist(media_playlist(stream.view(), ll_options()));
  EXPECT_TRUE(playlist.ended);
  EXPECT_TRUE(playlist.hints.empty());
}

TEST(HlsMedia, StreamWithoutPartsDeclaresNone) {
  Track video = h264_track();
  video.part_target = {};
  TestStream stream(std::vector{video});
  stream.segments(3);
  const std::string text = media_playlist(stream.view(), ll_options());
  EXPECT_THAT(text, Not(HasSubstr("PART")));
  EXPECT_THAT(text, Not(HasSubstr("SERVER-CONTROL")));
}

TEST(SegmentName, IsFoundAgain) {
  TestStream stream;
  stream.segments(3);
  const RingView view = stream.view();
  EXPECT_EQ(segment_name(*view.segments[0]), "2026/11/20/13/05/37-05000");
  for (const SegmentPtr& segment : view.segments)
    EXPECT_EQ(find_segment(view, segment_name(*segment)), segment);
  for (const char* name :
       {"", "2026/11/20/13/05/37-05001", "2026/11/20/13/05/38-05000", "2026/11/20/13/05/37-5000",
        "2026/11/20/13/05/37-005000", "2026/11/20/13/05/37-", "2026/11/20/13/05/37-+5000"})
    EXPECT_EQ(find_segment(view, name), nullptr) << name;
}

TEST(SegmentName, OpenSegmentHasNone) {
  TestStream stream;
  stream.grow(Ticks::from_seconds(5));
  EXPECT_EQ(find_segment(stream.view(), "2026/11/20/13/05/37-05000"), nullptr);
}

TEST(PickTracks, DefaultsAreWhatPlayersCanTake) {
  const std::vector all = {h264_track(1), h264_track(2), aac_track(1), aac_track(2, "deu"), opus_track(3)};
  EXPECT_THAT(pick_tracks(all, {}, Container::kTs), ElementsAre(0, 2, 3, 4));
  EXPECT_THAT(pick_tracks(all, {}, Container::kFmp4), ElementsAre(0, 2));
  EXPECT_THAT(pick_tracks(all, tracks("a2v2"), Container::kFmp4), ElementsAre(1, 3));
  EXPECT_THAT(pick_tracks(all, tracks("v9"), Container::kFmp4), ElementsAre());
}

}  // namespace
}  // namespace m4f
