// The event bus: numbers events and hands them to the sinks of the configuration.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "orchestrator/event/sink.h"
#include "orchestrator/log/log.h"

namespace sluice::event {

struct SinkStatus {
  config::EventSink config;
  SinkFigures figures;
};

// What the API asks.
class SinkDirectory {
 public:
  virtual ~SinkDirectory() = default;
  virtual std::vector<SinkStatus> sinks() const = 0;  // file order
  // Of all sinks since the start, those that are gone as well.
  virtual SinkFigures totals() const = 0;
};

// Thread-safe.
class Bus final : public Events, public SinkDirectory {
 public:
  // `server`: this server's name in what HTTP sinks send. Ids begin at `first_id`; see first_id_of().
  Bus(Log& log, std::string server, int64_t first_id);
  ~Bus() override;  // stop()

  // The sinks are these from now on. Those that stay as they are keep what waits in them; those that go
  // deliver it first, for kCloseDeadline at most, while nobody waits for them.
  void apply(const std::vector<config::EventSink>& sinks);
  // Files are opened anew: they may have been moved away.
  void reopen();
  // Closes all sinks and waits for them, for kCloseDeadline at most.
  void stop();

  void emit(Event event) override;
  std::vector<SinkStatus> sinks() const override;
  SinkFigures totals() const override;

 private:
  struct Entry {
    config::EventSink config;
    std::shared_ptr<Sink> sink;
  };
  std::shared_ptr<Sink> make(const config::EventSink& config);
  void reap();

  Log& log_;
  const std::string server_;
  mutable std::mutex mutex_;  // guards what follows
  int64_t next_id_;
  std::vector<Entry> entries_;
  std::vector<std::shared_ptr<Sink>> closing_;
  SinkFigures gone_;  // of sinks that have ended
};

// Ids begin at the wall clock's, like a segment's number: a server that starts again goes on above what it
// has given out.
int64_t first_id_of(std::chrono::system_clock::time_point start);

}  // namespace sluice::event
