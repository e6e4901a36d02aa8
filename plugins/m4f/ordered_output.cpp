#include "m4f/ordered_output.h"

#include "common/event_meta.h"

namespace sluice {
namespace {

constexpr size_t kMaxQueued = 512;  // records: some seconds of a stream

}  // namespace

using gstx::Lock;
using gstx::Ptr;

void OrderedOutput::add(const m4f::RecordEvent& event, GstClockTime running_time) {
  Lock lock(mutex_);
  if (flow_ == GST_FLOW_OK) queue_.push_back(Media{event, running_time});
}

void OrderedOutput::add(Ptr<GstEvent> event) {
  Lock lock(mutex_);
  if (flow_ == GST_FLOW_OK) queue_.push_back(std::move(event));
}

GstFlowReturn OrderedOutput::push(Item& item) {
  if (auto* event = std::get_if<Ptr<GstEvent>>(&item)) {
    // Sticky events stay on the pad whether or not there is someone to take them yet.
    gst_pad_push_event(src_, event->release());
    return GST_FLOW_OK;
  }
  const Media& media = std::get<Media>(item);
  Ptr<GstBuffer> buffer = buffer_of(media.event);
  GST_BUFFER_PTS(buffer.get()) = media.running_time;
  GST_BUFFER_DTS(buffer.get()) = media.running_time;
  return gst_pad_push(src_, buffer.release());
}

GstFlowReturn OrderedOutput::push_all() {
  Lock lock(mutex_);
  if (pushing_) {
    while (pushing_ && !flushing_ && queue_.size() >= kMaxQueued) changed_.wait(lock);
    return flow_;
  }
  pushing_ = true;
  while (!queue_.empty()) {
    Item item = std::move(queue_.front());
    queue_.pop_front();
    if (queue_.size() + 1 == kMaxQueued) changed_.notify_all();
    lock.unlock();
    const GstFlowReturn flow = push(item);
    lock.lock();
    if (flow == GST_FLOW_OK) continue;
    if (!flushing_) flow_ = flow;
    queue_.clear();
  }
  pushing_ = false;
  changed_.notify_all();
  return flow_;
}

void OrderedOutput::wait_until_pushed(std::chrono::milliseconds most) {
  const auto until = std::chrono::steady_clock::now() + most;
  Lock lock(mutex_);
  while (pushing_ && !flushing_)
    if (changed_.wait_until(lock, until) == std::cv_status::timeout) return;
}

void OrderedOutput::set_flushing(bool flushing) {
  Lock lock(mutex_);
  flushing_ = flushing;
  flow_ = flushing ? GST_FLOW_FLUSHING : GST_FLOW_OK;
  queue_.clear();
  changed_.notify_all();
}

}  // namespace sluice
