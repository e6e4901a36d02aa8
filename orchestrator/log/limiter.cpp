#include "orchestrator/log/limiter.h"

#include <utility>

namespace sluice::logging {

bool Limiter::pass(uint64_t cause, config::LogLevel level, std::string_view line, Clock::time_point now) {
  constexpr uint64_t kShared = 0;
  if (entries_.size() >= kCauses && !entries_.contains(cause)) cause = kShared;
  const auto [at, fresh] = entries_.try_emplace(cause);
  Entry& entry = at->second;
  if (fresh) entry.since = now;
  // A minute that is over and held something back waits for take().
  if (now - entry.since >= kMinute && entry.held.count == 0) entry = {now, 0, {}};
  if (entry.written < kLines) {
    ++entry.written;
    return true;
  }
  entry.held.level = level;
  ++entry.held.count;
  entry.held.last = line;
  return false;
}

std::vector<Limiter::Held> Limiter::take(Clock::time_point now) {
  std::vector<Held> out;
  for (auto at = entries_.begin(); at != entries_.end();) {
    Entry& entry = at->second;
    if (now - entry.since < kMinute) {
      ++at;
      continue;
    }
    const bool quiet = entry.held.count == 0;
    if (!quiet) out.push_back(std::exchange(entry.held, {}));
    // Who was held back begins its next minute with what it has: a cause that goes on is told once a minute.
    entry.since = now;
    at = quiet ? entries_.erase(at) : std::next(at);
  }
  return out;
}

}  // namespace sluice::logging
