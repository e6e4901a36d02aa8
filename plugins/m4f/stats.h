// What elements tell about themselves: the `stats` properties and the messages on the bus (docs/elements.md).
#pragma once

#include <chrono>

#include "gstx/ptr.h"
#include "m4f/segment/segmenter.h"
#include "m4f/ts/demuxer.h"

namespace sluice {

struct MuxStats {
  m4f::SegmenterStats segmenter;
  uint64_t segments = 0;
  uint64_t unusable = 0;  // buffers that were no frames
  m4f::Ticks last_dts;    // UTC; 0 = none yet
  // What came in, also while on hold: frames of a kind, and when the newest came (monotonic clock; 0 = none).
  struct Kind {
    uint64_t frames = 0;
    std::chrono::nanoseconds last{0};
  };
  Kind video, audio;
};

gstx::Ptr<GstStructure> stats_structure(const MuxStats& stats);
gstx::Ptr<GstStructure> stats_structure(const m4f::ts::DemuxerStats& stats);
// "m4f-tracks": the tracks of a segment, whenever they are others than before.
gstx::Ptr<GstStructure> tracks_structure(const m4f::SegmentHeader& header);
// "m4f-unsupported": a stream of the source that is left out.
gstx::Ptr<GstStructure> unsupported_structure(uint16_t pid, uint8_t stream_type, std::string_view what);

}  // namespace sluice
