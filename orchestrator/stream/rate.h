// Bytes per second over the last seconds, from a counter that only rises.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace sluice::stream {

class Rate {
 public:
  // Feeds the counter's value; call about once a second. Returns kbit/s over the last ten values.
  uint32_t update(uint64_t counter, std::chrono::steady_clock::time_point now) {
    const Sample sample{counter, now};
    const Sample& oldest = samples_[count_ < samples_.size() ? 0 : count_ % samples_.size()];
    const Sample from = count_ ? oldest : sample;
    samples_[count_ % samples_.size()] = sample;
    ++count_;
    const double seconds = std::chrono::duration<double>(sample.at - from.at).count();
    if (seconds <= 0 || sample.counter < from.counter) return 0;
    return static_cast<uint32_t>(static_cast<double>(sample.counter - from.counter) * 8 / 1000 / seconds +
                                 0.5);
  }

 private:
  struct Sample {
    uint64_t counter = 0;
    std::chrono::steady_clock::time_point at;
  };
  std::array<Sample, 10> samples_;
  size_t count_ = 0;
};

}  // namespace sluice::stream
