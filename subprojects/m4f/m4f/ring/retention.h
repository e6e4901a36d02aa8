// How long a live segment must stay available.
#pragma once

#include <cstddef>
#include <vector>

#include "m4f/segment/segment.h"

namespace m4f {

// How many of `segments` (oldest first, the last may be open) a ring that lists `segment_count` sealed ones
// keeps.
size_t retained_segments(const std::vector<SegmentPtr>& segments, size_t segment_count);

}  // namespace m4f
