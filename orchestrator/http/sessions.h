// Viewers of segmented protocols: they have no connection of their own, so one is who asked not long ago.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "orchestrator/stream/directory.h"

namespace sluice::http {

// What makes two requests the same viewer's.
struct ViewerKey {
  std::string_view ip, name, proto, token, user_agent;
};

// Thread-safe.
class Sessions {
 public:
  using Clock = std::chrono::steady_clock;
  // More viewers at a time are served and not counted.
  explicit Sessions(size_t max_sessions = 200'000) : max_per_shard_(max_sessions / kShards) {}
  ~Sessions();  // closes all

  // The viewer asked for something of the stream: opens a session, or keeps it open.
  void touch(const ViewerKey& key, const std::shared_ptr<stream::StreamHandle>& stream,
             Clock::time_point now);
  // Closes those that have asked for nothing within three target durations. To be called about once a second.
  void sweep(Clock::time_point now);
  size_t size() const;

 private:
  static constexpr size_t kShards = 16;
  struct Session {
    std::weak_ptr<stream::StreamHandle> stream;
    Clock::time_point last;
    Clock::duration patience;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<uint64_t, Session> sessions;  // guarded by mutex
  };
  const size_t max_per_shard_;
  std::array<Shard, kShards> shards_;
};

}  // namespace sluice::http
