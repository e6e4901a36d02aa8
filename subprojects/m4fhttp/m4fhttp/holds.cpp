#include "m4fhttp/holds.h"

#include <vector>

namespace m4fhttp {

Holds::Id Holds::add(std::shared_ptr<ChangeSource> source, uint64_t seen,
                     EventLoop::Clock::time_point deadline, std::function<void()> again) {
  const Id id = ++last_;
  const void* identity = source->identity();
  Watched& watched = watched_[identity];
  if (!watched.source) {
    watched.source = source;
    watched.rung = std::make_shared<std::atomic<bool>>(false);
    watched.subscription = source->subscribe([this, identity, rung = watched.rung] {
      if (!rung->exchange(true)) loop_.post([this, identity] { fire(identity); });
    });
  }
  watched.waiters.insert(id);
  waiters_.emplace(id, Waiter{identity, loop_.at(deadline, [this, id] { expire(id); }), std::move(again)});
  // A change between the caller's look and the subscription rang nobody.
  if (source->version() != seen && !watched.rung->exchange(true))
    loop_.post([this, identity] { fire(identity); });
  return id;
}

void Holds::cancel(Id id) {
  const auto waiter = waiters_.find(id);
  if (waiter == waiters_.end()) return;
  loop_.cancel(waiter->second.timer);
  const auto watched = watched_.find(waiter->second.source);
  watched->second.waiters.erase(id);
  if (watched->second.waiters.empty()) watched_.erase(watched);
  waiters_.erase(waiter);
}

void Holds::fire(const void* identity) {
  const auto found = watched_.find(identity);
  if (found == watched_.end()) return;
  found->second.rung->store(false);
  const std::vector<Id> ids(found->second.waiters.begin(), found->second.waiters.end());
  for (const Id id : ids) expire(id);
}

void Holds::expire(Id id) {
  const auto waiter = waiters_.find(id);
  if (waiter == waiters_.end()) return;
  const auto again = std::move(waiter->second.again);
  const void* identity = waiter->second.source;
  loop_.cancel(waiter->second.timer);
  waiters_.erase(waiter);
  watched_.find(identity)->second.waiters.erase(id);
  again();
  // Only now: whoever waits again found the subscription still there.
  const auto watched = watched_.find(identity);
  if (watched != watched_.end() && watched->second.waiters.empty()) watched_.erase(watched);
}

}  // namespace m4fhttp
