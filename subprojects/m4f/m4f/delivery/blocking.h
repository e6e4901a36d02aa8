// Blocking playlist reload (rfc8216bis 6.2.5.2) and requests for parts: answer now, later or never.
#pragma once

#include "m4f/delivery/query.h"
#include "m4f/playlist/playlist.h"

namespace m4f {

enum class Readiness { kReady, kWait, kTooFar };

// Where a rendition's live edge is.
struct LiveEdge {
  uint64_t last_sealed = 0;  // number of the newest complete segment
  size_t last_parts = 0;     // its parts
  bool any = false;          // whether there is a segment at all, complete or not
  size_t open_parts = 0;     // complete parts of segment last_sealed + 1
  Ticks part_target;
};
LiveEdge live_edge(const RingView& view, const ListedWindow& window, const TrackSelection& selection);

// Whether the playlist that `query` asks for exists. REQUIRES: edge.any.
Readiness playlist_readiness(const LiveEdge& edge, const Query& query);
// Whether a part exists. Only the next one, which preload hints name, is worth waiting for.
Readiness part_readiness(const LiveEdge& edge, uint64_t number, uint64_t part);

}  // namespace m4f
