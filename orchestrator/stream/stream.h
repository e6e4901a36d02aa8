// One live stream: its spine, the input that is active now, and its figures.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "orchestrator/event/event.h"
#include "orchestrator/log/log.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/backoff.h"
#include "orchestrator/stream/directory.h"
#include "orchestrator/stream/ingest.h"
#include "orchestrator/stream/rate.h"
#include "orchestrator/stream/spine.h"
#include "orchestrator/stream/workers.h"

namespace sluice::stream {

// Control (start, stop, tick) from the main loop's thread; everything of StreamHandle from any thread.
class Stream final : public StreamHandle, public std::enable_shared_from_this<Stream> {
 public:
  Stream(config::Stream config, std::shared_ptr<m4f::PackageCache> cache, Workers& workers, Log& log,
         event::Events& events);
  ~Stream() override;

  void start();
  // Takes the input down and wakes every waiting client; `done` comes in the main loop.
  void stop(std::function<void()> done);
  // Once a second: figures and timeouts.
  void tick(std::chrono::steady_clock::time_point now);

  const std::string& name() const override { return config_.name; }
  config::Stream config() const override { return config_; }
  std::shared_ptr<const config::Stream> shared_config() const override {
    return {shared_from_this(), &config_};  // config_ is constant
  }
  StreamStatus status() const override;
  m4f::Delivery& delivery() override { return *delivery_; }
  void add_bytes_out(uint64_t bytes) override { bytes_out_.fetch_add(bytes, std::memory_order_relaxed); }
  void session_opened() override;
  void session_closed() override { online_clients_.fetch_sub(1, std::memory_order_relaxed); }
  Presence demand() override { return presence(); }
  Presence presence() const override { return config_.disabled ? Presence::kOff : Presence::kHere; }
  bool select_input(size_t index) override { return index < config_.inputs.size(); }

 private:
  void fail_for_good(std::string reason);
  void open_input();
  void lost(std::string reason);
  void schedule_next();
  bool note_frames(const IngestFigures& figures, std::chrono::steady_clock::time_point now);
  InputStatus& active() { return inputs_[current_]; }

  const config::Stream config_;
  Workers& workers_;
  Log& log_;
  event::Events& events_;
  m4f::RingPtr ring_;
  std::unique_ptr<m4f::Delivery> delivery_;
  plan::StreamPlan plan_;
  std::shared_ptr<Spine> spine_;
  std::shared_ptr<Ingest> ingest_;
  std::unique_ptr<Backoff> backoff_;
  Timer retry_;
  size_t current_ = 0;  // index of the active input
  bool stopping_ = false;
  bool frames_seen_ = false;  // in this attempt
  std::string last_reason_;   // said already; not said again until something changes
  std::chrono::steady_clock::time_point attempt_started_, last_frame_;
  IngestFigures at_tick_;  // of this attempt
  Rate input_rate_, output_rate_, media_rate_;

  std::atomic<uint64_t> bytes_out_{0}, total_sessions_{0};
  std::atomic<uint32_t> online_clients_{0};

  mutable std::mutex mutex_;  // guards what follows; nothing is called with it held
  Status status_ = Status::kWaiting;
  std::vector<InputStatus> inputs_;
  std::string id_;
  int64_t opened_at_ms_ = 0, started_at_ms_ = 0, last_frame_at_ms_ = 0;
  uint64_t retries_ = 0, frames_ = 0, bytes_in_ = 0;
  uint32_t input_kbit_ = 0, output_kbit_ = 0, media_kbit_ = 0;
};

}  // namespace sluice::stream
