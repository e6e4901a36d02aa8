#include "orchestrator/http/api_thread.h"

#include <chrono>

namespace sluice::http {
namespace {

constexpr size_t kMaxWaiting = 1000;

}  // namespace

void ApiThread::start() {
  thread_ = std::thread([this] { loop(); });
}

void ApiThread::stop() {
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    work_.clear();
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

bool ApiThread::run(std::function<void()> work) {
  {
    std::lock_guard lock(mutex_);
    if (stopping_ || work_.size() >= kMaxWaiting) return false;
    work_.push_back(std::move(work));
  }
  wake_.notify_one();
  return true;
}

void ApiThread::loop() {
  using Clock = std::chrono::steady_clock;
  auto next = Clock::now() + std::chrono::seconds(1);
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_until(lock, next, [this] { return stopping_ || !work_.empty(); });
    if (stopping_) return;
    std::function<void()> work;
    if (!work_.empty()) {
      work = std::move(work_.front());
      work_.pop_front();
    }
    lock.unlock();
    if (work) work();
    work = nullptr;
    if (Clock::now() >= next) {
      every_second_();
      next = Clock::now() + std::chrono::seconds(1);
    }
    lock.lock();
  }
}

}  // namespace sluice::http
