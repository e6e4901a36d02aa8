#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "m4f/playlist/playlist.h"
#include "m4f/playlist/testing/parsed_playlist.h"
#include "m4f/playlist/testing/test_stream.h"

namespace m4f {
namespace {

using namespace m4f::testing;
using ::testing::HasSubstr;
using ::testing::Not;

RingView view_of(std::vector<Track> tracks) {
  TestStream stream(std::move(tracks));
  stream.segments(3);
  return stream.view();
}

MasterPlaylistOptions fmp4() {
  MasterPlaylistOptions options;
  options.container = Container::kFmp4;
  return options;
}

TEST(HlsMaster, TsWithOneVideoAndOneAudio) {
  MasterPlaylistOptions options;
  options.query = "token=abc";
  expect_golden("master_ts.m3u8", master_playlist(view_of({h264_track(), aac_track()}), options));
}

TEST(HlsMaster, LowLatencyWithTwoVideosAndTwoLanguages) {
  MasterPlaylistOptions options = fmp4();
  options.low_latency = true;
  Track small = h264_track(2);
  small.width = 720, small.height = 576, small.sar_width = 64, small.sar_height = 45;
  expect_golden("master_ll.m3u8",
                master_playlist(view_of({h264_track(), small, aac_track(1), aac_track(2, "deu")}), options));
}

TEST(HlsMaster, EveryVariantOfVideoM3u8CarriesAllAudio) {
  MasterPlaylistOptions options;
  options.all_audio = true;
  const std::string text =
      master_playlist(view_of({h264_track(), aac_track(1), aac_track(2, "deu")}), options);
  EXPECT_THAT(text, HasSubstr("\ntracks-v1a1a2/mono.m3u8\n"));
  EXPECT_THAT(text, Not(HasSubstr("EXT-X-MEDIA")));
}

TEST(HlsMaster, SeparateAudioOnDemand) {
  const RingView view = view_of({h264_track(), aac_track()});
  MasterPlaylistOptions options;
  EXPECT_THAT(master_playlist(view, options), HasSubstr("\ntracks-v1a1/mono.m3u8\n"));
  options.separate_audio = true;
  const std::string text = master_playlist(view, options);
  EXPECT_THAT(text, HasSubstr("\ntracks-v1/mono.m3u8\n"));
  EXPECT_THAT(text,
              HasSubstr("#EXT-X-MEDIA:URI=\"tracks-a1/mono.m3u8\",TYPE=AUDIO,GROUP-ID=\"aac\",NAME=\"eng "
                        "a1\",LANGUAGE=\"eng\",DEFAULT=YES"));
}

TEST(HlsMaster, AudioWithoutLanguageIsUndefined) {
  MasterPlaylistOptions options = fmp4();
  EXPECT_THAT(master_playlist(view_of({h264_track(), aac_track(1, "")}), options),
              HasSubstr("NAME=\"undefined a1\",DEFAULT=YES"));
}

TEST(HlsMaster, AudioOnlyStreamHasAVariant) {
  const RingView view = view_of({aac_track(1), aac_track(2, "deu")});
  const std::string text = master_playlist(view, fmp4());
  EXPECT_THAT(
      text, HasSubstr("CODECS=\"mp4a.40.2\",AUDIO=\"aac\",CLOSED-CAPTIONS=NONE\ntracks-a1/mono.fmp4.m3u8\n"));
  EXPECT_THAT(text, Not(HasSubstr("RESOLUTION")));
  EXPECT_THAT(master_playlist(view_of({aac_track()}), {}), HasSubstr("\ntracks-a1/mono.m3u8\n"));
}

TEST(HlsMaster, SelectionOrdersTheVariants) {
  MasterPlaylistOptions options;
  options.tracks = *TrackSelection::parse("v2v1a1");
  const std::string text = master_playlist(view_of({h264_track(1), h264_track(2), aac_track()}), options);
  EXPECT_LT(text.find("tracks-v2a1/"), text.find("tracks-v1a1/"));
  EXPECT_NE(text.find("tracks-v1a1/"), text.npos);
}

TEST(HlsMaster, HostileTextStaysInItsQuotes) {
  Track audio = aac_track(1, "e\"\nn");
  const std::string text = master_playlist(view_of({h264_track(), audio}), fmp4());
  EXPECT_THAT(text, HasSubstr("LANGUAGE=\"en\""));
}

// Players choose by BANDWIDTH: no segment of the variant may need more.
TEST(HlsMaster, BandwidthCoversTheLargestSegment) {
  const RingView view = view_of({h264_track(), aac_track()});
  for (const Container container : {Container::kTs, Container::kFmp4}) {
    MasterPlaylistOptions options;
    options.container = container;
    const std::string text = master_playlist(view, options);
    const size_t at = text.find(",BANDWIDTH=");
    ASSERT_NE(at, text.npos);
    const double bandwidth = std::stod(text.substr(at + 11));
    double payload = 0;
    for (size_t i = 0; i < view.segments[0]->frame_count(); ++i)
      payload += static_cast<double>(view.segments[0]->frame(i).data.size());
    EXPECT_GT(bandwidth, payload * 8 / 5);
    EXPECT_LT(bandwidth, payload * 8 / 5 * 1.35);
  }
}

TEST(HlsMaster, SoundAloneComesLast) {
  MasterPlaylistOptions options;
  options.audio_only = true;
  expect_golden("master_audio_only.m3u8", master_playlist(view_of({h264_track(), aac_track()}), options));
  options.container = Container::kFmp4;
  expect_golden("master_audio_only_fmp4.m3u8",
                master_playlist(view_of({h264_track(), aac_track()}), options));
}

TEST(HlsMaster, SoundAloneNeedsPicturesAndSound) {
  MasterPlaylistOptions options;
  const RingView sound = view_of({aac_track()}), pictures = view_of({h264_track()});
  const std::string before = master_playlist(sound, options) + master_playlist(pictures, options);
  options.audio_only = true;
  EXPECT_EQ(master_playlist(sound, options) + master_playlist(pictures, options), before);
}

}  // namespace
}  // namespace m4f
