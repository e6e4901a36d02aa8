#include "m4f/delivery/route.h"

#include <gtest/gtest.h>

#include "m4f/delivery/delivery.h"

namespace m4f {
namespace {

using Kind = Route::Kind;

TEST(Route, KnowsEveryResource) {
  struct Case {
    const char* tail;
    Kind kind;
    const char* tracks = "";
    Container container = Container::kTs;
    bool low_latency = false;
  };
  const Case cases[] = {
      {"index.m3u8", Kind::kMaster},
      {"playlist.m3u8", Kind::kMaster},
      {"video.m3u8", Kind::kMaster},
      {"index.ts.m3u8", Kind::kMaster},
      {"index.fmp4.m3u8", Kind::kMaster, "", Container::kFmp4},
      {"index.ll.m3u8", Kind::kMaster, "", Container::kFmp4, true},
      {"mono.m3u8", Kind::kMedia},
      {"tracks-v1a1/mono.ts.m3u8", Kind::kMedia, "v1a1"},
      {"tracks-a2/mono.ll.m3u8", Kind::kMedia, "a2", Container::kFmp4, true},
      {"tracks-v1/index.m3u8", Kind::kMaster, "v1"},
      {"index.mpd", Kind::kMpd, "", Container::kFmp4},
      {"Manifest.mpd", Kind::kMpd, "", Container::kFmp4},
      {"mpegts", Kind::kMpegts},
      {"2026/11/20/13/05/37-05000.ts", Kind::kSegment},
      {"tracks-v1/2026/11/20/13/05/37-15000.m4s", Kind::kSegment, "v1", Container::kFmp4},
      {"live-1795179937000.ts", Kind::kSegmentByDts},
      {"init-0123456789abcdef.mp4", Kind::kInit, "", Container::kFmp4},
      {"tracks-a1/part-359035987-0.m4s", Kind::kPart, "a1", Container::kFmp4},
      {"tracks-v1/dash-161566194330000.m4s", Kind::kDashSegment, "v1", Container::kFmp4},
      {"media_info.json", Kind::kMediaInfo},
      {"info.json", Kind::kInfo},
      {"index.json", Kind::kIndexJson},
      {"embed.html", Kind::kEmbed},
  };
  for (const Case& c : cases) {
    const Route route = parse_route(c.tail);
    EXPECT_EQ(route.kind, c.kind) << c.tail;
    EXPECT_EQ(route.tracks.text(), c.tracks) << c.tail;
    EXPECT_EQ(route.container, c.container) << c.tail;
    EXPECT_EQ(route.low_latency, c.low_latency) << c.tail;
  }
  EXPECT_TRUE(parse_route("video.m3u8").all_audio);
  EXPECT_EQ(parse_route("part-12-3.m4s").number, 12u);
  EXPECT_EQ(parse_route("part-12-3.m4s").part, 3u);
  EXPECT_EQ(parse_route("init-00000000000000ff.mp4").number, 255u);
}

TEST(Route, RefusesEverythingElse) {
  for (const char* tail : {"",
                           "index",
                           "index.m3u",
                           ".m3u8",
                           "mono.xx.m3u8",
                           "mono.ll.ts.m3u8",
                           "Index.m3u8",
                           "tracks-/mono.m3u8",
                           "tracks-x1/mono.m3u8",
                           "tracks-v1/",
                           "tracks-v1/tracks-v1/mono.m3u8",
                           "manifest.f4m",
                           "2026/11/20/13/05/37-5000.ts",
                           "2026/11/20/13/05/37-05000.mp4",
                           "2026/11/20/13/05/37-05000.ts/",
                           "2026/1/20/13/05/37-05000.ts",
                           "part--1-0.m4s",
                           "part-01-0.m4s",
                           "part-1-0.ts",
                           "part-18446744073709551616-0.m4s",
                           "part-1-.m4s",
                           "init-0123456789ABCDEF.mp4",
                           "init-0.mp4",
                           "dash-.m4s",
                           "../index.m3u8"})
    EXPECT_EQ(parse_route(tail).kind, Kind::kNone) << tail;
}

TEST(Route, PathIsSplitFromTheRight) {
  struct Case {
    const char *path, *name, *tail;
  };
  const Case cases[] = {
      {"a/index.m3u8", "a", "index.m3u8"},
      {"a/b/c/index.m3u8", "a/b/c", "index.m3u8"},
      {"a/tracks-v1/mono.m3u8", "a", "tracks-v1/mono.m3u8"},
      {"tracks-v1/mono.m3u8", "tracks-v1", "mono.m3u8"},
      {"a/2026/11/20/13/05/37-05000.ts", "a", "2026/11/20/13/05/37-05000.ts"},
      {"a/b/tracks-v1a1/2026/11/20/13/05/37-05000.ts", "a/b", "tracks-v1a1/2026/11/20/13/05/37-05000.ts"},
      {"mpegts/mpegts", "mpegts", "mpegts"},
      {"a/embed.html", "a", "embed.html"},
  };
  for (const Case& c : cases) {
    std::string_view name, tail;
    ASSERT_TRUE(Delivery::split(c.path, name, tail)) << c.path;
    EXPECT_EQ(name, c.name);
    EXPECT_EQ(tail, c.tail);
  }
  std::string_view name, tail;
  for (const char* path : {"", "/", "index.m3u8", "/index.m3u8", "a/", "a/b", "a/index.m3u8/"})
    EXPECT_FALSE(Delivery::split(path, name, tail)) << path;
}

TEST(Route, AViewerBeginsWithAPlaylistAManifestOrAnEndlessStream) {
  for (const char* tail : {"index.m3u8", "index.ll.m3u8", "tracks-v1a1/mono.m3u8", "index.mpd", "mpegts"})
    EXPECT_TRUE(Delivery::is_entrance(tail)) << tail;
  for (const char* tail :
       {"embed.html", "info.json", "part-1-2.m4s", "2026/11/20/13/05/37-05000.ts", "", "x"})
    EXPECT_FALSE(Delivery::is_entrance(tail)) << tail;
}

}  // namespace
}  // namespace m4f
