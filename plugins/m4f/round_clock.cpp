#include "m4f/round_clock.h"

#include <algorithm>

namespace sluice {
namespace {

// A round costs the opening of a file.
constexpr int64_t kShortest = 100'000'000;

}  // namespace

void RoundClock::note(size_t track, int64_t at, int64_t duration) {
  Track& t = tracks_[track];
  if (!t.first) t.first = t.last = at;
  t.duration = duration > 0 ? duration : at > t.last ? at - t.last : t.duration;
  t.last = std::max(t.last, at);
}

int64_t RoundClock::since_first(size_t track, int64_t at) const {
  const auto found = tracks_.find(track);
  return found == tracks_.end() ? 0 : at - *found->second.first;
}

int64_t RoundClock::length() const {
  int64_t longest = 0;
  for (const auto& [key, t] : tracks_) longest = std::max(longest, t.last + t.duration - *t.first);
  return m4f::Ticks::from_ns(longest).to_ns();
}

bool RoundClock::next_round() {
  const int64_t length = this->length();
  shift_ += length;
  tracks_.clear();
  return length >= kShortest;
}

}  // namespace sluice
