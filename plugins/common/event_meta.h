// application/x-m4f buffers: a buffer's bytes are whole M4F records, and a buffer made in this process also
// says which segment they belong to, so that a sink takes a reference instead of a copy.
#pragma once

#include "gstx/ptr.h"
#include "m4f/record/record.h"

namespace sluice {

inline constexpr const char* kM4fCaps = "application/x-m4f";

// The buffer for one event. Its memory is the segment's own (read only) and keeps the segment alive.
//   SegmentOpened           the begin record; a sync point (no DELTA_UNIT) if the segment starts with a key
//   frame FramesAdded{s, end}     the record of frame end - 1 SegmentSealed           the end record
gstx::Ptr<GstBuffer> buffer_of(const m4f::RecordEvent& event);

// Memory that is a part of the segment's own and keeps the segment alive.
GstMemory* wrap(m4f::ByteView bytes, const m4f::SegmentPtr& owner);

// The event that a buffer carries; null if its bytes came from elsewhere.
const m4f::RecordEvent* event_of(GstBuffer* buffer);

}  // namespace sluice
