// Playlists that were just rendered.
#pragma once

#include <mutex>
#include <string>
#include <unordered_map>

#include "m4f/base/bytes.h"

namespace m4f {

// Playlists as they stand at one state of the ring: thousands of players poll the same few.
class Rendered {
 public:
  // What playlists depend on: the ring's version and how far its newest segment has grown.
  struct State {
    uint64_t version = 0;
    size_t frames = 0;
    bool sealed = false;
    unsigned target_duration = 0;
    bool operator==(const State&) const = default;
  };

  template <typename Make>
  SharedBytes get(const State& state, const std::string& key, Make make) {
    {
      const std::lock_guard lock(mutex_);
      if (!(state == state_)) {
        entries_.clear();
        bytes_ = 0;
        state_ = state;
      } else if (auto found = entries_.find(key); found != entries_.end()) {
        return found->second;
      }
    }
    const std::string text = make();
    auto body = std::make_shared<const Bytes>(text.begin(), text.end());
    const std::lock_guard lock(mutex_);
    const size_t size = body->size() + key.size();
    if (state == state_ && entries_.size() < kMaxEntries && bytes_ + size <= kMaxBytes &&
        entries_.emplace(key, body).second)
      bytes_ += size;
    return body;
  }

 private:
  static constexpr size_t kMaxEntries = 64;
  static constexpr size_t kMaxBytes = 256 << 10;

  std::mutex mutex_;
  State state_;
  size_t bytes_ = 0;
  std::unordered_map<std::string, SharedBytes> entries_;
};

}  // namespace m4f
