#include "orchestrator/event/file_sink.h"

#include <utility>

namespace sluice::event {

FileSink::FileSink(const config::EventSink& config, std::string path, bool json, Log& log)
    : name_(config.name),
      json_(json),
      extra_{{}, config.extra},
      resend_timeout_(config.resend_timeout),
      log_(log),
      file_(std::move(path), config.max_size, config.max_depth.value_or(RotatingFile::kDepth)),
      outbox_(
          {config.throttle_delay, config.resend_limit.value_or(Outbox::kResendLimit), config.resend_timeout}),
      thread_("event-file", [this] { pump(); }) {
  thread_.start();
}

void FileSink::offer(StampedPtr event) {
  std::lock_guard lock(mutex_);
  outbox_.push(std::move(event), Outbox::Clock::now());
  thread_.wake();
}

SinkFigures FileSink::figures() const {
  std::lock_guard lock(mutex_);
  return outbox_.figures();
}

void FileSink::reopen() {
  std::lock_guard lock(mutex_);
  reopen_ = true;
  thread_.wake();
}

void FileSink::close() {
  std::lock_guard lock(mutex_);
  closing_ = true;
  outbox_.hurry();
  thread_.wake();
}

void FileSink::pump() {
  std::unique_lock lock(mutex_);
  if (std::exchange(reopen_, false)) file_.reopen();
  for (;;) {
    const auto batch = outbox_.take(Outbox::Clock::now());
    if (batch.empty()) break;
    lock.unlock();
    size_t taken = 0;
    m4f::Result<void> written;
    while (taken < batch.size()) {
      const Outbox::Item& item = batch[taken];
      written = file_.append((json_ ? json_text(*item.event, item.sequence, extra_) : log_text(*item.event)) +
                             "\n");
      if (!written) break;
      ++taken;
    }
    const std::string problem = written ? std::string() : written.error().message();
    say(problem);
    lock.lock();
    outbox_.done(taken, problem, Outbox::Clock::now());
    if (!written && closing_) outbox_.drop_all();
  }
  if (closing_) return thread_.quit();
  if (const auto at = outbox_.due()) thread_.wake_at(*at);
}

void FileSink::say(const std::string& problem) {
  if (problem.empty() == !troubled_) return;
  troubled_ = !problem.empty();
  if (troubled_)
    log_.warning("event sink {}: {}; tried again every {} s", name_, problem, resend_timeout_.count());
  else
    log_.info("event sink {}: its file takes events again", name_);
}

}  // namespace sluice::event
