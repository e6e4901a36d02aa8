#include "common/record_feed.h"

#include "common/event_meta.h"

namespace sluice {

using m4f::FramesAdded;
using m4f::RecordEvent;
using m4f::Result;
using m4f::SegmentOpened;
using m4f::SegmentPtr;
using m4f::SegmentSealed;

Result<void> RecordFeed::take(GstBuffer* buffer, std::vector<RecordEvent>& out) {
  if (const RecordEvent* event = event_of(buffer)) {
    take_event(*event, out);
    return {};
  }
  gstx::ReadMap map(buffer);
  if (!map.ok()) return m4f::error(m4f::Errc::kIo, "the buffer cannot be read");
  if (!reader_) reader_.emplace();
  return reader_->feed({map.data(), map.size()}, out);
}

void RecordFeed::finish(std::vector<RecordEvent>& out) {
  if (reader_) reader_->finish(out);
  reader_.reset();
  // Whoever wrote the segment sealed it, or will not go on with it.
  if (current_ && current_->sealed()) out.push_back(SegmentSealed{current_});
  current_.reset();
}

void RecordFeed::reset() {
  reader_.reset();
  current_.reset();
}

void RecordFeed::open(const SegmentPtr& segment, std::vector<RecordEvent>& out) {
  if (current_ == segment) return;
  if (current_ && current_->sealed()) out.push_back(SegmentSealed{current_});
  current_ = segment;
  out.push_back(SegmentOpened{segment});
}

void RecordFeed::take_event(const RecordEvent& event, std::vector<RecordEvent>& out) {
  if (auto* opened = std::get_if<SegmentOpened>(&event)) {
    open(opened->segment, out);
  } else if (auto* frames = std::get_if<FramesAdded>(&event)) {
    open(frames->segment, out);
    out.push_back(event);
  } else {
    open(std::get<SegmentSealed>(event).segment, out);
    out.push_back(event);
    current_.reset();
  }
}

}  // namespace sluice
