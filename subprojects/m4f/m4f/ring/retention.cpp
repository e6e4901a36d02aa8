#include "m4f/ring/retention.h"

#include <algorithm>

namespace m4f {
namespace {

// Whatever the durations say: segments of no duration would stay for ever.
constexpr size_t kMaxUnlisted = 1024;

}  // namespace

size_t retained_segments(const std::vector<SegmentPtr>& segments, size_t segment_count) {
  // A playlist lists segment_count segments, and more until they last three target durations (rfc8216bis
  // 6.2.2); a target duration is the configured one with head room for a GOP, or that of the longest segment.
  Ticks longest, target;
  for (const SegmentPtr& s : segments) {
    longest = std::max(longest, s->duration());
    target = std::max(target, s->header().target);
  }
  const Ticks rounding = Ticks::from_seconds(1);
  const Ticks listed = (std::max(target * 3 / 2, longest) + rounding) * 3;

  // Newest first: `playlist` is what a playlist may last while it still holds the segment; from then on the
  // segment stays for its own duration plus that (RFC 8216 6.2.2). One more is for a burst of segments.
  size_t kept = 0, sealed = 0;
  Ticks newer, playlist;
  for (; kept < std::min(segments.size(), segment_count + kMaxUnlisted); ++kept) {
    const Segment& s = *segments[segments.size() - 1 - kept];
    if (!s.sealed()) continue;
    if (sealed < segment_count || newer < listed) {
      playlist = newer + s.duration();
    } else if (newer > playlist * 2 + s.duration() + longest) {
      break;
    }
    newer += s.duration();
    ++sealed;
  }
  return kept;
}

}  // namespace m4f
