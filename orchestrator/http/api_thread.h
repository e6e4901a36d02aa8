// Where the API runs: a thread of its own, so that a busy API never delays media.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace sluice::http {

class ApiThread {
 public:
  // `every_second` runs in the thread, about once a second.
  explicit ApiThread(std::function<void()> every_second) : every_second_(std::move(every_second)) {}
  ~ApiThread() { stop(); }

  void start();
  void stop();  // finishes what is running; what waits is dropped
  // False: too much waits already. Any thread.
  bool run(std::function<void()> work);

 private:
  void loop();

  const std::function<void()> every_second_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> work_;  // guarded by mutex_, as what follows
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace sluice::http
