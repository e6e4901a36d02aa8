// From an application/x-m4f pad into a live ring: what m4fsink and hlssink-ll have in common.
#pragma once

#include <vector>

#include "common/record_feed.h"
#include "gstx/mutex.h"
#include "m4f/ring/live_ring.h"

namespace sluice {

class RingWriter {
 public:
  // The `ring` property: a pointer to a std::shared_ptr<m4f::LiveRing>, copied; null = make one. Any thread.
  void set_ring(const GValue* value);
  // Takes the ring that was handed in, else makes one.
  m4f::RingPtr start(m4f::RingSettings own);
  // An error concerns this buffer's bytes only.
  m4f::Result<void> write(GstBuffer* buffer);
  // End of stream: a ring of our own ends; one that was handed in may be written again by the next pipeline.
  void finish();
  void flush() { feed_.reset(); }
  void stop();

 private:
  void push();

  gstx::Mutex mutex_;
  m4f::RingPtr handed_in_ GUARDED_BY(mutex_);
  // The streaming thread's, between start() and stop().
  m4f::RingPtr ring_;
  bool own_ = false;
  RecordFeed feed_;
  std::vector<m4f::RecordEvent> events_;
};

}  // namespace sluice
