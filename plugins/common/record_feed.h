// Turns the buffers of an application/x-m4f pad into record events, whether they carry a segment or only
// bytes.
#pragma once

#include <optional>
#include <vector>

#include "gstx/ptr.h"
#include "m4f/record/record.h"

namespace sluice {

// Single thread. What comes out is always in order: opened, frames, sealed, also where a leaky queue dropped
// buffers.
class RecordFeed {
 public:
  // Appends what the buffer says to `out`. An error concerns the bytes of this buffer only: go on.
  m4f::Result<void> take(GstBuffer* buffer, std::vector<m4f::RecordEvent>& out);
  // The source ended: a segment read from bytes is sealed where it stands.
  void finish(std::vector<m4f::RecordEvent>& out);
  // What follows is another stream.
  void reset();

 private:
  void take_event(const m4f::RecordEvent& event, std::vector<m4f::RecordEvent>& out);
  void open(const m4f::SegmentPtr& segment, std::vector<m4f::RecordEvent>& out);

  std::optional<m4f::RecordReader> reader_;  // once bytes without a segment came
  m4f::SegmentPtr current_;                  // announced and not sealed yet
};

}  // namespace sluice
