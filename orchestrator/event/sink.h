// Where events go: one receiver of the configuration.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "orchestrator/config/config.h"
#include "orchestrator/event/event.h"

namespace sluice::event {

// An event as it was emitted: numbered and dated. Shared by the sinks.
struct Stamped {
  int64_t id = 0;      // rises by one with each event of the server, over a restart too
  int64_t utc_ms = 0;  // when it was emitted
  Event event;
};
using StampedPtr = std::shared_ptr<const Stamped>;

struct SinkFigures {
  uint64_t queued = 0;   // wait now
  uint64_t sent = 0;     // taken by the receiver
  uint64_t resent = 0;   // sent again after the receiver had failed
  uint64_t dropped = 0;  // lost: too many waited, or nobody took them
  uint64_t failed = 0;   // attempts that failed
  std::string last_error;
};

// Thread-safe.
class Sink {
 public:
  virtual ~Sink() = default;
  // Never blocks. The caller has asked the filter.
  virtual void offer(StampedPtr event) = 0;
  virtual SinkFigures figures() const = 0;
  // Opens its file again: it may have been moved away.
  virtual void reopen() {}
  // Delivers what waits and ends, within kCloseDeadline; nothing is offered afterwards.
  virtual void close() = 0;
  // Waits until it has ended; false: it has not by then.
  virtual bool wait_closed(std::chrono::steady_clock::time_point deadline) const = 0;
};

inline constexpr std::chrono::seconds kCloseDeadline{2};

}  // namespace sluice::event
