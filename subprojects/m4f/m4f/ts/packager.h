// M4F to MPEG-TS (ISO/IEC 13818-1). A pure function of (segment, options).
//
// Layout rules that make the continuity counters of any selection of tracks predictable from the segment's
// header: PAT and PMT are written together at fixed points that depend on all frames of the segment, selected
// or not; a track's packet count depends on its frames and on whether it carries the PCR, on nothing else.
#pragma once

#include <string>

#include "m4f/segment/segment.h"
#include "m4f/ts/layout.h"

namespace m4f::ts {

struct TrackPid {
  TrackId track;
  uint16_t pid;
  bool operator==(const TrackPid&) const = default;
};

struct Options {
  TrackSelection tracks;  // empty = all that MPEG-TS can hold
  uint16_t pmt_pid = 0x1000, sdt_pid = 0x11;
  uint16_t first_pid =
      0x100;  // of the track table's first track; the others follow in its order, selected or not
  // Asked for; a track with number 0 is the base that its kind counts from ("t0" = 100: t1 is 101).
  std::vector<TrackPid> track_pids = {};
  // Where the clock is; 0 = with the first picture's track, else the first track's. A PID that no track has
  // gets packets of its own.
  uint16_t pcr_pid = 0;
  uint16_t program = 1, transport_stream_id = 1;
  std::string provider, title;  // SDT, where set
  bool operator==(const Options&) const = default;
};

// Equal for equal options only.
std::string text_of(const Options& options);

// Whether MPEG-TS can carry the codec here.
bool carries(Codec codec);

// The whole segment. Frames that MPEG-TS cannot express (AAC of an object type without ADTS, say) are left
// out. REQUIRES: segment.sealed().
Bytes package(const Segment& segment, const Options& options);

// The same bytes piece by piece while the segment grows: the concatenation of what append() gave is
// package().
class SegmentPackager {
 public:
  SegmentPackager(SegmentPtr segment, const Options& options);
  ~SegmentPackager();
  SegmentPackager(SegmentPackager&&) noexcept;
  SegmentPackager& operator=(SegmentPackager&&) noexcept;
  // Packages the frames that became readable since the last call, up to frame `end`; appends to `out`.
  void append(size_t end, Bytes& out);
  size_t position() const;  // frames consumed

 private:
  class Writer;
  friend Bytes package(const Segment& segment, const Options& options);
  SegmentPtr segment_;
  std::unique_ptr<Writer> writer_;
};

// What the segmenter needs: counters at the start of the segment after one that held these frames. One
// tracker per segment; feed it every frame in order with its canonical payload size.
class CounterTracker {
 public:
  explicit CounterTracker(const SegmentHeader& header);
  void add(const Frame& frame, size_t payload_size);             // frame.data is not looked at
  TsCounters next(const std::vector<Track>& next_tracks) const;  // tracks matched by id; new ones start at 0

 private:
  TsCounters at_;
  PsiSchedule schedule_;
  std::vector<TrackId> ids_;
  std::vector<TrackLayout> layouts_;
};

}  // namespace m4f::ts
