// Where the inputs of a stream meet its spine: one of them goes through at a time.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "orchestrator/stream/gst_ptr.h"
#include "orchestrator/stream/spine.h"

namespace sluice::stream {

class Junction {
 public:
  // One muxer's place. Shared with its streaming threads, so it lives as long as they do.
  class Seat {
   public:
    // `began` is called in a streaming thread when the muxer has taken over.
    Seat(Ptr<GstElement> mux, std::function<void()> began) : mux_(std::move(mux)), began_(std::move(began)) {}

   private:
    friend class Junction;
    const Ptr<GstElement> mux_;
    const std::function<void()> began_;
    std::atomic<uint64_t> ticket_{0};  // 0 = has not taken over
    bool left_ = false;                // guarded by the junction's mutex
  };

  explicit Junction(std::shared_ptr<Spine> spine) : spine_(std::move(spine)) {}

  // The muxer is about to open a segment: whoever goes through now is put on hold, so that its last segment
  // is sealed and in the ring, and this one's follow. In the muxer's streaming thread.
  void take_over(const std::shared_ptr<Seat>& seat);
  // It may not take over any more; if it goes through, its last segment is sealed. Any thread.
  void leave(const std::shared_ptr<Seat>& seat);
  // A buffer of the seat's muxer, which is taken; let through if it is its turn.
  void push(const Seat& seat, GstBuffer* buffer);

  const std::shared_ptr<Spine>& spine() const { return spine_; }

 private:
  const std::shared_ptr<Spine> spine_;
  std::mutex mutex_;               // held while one hands over to the other; never while frames pass
  std::shared_ptr<Seat> current_;  // guarded by mutex_
};

}  // namespace sluice::stream
