// The thread of one sink: a main loop of its own, which runs one job whenever it is woken or its time has
// come.
#pragma once

#include <glib.h>

#include <chrono>
#include <functional>
#include <future>
#include <string>
#include <thread>

namespace sluice::event {

class SinkThread {
 public:
  using Clock = std::chrono::steady_clock;

  // `job` runs in the thread, never twice at a time. REQUIRES: `name` is at most 15 characters.
  SinkThread(const char* name, std::function<void()> job);
  ~SinkThread();  // waits until the thread has ended: quit() first
  SinkThread(const SinkThread&) = delete;
  SinkThread& operator=(const SinkThread&) = delete;

  void start();
  void wake();  // the job runs soon; any thread
  // In the thread: the job runs at `when`, or earlier if it is woken. REQUIRES: one lock is held here and
  // wherever wake() is called, lest a wake is put off.
  void wake_at(Clock::time_point when);
  // In the thread: the job has run for the last time.
  void quit();
  bool wait_ended(Clock::time_point deadline) const;  // whether it has quit by then; any thread

 private:
  void loop();

  const std::string name_;
  const std::function<void()> job_;
  GMainContext* context_;
  GMainLoop* loop_;
  GSource* source_;
  std::promise<void> end_;
  const std::shared_future<void> ended_{end_.get_future()};
  std::thread thread_;
};

}  // namespace sluice::event
