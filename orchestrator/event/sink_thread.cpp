#include "orchestrator/event/sink_thread.h"

#include <pthread.h>

namespace sluice::event {
namespace {

struct Alarm {
  GSource base;
  const std::function<void()>* job;
};

gboolean ring(GSource* source, GSourceFunc, gpointer) {
  g_source_set_ready_time(source, -1);
  (*reinterpret_cast<Alarm*>(source)->job)();
  return G_SOURCE_CONTINUE;
}

GSourceFuncs kAlarmFuncs = {nullptr, nullptr, ring, nullptr, nullptr, nullptr};

}  // namespace

SinkThread::SinkThread(const char* name, std::function<void()> job)
    : name_(name),
      job_(std::move(job)),
      context_(g_main_context_new()),
      loop_(g_main_loop_new(context_, FALSE)),
      source_(g_source_new(&kAlarmFuncs, sizeof(Alarm))) {
  reinterpret_cast<Alarm*>(source_)->job = &job_;
  g_source_attach(source_, context_);
}

SinkThread::~SinkThread() {
  if (thread_.joinable()) thread_.join();
  g_source_destroy(source_);
  g_source_unref(source_);
  g_main_loop_unref(loop_);
  g_main_context_unref(context_);
}

void SinkThread::start() {
  thread_ = std::thread([this] { loop(); });
}

void SinkThread::wake() {
  g_source_set_ready_time(source_, 0);
}

void SinkThread::wake_at(Clock::time_point when) {
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(when - Clock::now()).count();
  const gint64 now = g_get_monotonic_time();
  const gint64 ready = left > 0 ? now + left : 0;
  // Woken meanwhile: stays so.
  const gint64 set = g_source_get_ready_time(source_);
  if (set < 0 || ready < set) g_source_set_ready_time(source_, ready);
}

void SinkThread::quit() {
  g_main_loop_quit(loop_);
}

bool SinkThread::wait_ended(Clock::time_point deadline) const {
  return ended_.wait_until(deadline) == std::future_status::ready;
}

void SinkThread::loop() {
  pthread_setname_np(pthread_self(), name_.c_str());
  g_main_context_push_thread_default(context_);
  g_main_loop_run(loop_);
  g_main_context_pop_thread_default(context_);
  end_.set_value();
}

}  // namespace sluice::event
