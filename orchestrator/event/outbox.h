// What waits for one receiver: batches, retries, bounds. Knows no sockets and no clock.
#pragma once

#include <chrono>
#include <deque>
#include <optional>
#include <vector>

#include "orchestrator/event/sink.h"

namespace sluice::event {

class Outbox {
 public:
  using Clock = std::chrono::steady_clock;
  using Time = Clock::time_point;
  static constexpr size_t kBatch = 100;      // as many go at once, and no more in one request
  static constexpr size_t kCapacity = 1000;  // events that wait for a receiver that is slow but takes them
  static constexpr int kResendLimit = 1000;
  static constexpr std::chrono::milliseconds kMinPause{100};  // between two attempts

  struct Settings {
    std::chrono::milliseconds throttle_delay{0};  // how long the first event of a batch waits for others
    int resend_limit = kResendLimit;              // events kept for a receiver that fails
    std::chrono::milliseconds resend_timeout{10'000};
  };
  struct Item {
    StampedPtr event;
    uint64_t sequence = 0;  // rises by one with each pushed event: a hole is a drop
    Time since;
    bool tried = false;
  };

  static Settings settings_of(const config::EventSink& sink);
  explicit Outbox(Settings settings) : settings_(settings) {}

  // The oldest that is not on its way is dropped when there is no room.
  void push(StampedPtr event, Time now);
  // The batch to send now; empty: not yet. Its fate is told by done(); until then there is no other.
  std::vector<Item> take(Time now);
  // The first `taken` of the batch were taken; if that is not all of it, `problem` says why.
  void done(size_t taken, std::string problem, Time now);
  // When take() will give something, as far as is known now; empty: never.
  std::optional<Time> due() const;
  // From now on nothing waits for company, and a failure is not tried again.
  void hurry() { hurry_ = true; }
  bool empty() const { return queue_.empty(); }
  bool failing() const { return failing_; }
  // All of what waits is lost.
  void drop_all();
  SinkFigures figures() const;

 private:
  void shrink(size_t limit);

  const Settings settings_;
  std::deque<Item> queue_;  // the first in_flight_ are on their way
  size_t in_flight_ = 0;
  uint64_t sequence_ = 0;
  bool failing_ = false, hurry_ = false;
  Time retry_at_{};
  SinkFigures figures_;
};

}  // namespace sluice::event
