// Who is called when a ring changes. No lock is held during a call, and a cancelled one is never called
// again.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace m4f {

class Waker {
 public:
  Waker(std::function<void()> call, bool frames) : frames_(frames), call_(std::move(call)) {}

  bool frames() const { return frames_; }
  void run();
  // No call starts any more; waits for those under way in other threads.
  void cancel();

 private:
  const bool frames_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::function<void()> call_;  // not touched while it runs
  std::vector<std::thread::id> running_;
  bool cancelled_ = false;
};

class Wakers {
 public:
  void add(std::shared_ptr<Waker> waker);
  void remove(const std::shared_ptr<Waker>& waker);
  void wake(bool only_frames);

 private:
  using List = std::vector<std::shared_ptr<Waker>>;

  std::mutex mutex_;
  std::shared_ptr<const List> list_ = std::make_shared<List>();  // replaced, never changed
  std::atomic<size_t> frame_wakers_{0};
};

}  // namespace m4f
