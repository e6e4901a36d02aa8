// State changes of pipelines may block (a vanished peer, a name that does not resolve), so they run off the
// main loop.
#pragma once

#include <glib.h>

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

namespace sluice::stream {

// Calls `job` in the main loop every `interval_ms` (once, if `once`) until destroyed.
class Timer {
 public:
  Timer() = default;
  Timer(guint interval_ms, std::function<void()> job, bool once = false);
  Timer(Timer&& other) noexcept : source_(other.source_) { other.source_ = nullptr; }
  Timer& operator=(Timer&& other) noexcept;
  ~Timer() { stop(); }
  void stop();
  bool active() const { return source_ && !g_source_is_destroyed(source_); }

 private:
  GSource* source_ = nullptr;
};

// Runs `job` in the thread of the default main context, soon.
void post_to_main(std::function<void()> job);

// Threads come as jobs need them and go when idle: one job that hangs holds up no other. Main loop's thread.
class Workers {
 public:
  Workers();
  // Waits for what is running, a moment at most: busy() says what is left.
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void run(std::function<void()> job);
  // For jobs that cost the machine something: a few at a time, in turn. One that takes long stops counting.
  void run_in_turn(std::function<void()> job);
  // Jobs that run or wait for a thread.
  int busy() const;
  // False: some job still runs after `patience`.
  bool wait_until_idle(std::chrono::milliseconds patience) const;

 private:
  struct Turn;
  struct Count;
  void next_turn();
  void end_turn(const std::shared_ptr<Turn>& turn);

  GThreadPool* pool_;
  const std::shared_ptr<Count> count_;
  std::deque<std::function<void()>> waiting_;
  std::vector<std::shared_ptr<Turn>> turns_;
  const std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // main loop's thread alone
};

}  // namespace sluice::stream
