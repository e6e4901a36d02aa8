#include "orchestrator/stream/workers.h"

#include <gtest/gtest.h>

#include <condition_variable>
#include <mutex>

namespace sluice::stream {
namespace {

// Turns the main loop until `done` or ten seconds have passed.
template <typename F>
bool turn_until(F done) {
  const gint64 until = g_get_monotonic_time() + 10'000'000;
  while (!done() && g_get_monotonic_time() < until)
    if (!g_main_context_iteration(nullptr, FALSE)) g_usleep(500);
  return done();
}

TEST(Workers, JobsInTurnAreAFewAtATimeAndAllAreDone) {
  Workers workers;
  std::atomic<int> now{0}, most{0}, done{0};
  for (int i = 0; i < 60; ++i)
    workers.run_in_turn([&] {
      const int running = ++now;
      for (int seen = most; running > seen && !most.compare_exchange_weak(seen, running);) {
      }
      g_usleep(2000);
      --now;
      ++done;
    });
  EXPECT_TRUE(turn_until([&] { return done == 60; }));
  EXPECT_LE(most, static_cast<int>(g_get_num_processors()) * 2);
}

TEST(Workers, JobsThatHangHoldUpNoOther) {
  std::mutex mutex;
  std::condition_variable changed;
  bool let_go = false;
  std::atomic<int> hung{0};
  std::atomic<bool> done{false};
  {
    Workers workers;
    const int places = static_cast<int>(g_get_num_processors()) * 2;
    for (int i = 0; i < places; ++i)
      workers.run_in_turn([&] {
        ++hung;
        std::unique_lock lock(mutex);
        changed.wait(lock, [&] { return let_go; });
        --hung;
      });
    workers.run_in_turn([&] { done = true; });
    EXPECT_TRUE(turn_until([&] { return done.load(); }));
    EXPECT_EQ(hung, places);
    EXPECT_TRUE(turn_until([&] { return workers.busy() == places; }));  // the last one is through
    {
      std::lock_guard lock(mutex);
      let_go = true;
    }
    changed.notify_all();
    EXPECT_TRUE(turn_until([&] { return workers.busy() == 0; }));
  }
}

TEST(Workers, TheirEndDoesNotWaitForAJobThatHangs) {
  struct Held {
    std::mutex mutex;
    std::condition_variable changed;
    bool let_go = false, gone = false;
  };
  auto held = std::make_shared<Held>();
  const gint64 began = g_get_monotonic_time();
  {
    Workers workers;
    workers.run([held] {
      std::unique_lock lock(held->mutex);
      held->changed.wait(lock, [&] { return held->let_go; });
      held->gone = true;
      held->changed.notify_all();
    });
  }
  EXPECT_LT(g_get_monotonic_time() - began, 5'000'000);
  std::unique_lock lock(held->mutex);
  held->let_go = true;
  held->changed.notify_all();
  EXPECT_TRUE(held->changed.wait_for(lock, std::chrono::seconds(10), [&] { return held->gone; }));
}

}  // namespace
}  // namespace sluice::stream
