#include "m4fhttp/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

namespace m4fhttp {

m4f::Result<void> EventLoop::open() {
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  wake_.reset(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!epoll_ || !wake_)
    return m4f::error(m4f::Errc::kIo, "no more file descriptors ({}): raise `ulimit -n`", strerror(errno));
  if (!watch(wake_.get(), EPOLLIN, nullptr)) return m4f::error(m4f::Errc::kIo, "epoll: {}", strerror(errno));
  return {};
}

void EventLoop::run() {
  std::array<epoll_event, 256> events;
  while (!stopping_.load(std::memory_order_acquire)) {
    const int count = epoll_wait(epoll_.get(), events.data(), events.size(), wait_ms());
    now_ = Clock::now();
    for (int i = 0; i < count; ++i) {
      const epoll_event& event = events[static_cast<size_t>(i)];
      if (event.data.ptr) {
        static_cast<Watcher*>(event.data.ptr)->on_events(event.events);
      } else {
        uint64_t rung;
        [[maybe_unused]] const ssize_t n = read(wake_.get(), &rung, sizeof rung);
        woken_.store(false, std::memory_order_release);
        run_posted();
      }
    }
    run_timers();
    retired_.clear();
  }
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(wake_.get(), &one, sizeof one);
}

void EventLoop::post(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return;
    posted_.push_back(std::move(work));
  }
  if (woken_.exchange(true, std::memory_order_acq_rel)) return;
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = write(wake_.get(), &one, sizeof one);
}

void EventLoop::run_posted() {
  {
    std::lock_guard lock(mutex_);
    running_.swap(posted_);
  }
  for (auto& work : running_) work();
  running_.clear();
}

bool EventLoop::watch(int fd, uint32_t events, Watcher* watcher, bool level) {
  epoll_event event{};
  event.events = events | (level ? 0u : static_cast<uint32_t>(EPOLLET));
  event.data.ptr = watcher;
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) == 0;
}

void EventLoop::unwatch(int fd) {
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

void EventLoop::retire(std::unique_ptr<Watcher> watcher) {
  retired_.push_back(std::move(watcher));
}

EventLoop::TimerId EventLoop::at(Clock::time_point when, std::function<void()> work) {
  const TimerId id = ++last_timer_;
  timer_by_id_[id] = timers_.emplace(when, Timer{id, std::move(work)});
  return id;
}

void EventLoop::cancel(TimerId id) {
  const auto found = timer_by_id_.find(id);
  if (found == timer_by_id_.end()) return;
  timers_.erase(found->second);
  timer_by_id_.erase(found);
}

void EventLoop::run_timers() {
  while (!timers_.empty() && timers_.begin()->first <= now_) {
    Timer timer = std::move(timers_.begin()->second);
    timers_.erase(timers_.begin());
    timer_by_id_.erase(timer.id);
    timer.work();
  }
}

int EventLoop::wait_ms() const {
  if (timers_.empty()) return -1;
  // Rounded up: waking before the time would only wait again.
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(timers_.begin()->first - Clock::now()).count();
  return static_cast<int>(std::clamp<int64_t>(left, 0, 60'000));
}

}  // namespace m4fhttp
