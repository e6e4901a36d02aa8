#include "common/ring_writer.h"

namespace sluice {

void RingWriter::set_ring(const GValue* value) {
  auto* ring = static_cast<const m4f::RingPtr*>(g_value_get_pointer(value));
  gstx::Lock lock(mutex_);
  handed_in_ = ring ? *ring : nullptr;
}

m4f::RingPtr RingWriter::start(m4f::RingSettings own) {
  {
    gstx::Lock lock(mutex_);
    ring_ = handed_in_;
  }
  own_ = ring_ == nullptr;
  if (own_) ring_ = std::make_shared<m4f::LiveRing>(own);
  return ring_;
}

void RingWriter::push() {
  for (const m4f::RecordEvent& event : events_) ring_->push(event);
  events_.clear();
}

m4f::Result<void> RingWriter::write(GstBuffer* buffer) {
  auto taken = feed_.take(buffer, events_);
  push();
  return taken;
}

void RingWriter::finish() {
  feed_.finish(events_);
  push();
  if (own_) ring_->end();
}

void RingWriter::stop() {
  feed_.finish(events_);
  if (ring_) push();
  if (own_ && ring_) ring_->end();
  ring_.reset();
}

}  // namespace sluice
