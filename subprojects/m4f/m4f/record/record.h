// M4F records: reading them from anywhere (docs/m4f.md is the specification).
#pragma once

#include <optional>
#include <variant>

#include "m4f/segment/segment.h"

namespace m4f {

// What an M4F stream is made of, in order.
struct SegmentOpened {
  SegmentPtr segment;
};  // header known, no frames yet
struct FramesAdded {
  SegmentPtr segment;
  size_t end;
};  // frames [.., end) are readable
struct SegmentSealed {
  SegmentPtr segment;
};
using RecordEvent = std::variant<SegmentOpened, FramesAdded, SegmentSealed>;

// Turns bytes that arrive in pieces of any size into segments. Copies each frame once, into its segment.
// Any input is survived: a bad record makes feed() fail and the reader skip to the next segment; hostile
// lengths are refused before anything is allocated; unknown record types are skipped.
//
// A segment that is damaged (its checksum above all) is never sealed: no further event names it, and its
// number is missing from what follows. Drop it; the ring does when the next one opens.
class RecordReader {
 public:
  RecordReader();
  ~RecordReader();

  // Reads all of `bytes` and appends one event per record to `out`. Fails with the first thing that was
  // wrong; events of what came before and of what could be read after it are there all the same.
  Result<void> feed(ByteView bytes, std::vector<RecordEvent>& out);
  // The source ended: an open segment that has frames is sealed where it stands (its checksum was not seen),
  // one without is dropped. The reader is as new after it.
  void finish(std::vector<RecordEvent>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace m4f
