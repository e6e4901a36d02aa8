#include "m4fudp/sender.h"

#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>

#include <algorithm>

namespace m4fudp {
namespace {

using std::chrono::nanoseconds;
using std::chrono::steady_clock;

constexpr nanoseconds kEarly(50'000);

// Timely before all else: where the system allows it, the thread goes before ordinary ones. What it does
// between two sleeps is little and bounded.
void make_timely() {
  pthread_setname_np(pthread_self(), "udp-sender");
  prctl(PR_SET_TIMERSLACK, 1UL);
  sched_param parameters{};
  parameters.sched_priority = 1;
  pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
}

}  // namespace

Sender::Sender() : bell_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), thread_([this] { loop(); }) {}

Sender::~Sender() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake();
  thread_.join();
}

std::shared_ptr<Push> Sender::add(PushSettings settings) {
  auto push = std::make_shared<Push>(std::move(settings), [this](Push& p) { wake_for(p); });
  {
    const std::lock_guard lock(mutex_);
    added_.push_back(push);
  }
  wake();
  return push;
}

void Sender::remove(const std::shared_ptr<Push>& push) {
  std::unique_lock lock(mutex_);
  removed_.push_back(push.get());
  wake();
  removed_condition_.wait(
      lock, [&] { return std::find(removed_.begin(), removed_.end(), push.get()) == removed_.end(); });
}

void Sender::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const auto written = ::write(bell_.get(), &one, sizeof one);  // full: it rings already
}

void Sender::wake_for(Push& push) {
  {
    const std::lock_guard lock(mutex_);
    if (std::find(awake_.begin(), awake_.end(), &push) != awake_.end()) return;
    awake_.push_back(&push);
  }
  wake();
}

void Sender::take_requests() {
  const std::lock_guard lock(mutex_);
  const auto now = steady_clock::now();
  for (auto& push : added_) {
    Push* key = push.get();
    pushes_[key].push = std::move(push);
    schedule(key, now);
  }
  added_.clear();
  for (Push* push : awake_)
    if (pushes_.contains(push)) schedule(push, now);
  awake_.clear();
  if (removed_.empty()) return;
  for (Push* push : removed_) {
    const auto found = pushes_.find(push);
    if (found == pushes_.end()) continue;
    if (found->second.at) schedule_.erase(*found->second.at);
    pushes_.erase(found);
  }
  removed_.clear();
  removed_condition_.notify_all();
}

void Sender::schedule(Push* push, Instant at) {
  Entry& entry = pushes_.at(push);
  if (entry.at) schedule_.erase(*entry.at);
  entry.at = schedule_.emplace(at, push);
}

void Sender::run(Push* push, Instant now) {
  Entry& entry = pushes_.at(push);
  schedule_.erase(*entry.at);
  entry.at.reset();
  if (const auto next = push->run(now)) schedule(push, *next);
}

void Sender::wait() {
  timespec limit{};
  const timespec* until = nullptr;
  if (!schedule_.empty()) {
    const auto left = std::max(schedule_.begin()->first - steady_clock::now(), nanoseconds(0));
    limit.tv_sec = static_cast<time_t>(left.count() / 1'000'000'000);
    limit.tv_nsec = static_cast<long>(left.count() % 1'000'000'000);
    until = &limit;
  }
  pollfd bell{bell_.get(), POLLIN, 0};
  if (ppoll(&bell, 1, until, nullptr) <= 0) return;
  uint64_t rung = 0;
  [[maybe_unused]] const auto read = ::read(bell_.get(), &rung, sizeof rung);
}

void Sender::loop() {
  make_timely();
  while (true) {
    take_requests();
    {
      const std::lock_guard lock(mutex_);
      if (stop_) return;
    }
    // Each at most once per round, so that requests are heard.
    const auto now = steady_clock::now();
    std::vector<Push*> due;
    for (auto i = schedule_.begin(); i != schedule_.end() && i->first <= now + kEarly; ++i)
      due.push_back(i->second);
    for (Push* push : due) run(push, steady_clock::now());
    wait();
  }
}

}  // namespace m4fudp
