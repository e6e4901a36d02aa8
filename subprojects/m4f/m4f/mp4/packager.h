// M4F to fragmented MP4 / CMAF (ISO/IEC 14496-12, 23000-19). Pure functions of (segment, tracks).
#pragma once

#include <span>

#include "m4f/segment/segment.h"

namespace m4f::mp4 {

// Whether fMP4 can carry the codec here.
bool carries(Codec codec);

// ftyp + moov for the selected tracks (indices into `tracks`), MP4 track_ID = position in the selection + 1.
// Timescale: 90000 for every track, so that tfdt is the UTC time in ticks. Nothing that may change while the
// stream goes on (bitrates, titles) is in it. REQUIRES: carries() every selected codec.
Bytes init_segment(const std::vector<Track>& tracks, std::span<const size_t> selection);
// Names the init segment: equal inputs, equal value on every machine (XXH3-64 of init_segment()).
uint64_t init_hash(const std::vector<Track>& tracks, std::span<const size_t> selection);

// Parts of a selection follow its lead track (first video, else first): a part ends with a lead frame that
// has part_end, and with the segment. Streams without parts have one part per segment. Frames of other tracks
// that come after the last part_end of a segment make a last part without lead frames: what was published
// never changes.
struct Part {
  size_t first = 0, end = 0;  // frames [first, end) of the segment, all tracks
  // Of the lead track, from part to part; the last one reaches to the end of the segment (the stream's own
  // lead track) or of the track's last frame (any other), so that the sum is the duration of the rendition's
  // segment.
  Ticks start, duration;
  bool independent = false;  // contains a sync frame of the lead track
};
// The complete parts of the segment so far; of a sealed segment, all. A segment without a frame of the
// selection has none.
std::vector<Part> parts(const Segment& segment, std::span<const size_t> selection);

// moof + mdat of one part; empty if there is no such part (yet). Deterministic; mfhd sequence_number comes
// from segment number and part index.
Bytes part(const Segment& segment, std::span<const size_t> selection, size_t part_index);
// styp-less concatenation of all parts. REQUIRES: segment.sealed().
Bytes package(const Segment& segment, std::span<const size_t> selection);

// Where one track's samples stand in a segment: tfdt of the first one, and from there to the end of the last
// one.
struct TrackSpan {
  Ticks start, duration;
  size_t frames = 0, bytes = 0;
};
TrackSpan track_span(const Segment& segment, size_t track);

}  // namespace m4f::mp4
