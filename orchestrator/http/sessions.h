// Who watches: viewers of segmented protocols, who have no connection of their own, so that one is who asked
// not long ago; and endless connections, each of which is one.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "m4fhttp/exchange.h"
#include "orchestrator/api/session_json.h"
#include "orchestrator/event/event.h"
#include "orchestrator/stream/directory.h"

namespace sluice::http {

struct Viewer {
  // What makes two requests the same viewer's.
  std::string_view ip, name, proto, token, user_agent;
  // Of the request that opened the session.
  std::string_view referer = {}, query = {};
  bool tls = false;
};

// How many may watch; empty = as many as want to.
struct SessionLimits {
  std::optional<int> stream, server;
};

// Thread-safe.
class Sessions final : public api::SessionList {
 public:
  using Clock = std::chrono::steady_clock;
  // More viewers at a time than `max_sessions` are served and not counted.
  // REQUIRES: `events` outlives the sessions, and these all that open() has given out.
  explicit Sessions(event::Events& events, size_t max_sessions = 200'000);
  ~Sessions() override;  // closes all

  // The viewer asks for something of the stream and gets `bytes`: opens a session, or keeps it open. False:
  // it would be a new one and there are as many as may be.
  bool touch(const Viewer& viewer, const std::shared_ptr<stream::StreamHandle>& stream,
             const SessionLimits& limits, uint64_t bytes, Clock::time_point now);
  // A connection is served until the session is destroyed. Null: there are as many as may be.
  std::unique_ptr<m4fhttp::LiveSession> open(const Viewer& viewer,
                                             std::shared_ptr<stream::StreamHandle> stream,
                                             const SessionLimits& limits);
  // Closes those that have asked for nothing within three target durations. To be called about once a second.
  void sweep(Clock::time_point now);
  size_t size() const;  // of segmented protocols
  std::vector<api::SessionInfo> sessions(std::string_view name) const override;

 private:
  static constexpr size_t kShards = 16;
  struct Session {
    std::weak_ptr<stream::StreamHandle> stream;
    Clock::time_point last;
    Clock::duration patience;
    api::SessionInfo info;
  };
  struct Shard {
    mutable std::mutex mutex;
    std::unordered_map<uint64_t, Session> sessions;  // guarded by mutex
  };
  class Live;

  bool admit(std::string_view name, const SessionLimits& limits);
  void leave(const std::string& name);
  void say_opened(const api::SessionInfo& info);
  void say_closed(const api::SessionInfo& info, const char* reason);

  event::Events& events_;
  const size_t max_per_shard_;
  std::array<Shard, kShards> shards_;

  mutable std::mutex count_mutex_;                 // guards what follows; taken after a shard's, if both
  std::map<std::string, int, std::less<>> count_;  // by stream, only those that have some
  int total_ = 0;
  std::set<const Live*> live_;
};

}  // namespace sluice::http
