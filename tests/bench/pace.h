// Sending a TS file in real time.
#pragma once

#include <time.h>

#include <algorithm>
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

// When each chunk is due. A jump of the file's time line is no pause: what follows it goes out at once, on
// the new time line.
class Pacer {
 public:
  // Waits until `dts` is due.
  void wait(int64_t dts) {
    if (dts < 0) return;
    if (last_ < 0 || dts < last_ - kJump || dts > last_ + kJump) {
      start_ = last_ < 0 ? now_ns() : std::max(now_ns(), due(last_));
      first_ = dts;
    }
    last_ = dts;
    wait_until(due(dts));
  }

 private:
  static constexpr int64_t kJump = 90'000;  // more than any distance between chunks of a live stream

  int64_t due(int64_t dts) const { return start_ + (dts - first_) * 100'000 / 9; }

  int64_t first_ = 0, last_ = -1, start_ = 0;
};

}  // namespace bench
