// Keeps a cause from filling the log: a few of its lines in a minute are written, the rest is counted and
// told in one.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "orchestrator/config/config.h"

namespace sluice::logging {

// Knows no clock. One thread at a time.
class Limiter {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr int kLines = 10;  // of one cause in a minute
  static constexpr std::chrono::seconds kMinute{60};
  static constexpr size_t kCauses = 10'000;  // remembered at a time; those beyond share one

  struct Held {
    config::LogLevel level;
    uint64_t count;
    std::string last;  // the newest line that was not written
  };

  // Whether the line may be written.
  bool pass(uint64_t cause, config::LogLevel level, std::string_view line, Clock::time_point now);
  // What was held back in minutes that are over: told once. To be called about once a second.
  std::vector<Held> take(Clock::time_point now);

 private:
  struct Entry {
    Clock::time_point since;
    int written = 0;
    Held held{};
  };
  std::unordered_map<uint64_t, Entry> entries_;
};

}  // namespace sluice::logging
