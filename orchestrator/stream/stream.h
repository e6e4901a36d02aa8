// One live stream: when it runs, what is said about it, and its figures.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "orchestrator/event/event.h"
#include "orchestrator/log/log.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/directory.h"
#include "orchestrator/stream/inputs.h"
#include "orchestrator/stream/local_source.h"
#include "orchestrator/stream/pushes.h"
#include "orchestrator/stream/rate.h"
#include "orchestrator/stream/spine.h"
#include "orchestrator/stream/workers.h"

namespace sluice::stream {

// What all streams of a daemon share. REQUIRES: outlives them.
struct StreamContext {
  std::shared_ptr<m4f::PackageCache> cache;
  std::shared_ptr<m4fudp::Sender> sender;  // of all pushes
  Workers& workers;
  Log& log;
  event::Events& events;
  FindStream find;  // any thread
};

// Control (start, stop, tick, ...) from the main loop's thread; everything of StreamHandle from any thread.
class Stream final : public StreamHandle,
                     public std::enable_shared_from_this<Stream>,
                     private InputsListener {
 public:
  // `by_user`: made by a request.
  Stream(config::Stream config, StreamContext context, bool by_user);
  ~Stream() override;

  // A static one begins to run, any other one rests until somebody demands it.
  void start();
  // Takes the inputs down and wakes every waiting client; `done` comes in the main loop.
  void stop(std::function<void()> done);
  // Once a second: figures, clients, switches.
  void tick(TimePoint now);
  // Other values for the stream of this name. kAtOnce: nothing restarts. kInput: the inputs are connected
  // anew, spine and clients stay.
  void change(config::Stream config, bool inputs);
  bool by_user() const { return by_user_; }
  // Made by a request, at rest, and nobody has asked for it lately.
  bool forgotten(TimePoint now) const;

  const std::string& name() const override { return name_; }
  config::Stream config() const override { return *shared_config(); }
  std::shared_ptr<const config::Stream> shared_config() const override;
  StreamStatus status() const override;
  m4f::Delivery& delivery() override { return *delivery_; }
  m4f::RingPtr ring() override { return ring_; }
  void add_bytes_out(uint64_t bytes) override { bytes_out_.fetch_add(bytes, std::memory_order_relaxed); }
  void session_opened() override;
  void session_closed() override;
  Presence demand() override;
  Presence presence() const override;
  bool select_input(size_t index) override;
  std::variant<std::unique_ptr<Publication::Session>, PublishRefusal> publish(Publisher publisher) override;

 private:
  void opened(size_t i) override;
  void closed(size_t i) override;
  void told(const Order& order) override;
  void warned(size_t i, std::string text) override;
  void backup_changed(bool shown, std::string problem) override;
  void gave_up() override;

  void run();
  void rest(const std::string& reason);
  void connect_inputs();
  void fail_for_good(std::string reason);
  bool plan();
  void ready(size_t i);
  void lost(size_t i, const std::string& reason, bool wanted);
  void emit(std::string name, std::vector<std::pair<std::string, event::Value>> fields = {});
  void emit_source(std::string name, size_t i, std::string reason = {});
  void count_figures(TimePoint now);
  void tell_media_info();
  void look_after_clients(TimePoint now);
  void cut_if_too_fast();
  std::shared_ptr<Publication> publication() const;  // any thread
  bool published_now() const;
  void publisher_changed(bool there, const std::string& who);
  void tell_publishing();
  void allow_publishing();
  InputStatus& input_status(size_t i) { return inputs_status_[plan_.inputs[i].index]; }
  const std::string& address(size_t i) const { return plan_.inputs[i].supervision.address; }

  const std::string name_;
  StreamContext context_;
  const bool by_user_;
  m4f::RingPtr ring_;
  std::unique_ptr<m4f::Delivery> delivery_;

  // Main loop's thread.
  plan::StreamPlan plan_;
  std::optional<plan::InputPlan> backup_plan_;
  std::shared_ptr<Junction> junction_;
  std::shared_ptr<Inputs> inputs_;  // null while it rests
  Pushes pushes_;
  bool stopping_ = false, planned_ = false;
  bool bursty_ = false;               // the input that is shown
  std::vector<std::string> reasons_;  // by input: said already; not said again until something changes
  std::vector<IngestFigures> at_tick_;
  std::string media_info_;
  std::string backup_problem_;
  TimePoint last_client_;
  bool had_clients_ = true;
  uint64_t sessions_before_ = 0;  // that there were when it began to run
  Rate input_rate_, output_rate_, media_rate_;
  int rated_ = 0;  // seconds that the input has been measured

  std::atomic<uint64_t> bytes_out_{0}, total_sessions_{0};
  std::atomic<uint32_t> online_clients_{0};
  std::atomic<Presence> presence_{Presence::kOff};
  std::atomic<TimePoint::rep> demanded_{0};  // when somebody asked last

  mutable std::mutex mutex_;  // guards what follows; nothing is called with it held
  std::shared_ptr<const config::Stream> config_;
  mutable std::shared_ptr<Publication> publication_;
  Status status_ = Status::kWaiting;
  std::vector<InputStatus> inputs_status_;  // as in the configuration
  std::string id_;
  int64_t opened_at_ms_ = 0, started_at_ms_ = 0, last_frame_at_ms_ = 0;
  uint64_t retries_ = 0, frames_ = 0, bytes_in_ = 0;
  uint32_t input_kbit_ = 0, output_kbit_ = 0, media_kbit_ = 0;
  bool backup_shown_ = false;
};

}  // namespace sluice::stream
