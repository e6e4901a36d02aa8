// Manifests of the live window: HLS, LL-HLS (draft-pantos-hls-rfc8216bis), DASH. Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>

#include "m4f/ring/live_ring.h"

namespace m4f {

enum class Container { kTs, kFmp4 };

struct MediaPlaylistOptions {
  Container container = Container::kTs;
  TrackSelection tracks;            // what the segments of this playlist hold
  Ticks segment_duration;           // configured: TARGETDURATION never changes while the stream lives
  bool low_latency = false;         // parts, SERVER-CONTROL, preload hint, rendition reports (fMP4 only)
  bool skip = false;                // _HLS_skip=YES: a delta update (rfc8216bis 6.2.5.1)
  std::string query;                // carried on to segment addresses ("token=..."), without the _HLS_* keys
  std::string segment_prefix;       // path from this playlist to the segments; empty = beside it
  std::vector<std::string> reports; // URIs of the other renditions, for EXT-X-RENDITION-REPORT (relative)
};
std::string media_playlist(const RingView& view, const MediaPlaylistOptions& options);

struct MasterPlaylistOptions {
  Container container = Container::kTs;
  TrackSelection tracks;            // empty = all
  bool low_latency = false;
  bool separate_audio = false;      // TS: audio as renditions of its own even with a single language
  bool all_audio = false;           // video.m3u8: every variant carries all audio
  std::string query;
};
std::string master_playlist(const RingView& view, const MasterPlaylistOptions& options);

struct MpdOptions {
  TrackSelection tracks;
  Ticks segment_duration;
  std::string query;
};
std::string mpd(const RingView& view, const MpdOptions& options, std::chrono::system_clock::time_point now);

// "2026/11/20/13/05/37-05000": UTC start and duration in ms; the whole address of a sealed segment but its ending.
std::string segment_name(const Segment& segment);
// The sealed segment of that name in the view, or null. `name` as in segment_name().
SegmentPtr find_segment(const RingView& view, std::string_view name);
// The address of one LL-HLS part: "part-<segment number>-<part index>.m4s".
std::string part_name(uint64_t segment_number, size_t part_index);

}  // namespace m4f
