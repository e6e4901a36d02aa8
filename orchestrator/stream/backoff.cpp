#include "orchestrator/stream/backoff.h"

#include <algorithm>

namespace sluice::stream {

Backoff::Backoff(std::chrono::milliseconds first, std::chrono::milliseconds cap, uint64_t seed)
    : first_(first), cap_(std::max(first, cap)), step_(first), state_(seed * 2654435761u + 1) {}

std::chrono::milliseconds Backoff::next() {
  state_ = state_ * 6364136223846793005u + 1442695040888963407u;   // Knuth's LCG: spread, not secrecy
  const auto spread = static_cast<int64_t>((state_ >> 33) % 251);  // 0..250 permille
  const auto pause = step_ - step_ * spread / 1000;
  step_ = std::min(step_ * 2, cap_);
  return pause;
}

}  // namespace sluice::stream
