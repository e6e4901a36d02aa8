// The pause between attempts at a source that does not come: growing, capped, jittered.
#pragma once

#include <chrono>
#include <cstdint>

namespace sluice::stream {

class Backoff {
 public:
  // `seed` makes streams that fail together come back apart.
  Backoff(std::chrono::milliseconds first, std::chrono::milliseconds cap, uint64_t seed);

  // Doubles from `first` up to `cap`; each value is spread over 75 to 100 % of itself, so never above `cap`.
  std::chrono::milliseconds next();
  void reset() { step_ = first_; }

 private:
  std::chrono::milliseconds first_, cap_, step_;
  uint64_t state_;
};

}  // namespace sluice::stream
