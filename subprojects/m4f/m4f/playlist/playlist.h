// Manifests of the live window: HLS, LL-HLS (draft-pantos-hls-rfc8216bis), DASH. Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "m4f/ring/live_ring.h"

namespace m4f {

enum class Container { kTs, kFmp4 };

// Another rendition of the presentation, for EXT-X-RENDITION-REPORT.
struct RenditionReport {
  std::string uri;  // relative to the playlist that carries the report
  TrackSelection tracks;
};

struct MediaPlaylistOptions {
  Container container = Container::kTs;
  TrackSelection tracks;         // what the segments of this playlist hold; empty = default_selection()
  Ticks segment_duration;        // configured: TARGETDURATION never changes while the stream lives
  unsigned target_duration = 0;  // seconds; whoever keeps the stream decides it once. 0 = target_duration()
  Ticks part_hold_back;          // decided once likewise. 0 = part_hold_back()
  uint64_t first_number = 0;     // nothing below is listed: what was removed never comes back
  bool low_latency = false;      // parts, SERVER-CONTROL, preload hint, rendition reports (fMP4 only)
  bool skip = false;             // _HLS_skip=YES: a delta update (rfc8216bis 6.2.5.1)
  std::string query;             // carried on to segment addresses ("token=..."), without the _HLS_* keys
  std::string segment_prefix;    // path from this playlist to the segments; empty = beside it
  std::vector<RenditionReport> reports;  // the other renditions
};
std::string media_playlist(const RingView& view, const MediaPlaylistOptions& options);

// A target duration in seconds that the segments to come can be expected to keep: the configured duration or
// the longest segment seen, with head room.
unsigned target_duration(const RingView& view, Ticks segment_duration);
// Three times the largest part target of all tracks (rfc8216bis 4.4.3.8); 0 = the stream has no parts.
Ticks part_hold_back(const RingView& view);

// What media_playlist() lists: segments [first, end) of the view, the open one (if it is the newest) not
// counted. At least the ring's listed ones, and more until three target durations are listed
// (rfc8216bis 6.2.2). Segments that never arrived are listed as gaps where missing_between() allows it; else
// the list starts after the hole.
struct ListedWindow {
  size_t first = 0, end = 0;
  SegmentPtr open;  // follows the listed ones; null = none
};
// How many segments never arrived between two neighbours of a view; nothing if they cannot stand in a
// playlist as gaps: too many, too long, or with discontinuities among them. REQUIRES: before.sealed().
std::optional<uint64_t> missing_between(const Segment& before, const Segment& after,
                                        unsigned target_duration);
ListedWindow listed_window(const RingView& view, unsigned target_duration, uint64_t first_number = 0);

struct MasterPlaylistOptions {
  Container container = Container::kTs;
  TrackSelection tracks;  // empty = all
  bool low_latency = false;
  bool separate_audio = false;  // TS: audio as renditions of its own even with a single language
  bool all_audio = false;       // video.m3u8: every variant carries all audio
  bool audio_only =
      false;           // one variant more, with the first sound track alone, where there are pictures, too
  std::string prefix;  // from this playlist to the stream: "", "../", or an address
  std::string query;
};
// Empty if the container can hold none of the tracks.
std::string master_playlist(const RingView& view, const MasterPlaylistOptions& options);
// The media playlists that the master playlist of these options names, in its order.
std::vector<RenditionReport> master_children(const RingView& view, const MasterPlaylistOptions& options);

struct MpdOptions {
  TrackSelection tracks;   // empty = all that fMP4 can carry
  Ticks segment_duration;  // configured: gives the pace of updates and the delay behind the live edge
  std::string query;       // carried on to the addresses of segments and init segments
  std::string prefix;      // from the manifest to the stream: "", "../", or an address
};
// A dynamic MPD (ISO/IEC 23009-1, isoff-live) of the sealed segments that playlists show; `now` goes into
// UTCTiming only. Empty while there is none. Every address is below "tracks-<id>/": init_name(), and
// "dash-<time>.m4s", whose time is the tfdt of the track's first sample.
std::string mpd(const RingView& view, const MpdOptions& options, std::chrono::system_clock::time_point now);
// The sealed segment in which the track's first sample has exactly this tfdt, or null.
SegmentPtr find_dash_segment(const RingView& view, TrackId track, uint64_t time);

// "2026/11/20/13/05/37-05000": UTC start and duration in ms; the whole address of a sealed segment but its
// ending.
std::string segment_name(const Segment& segment);
std::string segment_name(Ticks start, Ticks duration);
// The sealed segment of that name in the view, or null. `name` as in segment_name().
SegmentPtr find_segment(const RingView& view, std::string_view name);
// The address of one LL-HLS part: "part-<segment number>-<part index>.m4s".
std::string part_name(uint64_t segment_number, size_t part_index);
// The address of an init segment: "init-<16 hex digits>.mp4".
std::string init_name(uint64_t init_hash);

// Which tracks of a segment a rendition holds: indices into `tracks`, rising; tracks that the container
// cannot carry are left out. An empty selection means the first video track with all audio (TS) or with the
// first audio (fMP4).
std::vector<size_t> pick_tracks(const std::vector<Track>& tracks, const TrackSelection& selection,
                                Container container);
bool carries(Container container, Codec codec);
// The picked track that gives a rendition its timing: the first video track, else the first. REQUIRES:
// !picked.empty().
size_t lead_of(const std::vector<Track>& tracks, const std::vector<size_t>& picked);
// How long a rendition with that lead lasts in the segment.
Ticks rendition_duration(const Segment& segment, size_t lead);

}  // namespace m4f
