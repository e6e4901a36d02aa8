// The figures of an ingest pipeline, gathered from its elements' statistics.
#pragma once

#include <gst/gst.h>

#include "orchestrator/stream/directory.h"
#include "orchestrator/stream/input_choice.h"

namespace sluice::stream {

struct IngestFigures {
  uint64_t frames = 0, bytes = 0;  // what came in; bytes as on the wire where the source tells, else payload
  InputErrors errors;
};

// Any thread; the elements' statistics are atomic reads or under their own locks.
IngestFigures gather_figures(GstBin* pipeline);
// When an m4fmux's newest frames came.
SeenFrames seen_frames(GstElement* mux);

}  // namespace sluice::stream
