// log://PATH and jsonlog://PATH: a line for each event.
#pragma once

#include <mutex>

#include "orchestrator/event/outbox.h"
#include "orchestrator/event/rotating_file.h"
#include "orchestrator/event/sink_thread.h"
#include "orchestrator/event/text.h"
#include "orchestrator/log/log.h"

namespace sluice::event {

class FileSink final : public Sink {
 public:
  FileSink(const config::EventSink& config, std::string path, bool json, Log& log);

  void offer(StampedPtr event) override;
  SinkFigures figures() const override;
  void reopen() override;
  void close() override;
  bool wait_closed(Outbox::Time deadline) const override { return thread_.wait_ended(deadline); }

 private:
  void pump();
  void say(const std::string& problem);  // once per change; empty = none

  const std::string name_;
  const bool json_;
  const Extra extra_;
  const std::chrono::seconds resend_timeout_;
  Log& log_;
  RotatingFile file_;  // the thread's
  bool troubled_ = false;

  mutable std::mutex mutex_;  // guards what follows
  Outbox outbox_;
  bool reopen_ = false, closing_ = false;

  SinkThread thread_;  // last: ends first
};

}  // namespace sluice::event
