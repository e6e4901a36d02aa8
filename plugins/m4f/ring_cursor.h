// A client's place in a ring: which record comes next, and how much of it was sent.
#pragma once

#include <sys/uio.h>

#include <span>

#include "m4f/ring/live_ring.h"

namespace sluice {

// The segment that a reader of `view` turns to after `last`: the next one; the newest that begins with a key
// frame at first (null) and where those in between are gone. Null: there is none yet.
m4f::SegmentPtr next_segment(const m4f::RingView& view, const m4f::SegmentPtr& last);

class RingCursor {
 public:
  // Fills `out` with what can be sent now, in order, and returns how many entries were used; 0 = nothing yet.
  // Only whole records but for the first, which begins where the last one was cut off. The bytes live until
  // the next call. Moves to the newest segment that begins with a key frame at first and after falling off
  // the ring's tail.
  size_t gather(const m4f::RingView& view, std::span<iovec> out);
  // So many bytes of what was gathered are sent.
  void advance(size_t bytes);
  // Everything was sent that `view` has.
  bool at_end(const m4f::RingView& view) const;

 private:
  // Records of segment_: 0 = begin, 1 .. frames, then the end record if it is sealed.
  size_t available() const;
  m4f::ByteView record(size_t i) const;
  bool fell_off(const m4f::RingView& view) const;

  m4f::SegmentPtr segment_;
  size_t at_ = 0;      // record
  size_t offset_ = 0;  // byte of it
};

}  // namespace sluice
