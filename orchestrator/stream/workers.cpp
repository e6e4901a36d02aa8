#include "orchestrator/stream/workers.h"

#include <utility>

namespace sluice::stream {
namespace {

using Job = std::function<void()>;

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

Workers::Workers() : pool_(g_thread_pool_new(run_job, nullptr, -1, FALSE, nullptr)) {}

Workers::~Workers() {
  g_thread_pool_free(pool_, FALSE, TRUE);
}

void Workers::run(Job job) {
  g_thread_pool_push(pool_, new Job(std::move(job)), nullptr);
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
