// Whether a sender stays within a bitrate. Pure: the clock is whoever calls.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace sluice::stream {

// Ten seconds' worth may come at once (a key frame, a hiccup of the network made good); who is ahead of the
// rate by more has sent too much for too long.
class RateGuard {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  RateGuard(uint64_t kbit, TimePoint now)
      : bytes_per_second_(static_cast<double>(kbit) * 125),
        credit_(bytes_per_second_ * kSeconds),
        last_(now) {}

  // False: that was too much.
  bool take(uint64_t bytes, TimePoint now) {
    const double seconds = std::chrono::duration<double>(now - last_).count();
    last_ = now;
    credit_ = std::min(credit_ + seconds * bytes_per_second_, bytes_per_second_ * kSeconds);
    credit_ -= static_cast<double>(bytes);
    return credit_ >= 0;
  }

 private:
  static constexpr double kSeconds = 10;
  const double bytes_per_second_;
  double credit_;
  TimePoint last_;
};

}  // namespace sluice::stream
