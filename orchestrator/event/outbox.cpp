#include "orchestrator/event/outbox.h"

#include <algorithm>
#include <cassert>

namespace sluice::event {

Outbox::Settings Outbox::settings_of(const config::EventSink& sink) {
  return {sink.throttle_delay, sink.resend_limit.value_or(kResendLimit),
          std::max<std::chrono::milliseconds>(sink.resend_timeout, kMinPause)};
}

void Outbox::push(StampedPtr event, Time now) {
  queue_.push_back({std::move(event), ++sequence_, now, false});
  const auto kept = static_cast<size_t>(settings_.resend_limit);
  shrink(failing_ ? kept : std::max(kept, kCapacity));
}

void Outbox::shrink(size_t limit) {
  while (queue_.size() > limit && queue_.size() > in_flight_) {
    queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(in_flight_));
    ++figures_.dropped;
  }
}

std::vector<Outbox::Item> Outbox::take(Time now) {
  const auto at = due();
  if (!at || now < *at) return {};
  in_flight_ = std::min(queue_.size(), kBatch);
  std::vector<Item> batch(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(in_flight_));
  for (size_t i = 0; i < in_flight_; ++i) {
    figures_.resent += queue_[i].tried;
    queue_[i].tried = true;
  }
  return batch;
}

void Outbox::done(size_t taken, std::string problem, Time now) {
  assert(in_flight_ > 0 && taken <= in_flight_);
  failing_ = taken < in_flight_;
  in_flight_ = 0;
  queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(taken));
  figures_.sent += taken;
  figures_.last_error = failing_ ? std::move(problem) : std::string();
  if (!failing_) return;
  ++figures_.failed;
  retry_at_ = now + settings_.resend_timeout;
  shrink(static_cast<size_t>(settings_.resend_limit));
}

std::optional<Outbox::Time> Outbox::due() const {
  if (in_flight_ > 0 || queue_.empty()) return std::nullopt;
  if (failing_ && !hurry_) return retry_at_;
  if (hurry_ || queue_.size() >= kBatch) return Time::min();
  return queue_.front().since + settings_.throttle_delay;
}

void Outbox::drop_all() {
  figures_.dropped += queue_.size();
  queue_.clear();
  in_flight_ = 0;
}

SinkFigures Outbox::figures() const {
  SinkFigures out = figures_;
  out.queued = queue_.size();
  return out;
}

}  // namespace sluice::event
