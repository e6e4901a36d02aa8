#include "orchestrator/stream/workers.h"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace sluice::stream {
namespace {

using Job = std::function<void()>;

constexpr guint kTurnsPerProcessor = 2;
constexpr guint kTurnMs = 1000;  // then a job counts as waiting for something else than the processor
constexpr std::chrono::milliseconds kExitPatience(500);

void run_job(gpointer data, gpointer) {
  auto* job = static_cast<Job*>(data);
  (*job)();
  delete job;
}

gboolean run_posted(gpointer data) {
  (*static_cast<Job*>(data))();
  return G_SOURCE_REMOVE;
}

void delete_job(gpointer data) {
  delete static_cast<Job*>(data);
}

struct TimerJob {
  Job job;
  bool once;
};

gboolean run_timer(gpointer data) {
  auto* timer = static_cast<TimerJob*>(data);
  const bool once = timer->once;  // the job may destroy the timer
  timer->job();
  return once ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

}  // namespace

// A job that counts among those that run at a time.
struct Workers::Turn {
  Timer patience;
};

// Outlives the workers as long as a job hangs.
struct Workers::Count {
  std::mutex mutex;
  std::condition_variable idle;
  int jobs = 0;  // guarded by mutex
};

Workers::Workers()
    : pool_(g_thread_pool_new(run_job, nullptr, -1, FALSE, nullptr)), count_(std::make_shared<Count>()) {}

Workers::~Workers() {
  *alive_ = false;
  const bool idle = wait_until_idle(kExitPatience);
  // Idle threads end; one that hangs is left to the end of the process.
  g_thread_pool_free(pool_, FALSE, idle);
}

int Workers::busy() const {
  std::lock_guard lock(count_->mutex);
  return count_->jobs;
}

bool Workers::wait_until_idle(std::chrono::milliseconds patience) const {
  std::unique_lock lock(count_->mutex);
  return count_->idle.wait_for(lock, patience, [this] { return count_->jobs == 0; });
}

void Workers::run(Job job) {
  {
    std::lock_guard lock(count_->mutex);
    ++count_->jobs;
  }
  auto counted = [job = std::move(job), count = count_]() mutable {
    job();
    job = nullptr;  // what it holds ends before it counts as done
    std::lock_guard lock(count->mutex);
    if (--count->jobs == 0) count->idle.notify_all();
  };
  g_thread_pool_push(pool_, new Job(std::move(counted)), nullptr);
}

void Workers::run_in_turn(Job job) {
  waiting_.push_back(std::move(job));
  next_turn();
}

void Workers::next_turn() {
  while (!waiting_.empty() && turns_.size() < g_get_num_processors() * kTurnsPerProcessor) {
    auto turn = std::make_shared<Turn>();
    turns_.push_back(turn);
    std::weak_ptr<Turn> weak = turn;
    const auto end = [this, weak, alive = alive_] {
      auto ended = weak.lock();
      if (*alive && ended) end_turn(ended);
    };
    turn->patience = Timer(kTurnMs, end, true);
    run([job = std::move(waiting_.front()), end] {
      job();
      post_to_main(end);
    });
    waiting_.pop_front();
  }
}

void Workers::end_turn(const std::shared_ptr<Turn>& turn) {
  std::erase(turns_, turn);
  next_turn();
}

void post_to_main(Job job) {
  GSource* source = g_idle_source_new();
  g_source_set_priority(source, G_PRIORITY_DEFAULT);
  g_source_set_callback(source, run_posted, new Job(std::move(job)), delete_job);
  g_source_attach(source, nullptr);
  g_source_unref(source);
}

Timer::Timer(guint interval_ms, Job job, bool once) : source_(g_timeout_source_new(interval_ms)) {
  g_source_set_callback(source_, run_timer, new TimerJob{std::move(job), once},
                        [](gpointer data) { delete static_cast<TimerJob*>(data); });
  g_source_attach(source_, nullptr);
}

Timer& Timer::operator=(Timer&& other) noexcept {
  if (this != &other) {
    stop();
    source_ = std::exchange(other.source_, nullptr);
  }
  return *this;
}

void Timer::stop() {
  if (!source_) return;
  g_source_destroy(source_);
  g_source_unref(source_);
  source_ = nullptr;
}

}  // namespace sluice::stream
