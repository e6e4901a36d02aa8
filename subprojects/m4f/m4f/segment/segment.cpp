#include "m4f/segment/segment.h"

#include <algorithm>
#include <cassert>

#include "m4f/record/format.h"
#include "m4f/record/segment_storage.h"

namespace m4f {

Segment::Segment(std::unique_ptr<SegmentStorage> storage) : storage_(std::move(storage)) {}
Segment::~Segment() = default;

const SegmentHeader& Segment::header() const {
  return storage_->header();
}
size_t Segment::frame_count() const {
  return storage_->frame_count();
}
const Frame& Segment::frame(size_t i) const {
  return storage_->frame(i);
}
bool Segment::sealed() const {
  return storage_->sealed();
}
Ticks Segment::duration() const {
  return storage_->duration();
}
size_t Segment::lead_track() const {
  return storage_->lead_track();
}
std::vector<ByteView> Segment::records() const {
  return storage_->records();
}
ByteView Segment::begin_record() const {
  return storage_->begin_record();
}
size_t Segment::memory() const {
  return storage_->memory();
}

ByteView Segment::frame_record(size_t i) const {
  const ByteView data = frame(i).data;
  return {data.data() - format::kFrameHead, format::padded(format::kFrameHead + data.size())};
}

ByteView Segment::end_record() const {
  assert(sealed());
  return storage_->end_record();
}

SegmentBuilder::SegmentBuilder(SegmentHeader header)
    : segment_(new Segment(std::make_unique<SegmentStorage>(std::move(header)))) {}
SegmentBuilder::~SegmentBuilder() = default;
SegmentBuilder::SegmentBuilder(SegmentBuilder&&) noexcept = default;
SegmentBuilder& SegmentBuilder::operator=(SegmentBuilder&&) noexcept = default;

SegmentPtr SegmentBuilder::segment() const {
  return segment_;
}

Result<std::span<uint8_t>> SegmentBuilder::reserve_frame(const Frame& frame, size_t size) {
  return segment_->storage_->reserve(frame, size);
}

void SegmentBuilder::commit_frame() {
  segment_->storage_->commit();
}
void SegmentBuilder::cancel_frame() {
  segment_->storage_->cancel();
}

Result<void> SegmentBuilder::add_frame(const Frame& frame, ByteView payload) {
  auto to = reserve_frame(frame, payload.size());
  if (!to) return tl::unexpected(std::move(to.error()));
  std::ranges::copy(payload, to->begin());
  commit_frame();
  return {};
}

void SegmentBuilder::seal(Ticks duration) {
  segment_->storage_->seal(duration);
}

}  // namespace m4f
