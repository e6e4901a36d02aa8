#include "orchestrator/http/sessions.h"

namespace sluice::http {
namespace {

constexpr int kTargets = 3;

// Keys are only told apart, never shown: a 64-bit hash stands for them.
uint64_t hash(const ViewerKey& key) {
  uint64_t out = 0xcbf29ce484222325;
  for (const std::string_view part : {key.ip, key.name, key.proto, key.token, key.user_agent}) {
    const uint64_t h = std::hash<std::string_view>()(part);
    out = (out ^ h) * 0x9e3779b97f4a7c15;
    out ^= out >> 29;
  }
  return out;
}

}  // namespace

Sessions::~Sessions() {
  sweep(Clock::time_point::max());
}

void Sessions::touch(const ViewerKey& key, const std::shared_ptr<stream::StreamHandle>& stream,
                     Clock::time_point now) {
  const uint64_t id = hash(key);
  Shard& shard = shards_[id % kShards];
  {
    std::lock_guard lock(shard.mutex);
    const auto found = shard.sessions.find(id);
    // A stream that was made anew under the same name begins to count anew.
    if (found != shard.sessions.end() && found->second.stream.lock() == stream) {
      found->second.last = now;
      return;
    }
    if (found == shard.sessions.end() && shard.sessions.size() >= max_per_shard_) return;
    const auto patience =
        std::chrono::duration_cast<Clock::duration>(stream->config().segment_duration * kTargets);
    shard.sessions[id] = {stream, now, patience};
  }
  stream->session_opened();
}

void Sessions::sweep(Clock::time_point now) {
  for (Shard& shard : shards_) {
    std::vector<std::shared_ptr<stream::StreamHandle>> closed;
    {
      std::lock_guard lock(shard.mutex);
      std::erase_if(shard.sessions, [&](auto& entry) {
        const Session& session = entry.second;
        auto stream = session.stream.lock();
        if (stream && now - session.last <= session.patience) return false;
        if (stream) closed.push_back(std::move(stream));
        return true;
      });
    }
    for (const auto& stream : closed) stream->session_closed();
  }
}

size_t Sessions::size() const {
  size_t total = 0;
  for (const Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    total += shard.sessions.size();
  }
  return total;
}

}  // namespace sluice::http
