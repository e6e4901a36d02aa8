// State changes of pipelines may block (a vanished peer, a name that does not resolve), so they run off the
// main loop.
#pragma once

#include <glib.h>

#include <functional>

namespace sluice::stream {

// Threads come as jobs need them and go when idle: one job that hangs holds up no other.
class Workers {
 public:
  Workers();
  ~Workers();  // waits for what is running
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void run(std::function<void()> job);

 private:
  GThreadPool* pool_;
};

// Runs `job` in the thread of the default main context, soon.
void post_to_main(std::function<void()> job);

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

}  // namespace sluice::stream
