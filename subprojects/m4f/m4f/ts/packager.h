// M4F to MPEG-TS (ISO/IEC 13818-1). A pure function of (segment, options).
//
// Layout rules that make the continuity counters of any selection of tracks predictable from the segment's header:
// PAT and PMT are written together at fixed points that depend on all frames of the segment, selected or not; a
// track's packet count depends on its frames and on whether it carries the PCR, on nothing else.
#pragma once

#include <string>

#include "m4f/segment/segment.h"

namespace m4f::ts {

struct Options {
  TrackSelection tracks;           // empty = all that MPEG-TS can hold
  uint16_t pmt_pid = 0x1000;
  uint16_t first_pid = 0x100;      // v1 = 0x100, then by order in the track table
  uint16_t program = 1, transport_stream_id = 1;
  std::string provider, title;     // SDT, where set
};

// Whether MPEG-TS can carry the codec here.
bool carries(Codec codec);

// The whole segment. REQUIRES: segment.sealed().
Bytes package(const Segment& segment, const Options& options);

// The same bytes piece by piece while the segment grows: the concatenation of what append() gave is package().
class SegmentPackager {
 public:
  SegmentPackager(SegmentPtr segment, Options options);
  // Packages the frames that became readable since the last call, up to frame `end`; appends to `out`.
  void append(size_t end, Bytes& out);
  size_t position() const;  // frames consumed

 private:
  SegmentPtr segment_;
  Options options_;
  struct State;
  std::shared_ptr<State> state_;
};

// What the segmenter needs: counters at the start of the segment after one that held these frames. Feed every frame
// of the segment in order with its canonical payload size.
class CounterTracker {
 public:
  CounterTracker(const SegmentHeader& header);
  void add(const SegmentHeader& header, const Frame& frame, size_t payload_size);
  TsCounters next(const std::vector<Track>& next_tracks) const;  // tracks matched by id; new ones start at 0

 private:
  TsCounters at_;
  Ticks last_psi_;
  bool any_ = false;
  std::vector<TrackId> ids_;
};

}  // namespace m4f::ts
