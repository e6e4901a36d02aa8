// A segment: the unit that is cut once, kept once and shared by everyone. Its memory *is* its M4F records.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "m4f/base/bytes.h"
#include "m4f/base/ticks.h"
#include "m4f/media/track.h"

namespace m4f {

// MPEG-TS continuity counters at the first packet of a segment (ISO 13818-1 2.4.3.3), so that segments that
// were packaged apart join without a break. See ts/packager.h for the layout that makes them predictable.
struct TsCounters {
  struct PerTrack {
    uint8_t plain = 0;     // as an elementary stream that carries no PCR
    uint8_t with_pcr = 0;  // as the one that carries it
    bool operator==(const PerTrack&) const = default;
  };
  uint8_t psi = 0;                    // PAT and PMT: always written together
  std::vector<PerTrack> tracks = {};  // in the order of SegmentHeader::tracks
  bool operator==(const TsCounters&) const = default;
};

struct SegmentHeader {
  uint64_t number = 0;  // media sequence number: rises by one, never reused
  Ticks start = {};     // UTC: smallest DTS of the segment's lead track (first video track, else first track)
  bool discontinuity = false;           // does not continue its predecessor
  bool gap = false;                     // something is missing between the predecessor and this one
  bool key_start = false;               // the lead track's first frame is a sync frame
  uint64_t discontinuity_sequence = 0;  // discontinuities since the stream's first segment, this one included
  // `start` minus that of the first segment after the last discontinuity (or of the stream's first): with it
  // a manifest can say where a run began that is older than the window. 0 = this one begins it.
  Ticks since_discontinuity = {};
  Ticks target = {};  // the stream's segment_duration
  std::vector<Track> tracks = {};
  TsCounters ts = {};
  bool operator==(const SegmentHeader&) const = default;
};

// A frame inside a segment. `data` points into the segment's memory and lives as long as the segment.
struct Frame {
  uint8_t track = 0;        // index into SegmentHeader::tracks
  bool key = false;         // sync frame: IDR/CRA/intra picture, any audio frame
  bool part_end = false;    // last frame of an LL-HLS part of its track
  bool gap_before = false;  // frames of this track were lost before it
  Ticks dts = {};           // UTC
  Ticks cts_offset = {};    // pts - dts; may be negative
  Ticks duration = {};  // nominal; the distance to the next frame of the track is authoritative where known
  ByteView data = {};

  Ticks pts() const { return dts + cts_offset; }
};

class SegmentStorage;  // record/: blocks of records

// One writer, any number of readers. A reader may look at a segment that still grows: frames [0,
// frame_count()) are complete and never change. All reads are wait-free.
class Segment {
 public:
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  const SegmentHeader& header() const;
  size_t frame_count() const;          // acquire: everything below it is readable
  const Frame& frame(size_t i) const;  // REQUIRES: i < frame_count()
  bool sealed() const;                 // no frame will follow; duration() is final
  // Once sealed: next segment's start - this start (last segment of a run: to the end of its last frame).
  // While it grows: end of the newest frame of the lead track - start.
  Ticks duration() const;

  size_t lead_track() const;  // index of the first video track, else 0
  // The records of the segment in order, for writing them out unchanged. Complete records only.
  std::vector<ByteView> records() const;
  // Record bytes of frame i (header and payload); begin and end records likewise.
  ByteView begin_record() const;
  ByteView frame_record(size_t i) const;
  ByteView end_record() const;  // REQUIRES: sealed()
  size_t memory() const;        // bytes held, blocks and index included

 private:
  friend class SegmentBuilder;
  explicit Segment(std::unique_ptr<SegmentStorage> storage);
  std::unique_ptr<SegmentStorage> storage_;
};

using SegmentPtr = std::shared_ptr<const Segment>;

// Writes one segment. Single thread. Used by the segmenter (frames) and by the reader of records (bytes).
class SegmentBuilder {
 public:
  // Writes the begin record.
  explicit SegmentBuilder(SegmentHeader header);
  ~SegmentBuilder();
  SegmentBuilder(SegmentBuilder&&) noexcept;
  SegmentBuilder& operator=(SegmentBuilder&&) noexcept;

  SegmentPtr segment() const;  // shared from the first moment on

  // Reserves a frame of `size` payload bytes; the caller fills the returned span, then commit_frame()
  // publishes it. `frame.data` is ignored. At most one reservation is open.
  Result<std::span<uint8_t>> reserve_frame(const Frame& frame, size_t size);
  void commit_frame();
  // Drops the open reservation.
  void cancel_frame();
  // For convenience: reserve, copy, commit.
  Result<void> add_frame(const Frame& frame, ByteView payload);

  // Writes the end record with duration and checksum, releases unused memory.
  void seal(Ticks duration);

 private:
  std::shared_ptr<Segment> segment_;
};

constexpr size_t kMaxFrameSize = 32u << 20;     // bytes
constexpr size_t kMaxSegmentSize = 512u << 20;  // bytes of records
constexpr size_t kMaxTracks = 32;

}  // namespace m4f
