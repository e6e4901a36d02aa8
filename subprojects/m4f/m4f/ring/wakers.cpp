#include "m4f/ring/wakers.h"

#include <algorithm>
#include <utility>

namespace m4f {

void Waker::run() {
  const auto self = std::this_thread::get_id();
  {
    std::lock_guard lock(mutex_);
    if (cancelled_) return;
    running_.push_back(self);
  }
  call_();
  std::lock_guard lock(mutex_);
  running_.erase(std::ranges::find(running_, self));
  if (cancelled_) idle_.notify_all();
}

void Waker::cancel() {
  std::function<void()> released;  // what it captured may do anything when it goes: not under our lock
  std::unique_lock lock(mutex_);
  cancelled_ = true;
  const auto self = std::this_thread::get_id();
  idle_.wait(lock, [&] { return std::ranges::all_of(running_, [&](auto id) { return id == self; }); });
  if (running_.empty()) released.swap(call_);  // else it is this call that cancels itself
  lock.unlock();
}

void Wakers::add(std::shared_ptr<Waker> waker) {
  if (waker->frames()) frame_wakers_.fetch_add(1, std::memory_order_relaxed);
  std::shared_ptr<const List> old;
  std::lock_guard lock(mutex_);
  auto next = std::make_shared<List>(*list_);
  next->push_back(std::move(waker));
  old = std::exchange(list_, std::move(next));
}

void Wakers::remove(const std::shared_ptr<Waker>& waker) {
  if (waker->frames()) frame_wakers_.fetch_sub(1, std::memory_order_relaxed);
  std::shared_ptr<const List> old;
  std::lock_guard lock(mutex_);
  auto next = std::make_shared<List>(*list_);
  std::erase(*next, waker);
  old = std::exchange(list_, std::move(next));
}

void Wakers::wake(bool only_frames) {
  if (only_frames && frame_wakers_.load(std::memory_order_relaxed) == 0) return;
  std::shared_ptr<const List> list;
  {
    std::lock_guard lock(mutex_);
    list = list_;
  }
  for (const auto& waker : *list)
    if (!only_frames || waker->frames()) waker->run();
}

}  // namespace m4f
