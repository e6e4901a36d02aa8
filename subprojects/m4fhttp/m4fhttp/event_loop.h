// One thread's epoll loop: descriptors, work from other threads, timers.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <vector>

#include "m4f/base/error.h"
#include "m4fhttp/unique_fd.h"

namespace m4fhttp {

// Everything but post() and stop() belongs to the thread that runs the loop (or to the time before it runs).
class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  using TimerId = uint64_t;  // 0 = none

  class Watcher {
   public:
    virtual ~Watcher() = default;
    virtual void on_events(uint32_t events) = 0;
  };

  m4f::Result<void> open();
  void run();   // until stop()
  void stop();  // any thread

  void post(std::function<void()> work);  // any thread; what comes after stop() is dropped

  // Edge-triggered unless `level`. False: the kernel refused (errno).
  bool watch(int fd, uint32_t events, Watcher* watcher, bool level = false);
  void unwatch(int fd);
  // Destroys the watcher after the events that are being handled, which may still name it.
  void retire(std::unique_ptr<Watcher> watcher);

  TimerId at(Clock::time_point when, std::function<void()> work);
  void cancel(TimerId id);
  Clock::time_point now() const { return now_; }  // read once per round

 private:
  struct Timer {
    TimerId id;
    std::function<void()> work;
  };
  void run_posted();
  void run_timers();
  int wait_ms() const;

  UniqueFd epoll_, wake_;
  std::atomic<bool> stopping_ = false;
  std::atomic<bool> woken_ = false;
  std::mutex mutex_;
  std::vector<std::function<void()>> posted_;   // guarded by mutex_
  std::vector<std::function<void()>> running_;  // reused, so that a round allocates nothing
  std::multimap<Clock::time_point, Timer> timers_;
  std::map<TimerId, std::multimap<Clock::time_point, Timer>::iterator> timer_by_id_;
  TimerId last_timer_ = 0;
  std::vector<std::unique_ptr<Watcher>> retired_;
  Clock::time_point now_ = Clock::now();
};

}  // namespace m4fhttp
