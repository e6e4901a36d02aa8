// Requests that wait for a change, without a thread each: one subscription per source and loop.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <unordered_map>
#include <unordered_set>

#include "m4fhttp/event_loop.h"
#include "m4fhttp/sources.h"

namespace m4fhttp {

// Belongs to the loop's thread. Destroyed after the loop has ended.
class Holds {
 public:
  using Id = uint64_t;  // 0 = none
  explicit Holds(EventLoop& loop) : loop_(loop) {}

  // Calls `again` once: when the source's version is no longer `seen`, or at `deadline`.
  Id add(std::shared_ptr<ChangeSource> source, uint64_t seen, EventLoop::Clock::time_point deadline,
         std::function<void()> again);
  void cancel(Id id);
  size_t size() const { return waiters_.size(); }

 private:
  struct Waiter {
    const void* source;
    EventLoop::TimerId timer;
    std::function<void()> again;
  };
  struct Watched {
    std::shared_ptr<ChangeSource> source;
    std::shared_ptr<std::atomic<bool>> rung;  // a wake-up is under way: further changes need none
    std::unordered_set<Id> waiters;
    std::shared_ptr<void> subscription;  // last: ends first
  };
  void fire(const void* identity);
  void expire(Id id);

  EventLoop& loop_;
  std::unordered_map<Id, Waiter> waiters_;
  std::unordered_map<const void*, Watched> watched_;
  Id last_ = 0;
};

}  // namespace m4fhttp
