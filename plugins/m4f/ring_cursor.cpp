#include "m4f/ring_cursor.h"

namespace sluice {

using m4f::ByteView;
using m4f::RingView;
using m4f::SegmentPtr;

namespace {

SegmentPtr newest_key_start(const RingView& view) {
  for (auto at = view.segments.rbegin(); at != view.segments.rend(); ++at) {
    if ((*at)->header().key_start) return *at;
  }
  return nullptr;
}

bool gone(const RingView& view, const SegmentPtr& segment) {
  return !view.segments.empty() && segment->header().number < view.segments.front()->header().number;
}

}  // namespace

SegmentPtr next_segment(const RingView& view, const SegmentPtr& last) {
  if (!last) return newest_key_start(view);
  const uint64_t number = last->header().number;
  for (const SegmentPtr& candidate : view.segments) {
    if (candidate->header().number == number + 1) return candidate;
  }
  // The one after it is gone already, or the source left numbers out.
  for (const SegmentPtr& candidate : view.segments) {
    if (candidate->header().number > number) return gone(view, last) ? newest_key_start(view) : candidate;
  }
  return nullptr;
}

size_t RingCursor::available() const {
  // In this order: a segment that is sealed after the question gets no further frames.
  const bool sealed = segment_->sealed();
  return 1 + segment_->frame_count() + (sealed ? 1 : 0);
}

ByteView RingCursor::record(size_t i) const {
  if (i == 0) return segment_->begin_record();
  return i <= segment_->frame_count() ? segment_->frame_record(i - 1) : segment_->end_record();
}

bool RingCursor::fell_off(const RingView& view) const {
  return gone(view, segment_);
}

size_t RingCursor::gather(const RingView& view, std::span<iovec> out) {
  // A record that was begun is finished first, so that the reader stays in step.
  const bool whole = offset_ == 0;
  if (!segment_ || (whole && (fell_off(view) || at_ == available()))) {
    SegmentPtr to = segment_ && fell_off(view) ? newest_key_start(view) : next_segment(view, segment_);
    if (!to || (segment_ && to->header().number <= segment_->header().number)) return 0;
    segment_ = std::move(to);
    at_ = 0;
  }
  const size_t end = fell_off(view) ? at_ + 1 : available();
  size_t used = 0;
  for (size_t i = at_; i < end && used < out.size(); ++i) {
    ByteView bytes = record(i);
    if (i == at_) bytes = bytes.subspan(offset_);
    out[used++] = iovec{const_cast<uint8_t*>(bytes.data()), bytes.size()};
  }
  return used;
}

void RingCursor::advance(size_t bytes) {
  while (bytes > 0) {
    const size_t left = record(at_).size() - offset_;
    if (bytes < left) {
      offset_ += bytes;
      return;
    }
    bytes -= left;
    offset_ = 0;
    ++at_;
  }
}

bool RingCursor::at_end(const RingView& view) const {
  return !segment_ || (offset_ == 0 && at_ == available() && !next_segment(view, segment_));
}

}  // namespace sluice
