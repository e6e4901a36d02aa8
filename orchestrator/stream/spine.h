// The part of a stream that lives as long as the stream: the tee, the sinks, the ring. Ingests come and go in
// front of it.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>

#include "m4f/base/error.h"
#include "m4f/ring/live_ring.h"
#include "m4fudp/sender.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/gst_ptr.h"

namespace sluice::stream {

class Spine {
 public:
  // Makes and starts the pipeline; `ring` is handed to every sink that takes one.
  static m4f::Result<std::shared_ptr<Spine>> start(const std::string& name, const plan::Pipeline& plan,
                                                   m4f::RingPtr ring);
  ~Spine();

  // Whoever got the newest ticket may push; buffers of older ones are dropped.
  uint64_t new_ticket() { return ++ticket_; }
  // Takes the buffer. Any thread; runs the sinks in the caller's thread (M4F sinks never block).
  void push(uint64_t ticket, GstBuffer* buffer);

  // A branch of one sink behind the tee, while data flows. A sink that takes a `sender` gets this one. An
  // error concerns the branch alone. The main loop's thread.
  m4f::Result<Ptr<GstElement>> attach(const plan::Element& sink,
                                      const std::shared_ptr<m4fudp::Sender>& sender);
  void detach(GstElement* sink);

  const m4f::RingPtr& ring() const { return ring_; }
  uint64_t buffers() const { return buffers_.load(std::memory_order_relaxed); }
  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  Spine() = default;
  void remove(GstElement* sink);  // REQUIRES: mutex_ held

  std::mutex mutex_;  // one pusher at a time; held while the sinks run, nothing of ours is called from there
  m4f::RingPtr ring_;
  Ptr<GstElement> pipeline_, tee_;
  Ptr<GstPad> entry_;
  std::atomic<uint64_t> ticket_{0};
  std::atomic<uint64_t> buffers_{0}, bytes_{0};
};

}  // namespace sluice::stream
