// Sending a TS file in real time.
#pragma once

#include <time.h>

#include <cstdint>

#include "ts_file.h"

namespace bench {

inline int64_t now_ns() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1'000'000'000LL + t.tv_nsec;
}

inline void wait_until(int64_t ns) {
  const timespec t{ns / 1'000'000'000, ns % 1'000'000'000};
  while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, nullptr) != 0) {
  }
}

// When each chunk is due, from the first one's time on.
class Pacer {
 public:
  // Waits until `dts` is due.
  void wait(int64_t dts) {
    if (dts < 0) return;
    if (first_ < 0) {
      first_ = dts;
      start_ = now_ns();
    }
    wait_until(start_ + (dts - first_) * 100'000 / 9);
  }

 private:
  int64_t first_ = -1, start_ = 0;
};

}  // namespace bench
