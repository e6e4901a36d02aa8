// Part of main.cpp's joining: how the running rooms take over another configuration.
#pragma once

#include <string>

#include "orchestrator/event/bus.h"
#include "orchestrator/http/front.h"
#include "orchestrator/log/log.h"
#include "orchestrator/store/configuration.h"
#include "orchestrator/stream/streams.h"

namespace sluice {

class RunningTaker final : public store::Taker {
 public:
  // REQUIRES: all outlive this.
  RunningTaker(std::string file, Log& log, event::Bus& events, stream::Streams& streams)
      : file_(std::move(file)), log_(log), events_(events), streams_(streams) {}
  // Before anything is taken over.
  void set_front(http::Front& front) { front_ = &front; }

  tl::expected<void, store::Refused> prepare(const config::Config& to,
                                             const config::Changes& changes) override;
  void abandon() override { front_->abandon(); }
  void take(const config::Config& to, const config::Changes& changes) override;

 private:
  const std::string file_;
  Log& log_;
  event::Bus& events_;
  stream::Streams& streams_;
  http::Front* front_ = nullptr;
};

}  // namespace sluice
