// What a URL tail below a stream's name asks for.
#pragma once

#include <cstdint>
#include <string_view>

#include "m4f/media/track.h"
#include "m4f/playlist/playlist.h"

namespace m4f {

struct Route {
  enum class Kind {
    kNone,
    kMaster,        // index.m3u8 playlist.m3u8 video.m3u8, each also .ts .fmp4 .ll
    kMedia,         // mono.m3u8, likewise
    kMpd,           // index.mpd Manifest.mpd
    kMpegts,        // mpegts
    kSegment,       // 2026/11/20/13/05/37-05000.ts .m4s
    kSegmentByDts,  // live-1653316321820.ts .m4s, as index.json names them
    kInit,          // init-0123456789abcdef.mp4
    kPart,          // part-12-3.m4s
    kDashSegment,   // dash-158742753600000.m4s
    kMediaInfo,     // media_info.json
    kInfo,          // info.json
    kIndexJson,     // index.json
    kEmbed,         // embed.html: a page that the HTTP front has
  };

  Kind kind = Kind::kNone;
  TrackSelection tracks;  // of a "tracks-v1a1/" prefix; empty = none
  Container container = Container::kTs;
  bool low_latency = false;
  bool all_audio = false;    // video.m3u8
  std::string_view segment;  // kSegment: the name without its ending
  uint64_t number = 0;  // kPart: segment; kInit: hash; kDashSegment: time in ticks; kSegmentByDts: UTC in ms
  uint64_t part = 0;
};

// REQUIRES: `tail` without leading slash, decoded. The route's views point into it.
Route parse_route(std::string_view tail);

}  // namespace m4f
