// The way from many streaming threads to one source pad: in order, one pushing thread at a time, no lock
// held.
#pragma once

#include <chrono>
#include <deque>
#include <variant>

#include "gstx/mutex.h"
#include "gstx/ptr.h"
#include "m4f/record/record.h"

namespace sluice {

class OrderedOutput {
 public:
  explicit OrderedOutput(GstPad* src) : src_(src) {}

  // Never blocks. What was added is pushed by the next push_all(), of whichever thread.
  void add(const m4f::RecordEvent& event, GstClockTime running_time) EXCLUDES_LOCK(mutex_);
  void add(gstx::Ptr<GstEvent> event) EXCLUDES_LOCK(mutex_);

  // Pushes what is there. If another thread is pushing, leaves it to that one, and waits only where
  // downstream is so slow that the queue is full. Returns what downstream answered last.
  GstFlowReturn push_all() EXCLUDES_LOCK(mutex_);

  // Returns when everything that was added has been pushed, or after `most` if downstream is stuck.
  void wait_until_pushed(std::chrono::milliseconds most) EXCLUDES_LOCK(mutex_);

  // Between flush-start (true) and flush-stop (false) nothing is kept. Nobody waits while flushing.
  void set_flushing(bool flushing) EXCLUDES_LOCK(mutex_);

 private:
  struct Media {
    m4f::RecordEvent event;
    GstClockTime running_time;
  };
  using Item = std::variant<Media, gstx::Ptr<GstEvent>>;

  GstFlowReturn push(Item& item);

  GstPad* const src_;
  gstx::Mutex mutex_;
  gstx::Condition changed_;
  std::deque<Item> queue_ GUARDED_BY(mutex_);
  bool pushing_ GUARDED_BY(mutex_) = false;
  bool flushing_ GUARDED_BY(mutex_) = true;
  GstFlowReturn flow_ GUARDED_BY(mutex_) = GST_FLOW_FLUSHING;
};

}  // namespace sluice
