// M4F records: reading them from anywhere (docs/m4f.md is the specification).
#pragma once

#include <optional>
#include <variant>

#include "m4f/segment/segment.h"

namespace m4f {

// What an M4F stream is made of, in order.
struct SegmentOpened { SegmentPtr segment; };             // header known, no frames yet
struct FramesAdded { SegmentPtr segment; size_t end; };   // frames [.., end) are readable
struct SegmentSealed { SegmentPtr segment; };
using RecordEvent = std::variant<SegmentOpened, FramesAdded, SegmentSealed>;

// Turns bytes that arrive in pieces of any size into segments. Copies each frame once, into its segment.
// Any input is survived: a bad record makes feed() fail and the reader skip to the next segment; hostile lengths are
// refused before anything is allocated; unknown record types are skipped.
class RecordReader {
 public:
  RecordReader();
  ~RecordReader();

  // Appends one event per record read to `out`. After an error, call again with the bytes that follow: the reader
  // resynchronises at the next segment begin.
  Result<void> feed(ByteView bytes, std::vector<RecordEvent>& out);
  // The source ended: an open segment is sealed where it stands.
  void finish(std::vector<RecordEvent>& out);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace m4f
