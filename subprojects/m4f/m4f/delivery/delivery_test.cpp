#include "m4f/delivery/delivery.h"

#include <gmock/gmock.h>

#include "m4f/delivery/testing/client.h"
#include "m4f/mp4/packager.h"
#include "m4f/ts/packager.h"

namespace m4f {
namespace {

using namespace m4f::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

using DeliveryTest = DeliveryFixture;

TEST_F(DeliveryTest, StreamThatHasNothingYetAnswersLater) {
  for (const char* tail : {"index.m3u8", "mono.m3u8", "index.ll.m3u8", "mpegts", "media_info.json"}) {
    const DeliveryReply reply = get(tail);
    EXPECT_EQ(reply.status, 503) << tail;
    EXPECT_EQ(reply.retry_after, 1) << tail;
  }
  EXPECT_EQ(status("2026/11/20/13/05/37-05000.ts"), 404);
  EXPECT_EQ(status("nothing/such"), 404);
}

TEST_F(DeliveryTest, PlaylistWaitsForTheFirstSegmentButNotForEver) {
  stream.grow(Ticks::from_seconds(1));
  const DeliveryReply reply = get("mono.m3u8");
  ASSERT_EQ(reply.kind, Kind::kWait);
  EXPECT_EQ(reply.wait_at_most, std::chrono::seconds(7));
  EXPECT_EQ(get("mono.m3u8", 7000).status, 503);
  EXPECT_EQ(get("mono.m3u8", 7000).kind, Kind::kBody);
  stream.seal();
  EXPECT_EQ(status("mono.m3u8"), 200);
}

TEST_F(DeliveryTest, LowLatencyPlaylistIsThereWithTheFirstPart) {
  stream.grow(Ticks::from_ms(100));
  EXPECT_TRUE(waits("tracks-v1/mono.ll.m3u8"));
  stream.grow(Ticks::from_ms(150));
  EXPECT_EQ(playlist("tracks-v1/mono.ll.m3u8").all_parts().size(), 1u);
  EXPECT_EQ(status("index.ll.m3u8"), 200);
}

TEST_F(DeliveryTest, EverythingThatPlaylistsNameCanBeFetched) {
  stream.segments(6);
  stream.grow(Ticks::from_ms(900));
  for (const std::string target :
       {"mono.m3u8?token=1", "mono.fmp4.m3u8?filter.tracks=v1", "tracks-a1/mono.ts.m3u8",
        "tracks-v1/mono.ll.m3u8?token=1", "tracks-a1/mono.ll.m3u8", "mono.ll.m3u8"}) {
    std::vector<std::string> uris;
    for (const ParsedSegment& segment : playlist(target).segments) {
      uris.push_back(segment.map);
      uris.push_back(segment.uri);
      for (const ParsedPart& part : segment.parts) uris.push_back(part.uri);
    }
    std::erase(uris, "");
    EXPECT_GE(uris.size(), 5u);
    for (const std::string& uri : uris)
      EXPECT_EQ(status(beside(target, uri)), 200) << target << " names " << uri;
  }
}

// The addresses that an MPD's templates come to: init segments, and media for the times of its timelines.
std::vector<std::string> dash_addresses(const std::string& mpd) {
  const auto attribute = [&](const std::string& name, size_t from) {
    const size_t at = mpd.find(" " + name + "=\"", from) + name.size() + 3;
    return mpd.substr(at, mpd.find('"', at) - at);
  };
  std::vector<std::string> out;
  for (size_t i = mpd.find("<SegmentTemplate "); i != mpd.npos; i = mpd.find("<SegmentTemplate ", i + 1)) {
    out.push_back(attribute("initialization", i));
    const std::string media = attribute("media", i);
    const size_t end = mpd.find("</SegmentTemplate>", i), time = media.find("$Time$");
    int64_t next = 0;
    for (size_t s = mpd.find("<S ", i); s < end; s = mpd.find("<S ", s + 1)) {
      const std::string tag = mpd.substr(s, mpd.find('>', s) - s);
      if (tag.find(" t=") != tag.npos) next = std::stoll(attribute("t", s));
      for (int64_t r = tag.find(" r=") == tag.npos ? 0 : std::stoll(attribute("r", s)); r >= 0; --r) {
        out.push_back(std::string(media).replace(time, 6, std::to_string(next)));
        next += std::stoll(attribute("d", s));
      }
    }
  }
  return out;
}

TEST_F(DeliveryTest, EverythingThatTheDashManifestNamesCanBeFetched) {
  stream.segments(6);
  stream.discontinuity();
  stream.segments(1);
  stream.grow(Ticks::from_seconds(1));
  for (const std::string target : {"index.mpd", "Manifest.mpd?token=1", "tracks-a1/index.mpd"}) {
    const DeliveryReply reply = get(target);
    EXPECT_EQ(reply.content_type, "application/dash+xml");
    const auto uris = dash_addresses(text_of(reply));
    EXPECT_GE(uris.size(), 5u);
    for (const std::string& uri : uris)
      EXPECT_EQ(status(beside(target, uri)), 200) << target << " names " << uri;
  }
}

TEST_F(DeliveryTest, DashSegmentIsTheHlsSegmentOfItsTrack) {
  const SegmentPtr segment = stream.segment();
  const size_t video[] = {0};
  EXPECT_EQ(text(fmt::format("tracks-v1/dash-{}.m4s", segment->header().start.count)),
            as_text(mp4::package(*segment, video)));
  EXPECT_EQ(status(fmt::format("tracks-v1/dash-{}.m4s", segment->header().start.count + 1)), 404);
  EXPECT_EQ(status(fmt::format("tracks-v1a1/dash-{}.m4s", segment->header().start.count)), 404);
  EXPECT_EQ(status(fmt::format("dash-{}.m4s", segment->header().start.count)), 404);
}

TEST_F(DeliveryTest, DashManifestWaitsForTheFirstSegment) {
  EXPECT_EQ(status("index.mpd"), 503);
  stream.grow(Ticks::from_seconds(1));
  EXPECT_TRUE(waits("index.mpd"));
  stream.seal();
  EXPECT_EQ(status("index.mpd"), 200);
  EXPECT_EQ(get("index.mpd").cache_control, "max-age=1");
  EXPECT_EQ(status("tracks-a9/index.mpd"), 404);
}

TEST_F(DeliveryTest, MasterNamesPlaylistsThatPlay) {
  stream.segments(4);
  for (const char* tail :
       {"index.m3u8", "playlist.m3u8", "video.m3u8", "index.ts.m3u8", "index.fmp4.m3u8", "index.ll.m3u8",
        "tracks-v1a1/index.m3u8", "index.m3u8?separate_audio=true&token=x"}) {
    std::istringstream lines(text(tail));
    int named = 0;
    for (std::string line; std::getline(lines, line);) {
      std::string uri = line;
      if (const size_t at = line.find("URI=\""); at != line.npos)
        uri = line.substr(at + 5, line.find('"', at + 5) - at - 5);
      else if (line.starts_with('#'))
        continue;
      ++named;
      EXPECT_EQ(status(beside(tail, uri)), 200) << tail << " names " << uri;
    }
    EXPECT_GE(named, 1) << tail;
  }
}

TEST_F(DeliveryTest, SegmentsAreWhatThePackagersMake) {
  const SegmentPtr segment = stream.segment();
  const DeliveryReply ts = get("2026/11/20/13/05/37-05000.ts");
  EXPECT_EQ(ts.content_type, "video/mp2t");
  EXPECT_EQ(*ts.body.at(0), ts::package(*segment, {}));
  const std::vector<size_t> audio = {1};
  const DeliveryReply m4s = get("tracks-a1/2026/11/20/13/05/37-05000.m4s");
  EXPECT_EQ(m4s.content_type, "audio/mp4");
  EXPECT_EQ(*m4s.body.at(0), mp4::package(*segment, audio));
  EXPECT_EQ(*get("tracks-a1/live-1795179937000.m4s").body.at(0), mp4::package(*segment, audio));
}

TEST_F(DeliveryTest, SegmentIsPackagedOnceForAllClients) {
  stream.segment();
  const DeliveryReply first = get("2026/11/20/13/05/37-05000.ts?session=1");
  const DeliveryReply second = get("2026/11/20/13/05/37-05000.ts?session=2");
  EXPECT_EQ(first.body.at(0).get(), second.body.at(0).get());
}

// A stream that is started anew may reuse the ring's numbers, never the cached bytes.
TEST_F(DeliveryTest, RestartedStreamDoesNotServeItsPredecessorsBytes) {
  stream.segment();
  const RingPtr other_ring = std::make_shared<LiveRing>();
  TestStream other({h264_track(2)}, other_ring);
  const Delivery restarted("tv/one", other_ring, cache, {});
  other.segment();
  const std::string name = "2026/11/20/13/05/37-05000.ts";
  const DeliveryReply reply = restarted.handle({name, {}, {}}, std::chrono::system_clock::now());
  EXPECT_NE(*reply.body.at(0), *get(name).body.at(0));
}

TEST_F(DeliveryTest, EndlessTsOffersTheSelection) {
  EXPECT_EQ(status("mpegts"), 503);
  stream.grow(Ticks::from_seconds(1));
  const DeliveryReply reply = get("mpegts?filter.tracks=a1");
  EXPECT_EQ(reply.kind, Kind::kLiveTs);
  EXPECT_EQ(reply.live.ts.tracks.text(), "a1");
  EXPECT_EQ(reply.proto, "tshttp");
  EXPECT_EQ(status("mpegts?filter.tracks=a7"), 404);
}

TEST_F(DeliveryTest, UnknownTracksAreNotFound) {
  stream.segments(3);
  for (const char* target : {"tracks-v2/mono.m3u8", "tracks-v1a9/mono.m3u8", "index.m3u8?filter.tracks=v7",
                             "tracks-a2/2026/11/20/13/05/37-05000.ts", "index.m3u8?filter=tracks:a5"})
    EXPECT_EQ(status(target), 404) << target;
  EXPECT_EQ(status("index.m3u8?filter.tracks=junk"), 400);
}

TEST_F(DeliveryTest, PathSelectionIsStrongerThanTheQuerysOne) {
  const SegmentPtr segment = stream.segment();
  const std::vector<size_t> video = {0};
  EXPECT_EQ(*get("tracks-v1/2026/11/20/13/05/37-05000.m4s?filter.tracks=v1a1").body.at(0),
            mp4::package(*segment, video));
}

TEST_F(DeliveryTest, ProtocolsThatAreOffAreNotFound) {
  stream.segments(3);
  DeliveryOptions options;
  options.hls = options.tshttp = false;
  delivery.configure(options);
  for (const char* tail : {"index.m3u8", "mono.m3u8", "mpegts", "2026/11/20/13/05/37-05000.ts"})
    EXPECT_EQ(status(tail), 404) << tail;
  EXPECT_EQ(status("2026/11/20/13/05/37-05000.m4s"), 200);
  options.hls = options.tshttp = true;
  options.cmaf = false;
  delivery.configure(options);
  EXPECT_EQ(status("index.m3u8"), 200);
  EXPECT_EQ(status("index.ll.m3u8"), 404);
}

TEST_F(DeliveryTest, TrackThatTheContainerCannotCarryIsLeftOutWithOneWarning) {
  const RingPtr own = std::make_shared<LiveRing>();
  Track vp8 = h264_track(2);
  vp8.codec = Codec::kVp8;
  TestStream mixed({h264_track(), vp8, aac_track()}, own);
  Delivery other("x", own, cache, {});
  mixed.segments(3);
  const auto master = [&] {
    return text_of(other.handle({"index.m3u8", {}, {}}, std::chrono::system_clock::now()));
  };
  EXPECT_THAT(master(), Not(HasSubstr("v2")));
  master();
  EXPECT_THAT(other.take_warnings(),
              ElementsAre("track v2 (vp8) cannot be carried in MPEG-TS: left out of it"));
  master();
  EXPECT_THAT(other.take_warnings(), IsEmpty());
  EXPECT_EQ(other.handle({"tracks-v2/mono.m3u8", {}, {}}, std::chrono::system_clock::now()).status, 404);
}

TEST_F(DeliveryTest, TargetDurationIsRaisedOnceWithAWarningWhenASegmentBreaksIt) {
  stream.segments(5);
  EXPECT_EQ(playlist("mono.m3u8").target_duration, 7);
  const uint64_t before = playlist("mono.m3u8").media_sequence;
  stream.segment(Ticks::from_seconds(9));
  EXPECT_EQ(playlist("mono.m3u8").target_duration, 12);
  EXPECT_GE(playlist("mono.m3u8").media_sequence, before);
  stream.segments(3, Ticks::from_ms(11500));
  EXPECT_EQ(playlist("mono.m3u8").target_duration, 12);
  const auto warnings = delivery.take_warnings();
  ASSERT_EQ(warnings.size(), 1u);
  EXPECT_THAT(warnings[0],
              HasSubstr("a segment of 9.0 s is longer than the announced target duration of 7 s"));
}

TEST_F(DeliveryTest, BurstyInputIsPlayedWithoutBlockingReloads) {
  DeliveryOptions options;
  options.low_latency = false;
  delivery.configure(options);
  stream.segments(3);
  const ParsedPlaylist p = playlist("tracks-v1/mono.ll.m3u8");
  EXPECT_FALSE(p.server_control);
  EXPECT_FALSE(p.part_target);
  EXPECT_EQ(p.segments.size(), 3u);
}

TEST_F(DeliveryTest, MediaInfoTellsTheTracks) {
  stream.segments(2);
  EXPECT_EQ(
      text("media_info.json"),
      R"({"flow_type":"stream","tracks":[{"track_id":"v1","content":"video","codec":"h264","bitrate":429,)"
      R"("width":1280,"height":720,"pixel_width":1280,"pixel_height":720,"sar_width":1,"sar_height":1,)"
      R"("fps":25.000},{"track_id":"a1","content":"audio","codec":"aac","bitrate":94,"language":"eng",)"
      R"("channels":2,"sample_rate":48000}]})"
      "\n");
}

TEST_F(DeliveryTest, InfoQuotesTheTitle) {
  DeliveryOptions options;
  options.title = "a \"b\"\n\xff";
  delivery.configure(options);
  stream.segments(1);
  EXPECT_THAT(text("info.json"),
              HasSubstr(R"("name":"tv/one","title":"a \"b\"\u000a\ufffd","stats":{"status":"running")"));
}

TEST_F(DeliveryTest, AbstractManifestNamesSegmentsThatExist) {
  stream.segments(2);
  stream.discontinuity(Ticks::from_seconds(3));
  stream.segments(1);
  const std::string json = text("index.json");
  EXPECT_THAT(
      json,
      HasSubstr(
          R"({"mutability":"live","segment_prefix":"live","periods":[{"dts":1795179937000,"duration":10000,)"));
  EXPECT_THAT(
      json,
      HasSubstr(
          R"("segments":[{"dts":1795179937000,"duration":5000},{"dts":1795179942000,"duration":5000}]})"));
  EXPECT_THAT(json, HasSubstr(R"({"dts":1795179950000,"duration":5000,)"));
  EXPECT_EQ(status("live-1795179950000.ts"), 200);
  EXPECT_EQ(status("live-1795179950001.ts"), 404);
}

TEST_F(DeliveryTest, EndedStreamStillServesItsSegments) {
  stream.segments(3);
  stream.end();
  EXPECT_TRUE(playlist("tracks-v1/mono.ll.m3u8?_HLS_msn=" + std::to_string(kFirstNumber + 3)).ended);
  EXPECT_EQ(status("2026/11/20/13/05/37-05000.ts"), 200);
  EXPECT_EQ(status("mpegts"), 503);
}

// -- a stream's output options

TEST_F(DeliveryTest, EveryMpegTsHasTheProgramThatWasAskedFor) {
  const SegmentPtr segment = stream.segment();
  const std::string name = "2026/11/20/13/05/37-05000.ts";
  const DeliveryReply before = get(name);
  DeliveryOptions options;
  options.ts.pmt_pid = 4095;
  options.ts.track_pids = {{{Content::kVideo, 1}, 211}, {{Content::kAudio, 0}, 220}};
  options.ts.program = 10;
  options.ts.title = "One";
  delivery.configure(options);
  const DeliveryReply after = get(name);
  options.ts.tracks.ids = {{Content::kVideo, 1}, {Content::kAudio, 1}};
  EXPECT_EQ(*after.body.at(0), ts::package(*segment, options.ts));
  EXPECT_NE(*after.body.at(0), *before.body.at(0));  // not what the cache kept of the old options
  EXPECT_NE(after.etag, before.etag);
  const DeliveryReply endless = get("mpegts");
  EXPECT_EQ(endless.live.ts.pmt_pid, 4095);
  EXPECT_EQ(endless.live.ts.program, 10);
}

TEST_F(DeliveryTest, PrepushIsPassedOn) {
  stream.segment();
  EXPECT_FALSE(get("mpegts").live.prepush);
  DeliveryOptions options;
  options.prepush = std::chrono::seconds(3);
  delivery.configure(options);
  EXPECT_EQ(get("mpegts").live.prepush, std::chrono::seconds(3));
  EXPECT_NE(get("mpegts").live.key(), LiveTsOptions{}.key());
}

TEST_F(DeliveryTest, AddressesBeginWithThePrefix) {
  stream.segments(4);
  DeliveryOptions options;
  const std::string before = text("mono.m3u8");
  options.url_prefix = "http://cdn.example.com:8080/a/";
  delivery.configure(options);
  const std::string base = "http://cdn.example.com:8080/a/tv/one/";
  EXPECT_NE(before, text("mono.m3u8"));
  EXPECT_NE(text("index.m3u8").find("\n" + base + "tracks-v1a1/mono.m3u8\n"), std::string::npos)
      << text("index.m3u8");
  EXPECT_NE(text("mono.m3u8").find("\n" + base + "2026/11/20/13/05/37-05000.ts\n"), std::string::npos);
  EXPECT_NE(text("tracks-a1/mono.m3u8").find("\n" + base + "tracks-a1/2026/11/20/13/05/37-05000.ts\n"),
            std::string::npos);
  const std::string ll = text("tracks-v1/mono.ll.m3u8");
  EXPECT_NE(ll.find("#EXT-X-MAP:URI=\"" + base + "tracks-v1/init-"), std::string::npos) << ll;
  EXPECT_NE(ll.find("URI=\"" + base + "tracks-v1/part-"), std::string::npos) << ll;
  EXPECT_NE(ll.find("#EXT-X-RENDITION-REPORT:URI=\"" + base + "tracks-a1/mono.ll.m3u8"), std::string::npos)
      << ll;
  const std::string manifest = text("index.mpd");
  EXPECT_NE(manifest.find("initialization=\"" + base + "tracks-v1/init-"), std::string::npos) << manifest;
  EXPECT_NE(manifest.find("media=\"" + base + "tracks-v1/dash-$Time$.m4s"), std::string::npos) << manifest;
  EXPECT_EQ(text("tracks-v1/index.mpd").find("\"../"), std::string::npos);
}

TEST_F(DeliveryTest, APrefixIsNoPlaceForLines) {
  stream.segments(4);
  DeliveryOptions options;
  options.url_prefix = "http://x/\"\n#EXT-X-ENDLIST\n$";
  delivery.configure(options);
  EXPECT_EQ(text("mono.m3u8").find("#EXT-X-ENDLIST"), std::string::npos);
  EXPECT_NE(text("mono.m3u8").find("\nhttp://x/%22%0A%23EXT-X-ENDLIST%0A$/tv/one/"), std::string::npos)
      << text("mono.m3u8");
  EXPECT_NE(text("index.mpd").find("%0A$$/tv/one/tracks-v1/dash-$Time$.m4s"), std::string::npos)
      << text("index.mpd");
}

TEST_F(DeliveryTest, SoundAloneIsOfferedWhereItIsAskedFor) {
  stream.segments(4);
  DeliveryOptions options;
  options.audio_only = true;
  delivery.configure(options);
  EXPECT_NE(text("index.m3u8").find("\ntracks-v1a1/mono.m3u8\n"), std::string::npos);
  EXPECT_NE(text("index.m3u8").find("\ntracks-a1/mono.m3u8\n"), std::string::npos);
  EXPECT_EQ(text("video.m3u8").find("tracks-a1/"), std::string::npos);
}

}  // namespace
}  // namespace m4f
