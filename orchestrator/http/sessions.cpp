#include "orchestrator/http/sessions.h"

#include <glib.h>

#include <algorithm>
#include <tuple>

namespace sluice::http {
namespace {

constexpr int kTargets = 3;
constexpr size_t kMaxText = 512;  // of what a client says of itself, each

// Keys are only told apart, never shown: a 64-bit hash stands for them.
uint64_t hash(const Viewer& viewer) {
  uint64_t out = 0xcbf29ce484222325;
  for (const std::string_view part :
       {viewer.ip, viewer.name, viewer.proto, viewer.token, viewer.user_agent}) {
    const uint64_t h = std::hash<std::string_view>()(part);
    out = (out ^ h) * 0x9e3779b97f4a7c15;
    out ^= out >> 29;
  }
  return out;
}

int64_t utc_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string uuid() {
  gchar* text = g_uuid_string_random();
  std::string out(text);
  g_free(text);
  return out;
}

api::SessionInfo info_of(const Viewer& viewer) {
  const auto text = [](std::string_view t) { return std::string(t.substr(0, kMaxText)); };
  api::SessionInfo info;
  info.id = uuid();
  info.name = viewer.name;
  info.proto = viewer.proto;
  info.ip = viewer.ip;
  info.token = text(viewer.token);
  info.user_agent = text(viewer.user_agent);
  info.referer = text(viewer.referer);
  info.query_string = text(viewer.query);
  info.tls = viewer.tls;
  info.opened_at_ms = info.updated_at_ms = utc_ms();
  return info;
}

event::Event event_of(const char* name, const api::SessionInfo& info) {
  event::Event event{name,
                     info.name,
                     {{"id", info.id},
                      {"type", std::string("play")},
                      {"proto", info.proto},
                      {"ip", info.ip},
                      {"bytes", static_cast<int64_t>(info.bytes)},
                      {"ssl", info.tls},
                      {"opened_at", info.opened_at_ms}}};
  const auto add = [&event](const char* field, const std::string& text) {
    if (!text.empty()) event.fields.emplace_back(field, text);
  };
  add("token", info.token);
  add("user_agent", info.user_agent);
  add("referer", info.referer);
  add("query_string", info.query_string);
  return event;
}

}  // namespace

// A connection that is served endlessly.
class Sessions::Live final : public m4fhttp::LiveSession {
 public:
  Live(Sessions& sessions, const Viewer& viewer, std::shared_ptr<stream::StreamHandle> stream)
      : sessions_(sessions), stream_(std::move(stream)), info_(info_of(viewer)) {
    {
      std::lock_guard lock(sessions_.count_mutex_);
      sessions_.live_.insert(this);
    }
    stream_->session_opened();
    sessions_.say_opened(info_);
  }
  ~Live() override {
    {
      std::lock_guard lock(sessions_.count_mutex_);
      sessions_.live_.erase(this);
    }
    sessions_.leave(info_.name);
    stream_->session_closed();
    sessions_.say_closed(info(), "closed");
  }
  void sent(uint64_t bytes) override {
    stream_->add_bytes_out(bytes);
    bytes_.fetch_add(bytes, std::memory_order_relaxed);
    updated_at_ms_.store(utc_ms(), std::memory_order_relaxed);
  }
  const std::string& name() const { return info_.name; }
  api::SessionInfo info() const {
    api::SessionInfo info = info_;
    info.bytes = bytes_;
    info.updated_at_ms = std::max(info.updated_at_ms, updated_at_ms_.load());
    return info;
  }

 private:
  Sessions& sessions_;
  const std::shared_ptr<stream::StreamHandle> stream_;
  const api::SessionInfo info_;
  std::atomic<uint64_t> bytes_{0};
  std::atomic<int64_t> updated_at_ms_{0};
};

Sessions::Sessions(event::Events& events, size_t max_sessions)
    : events_(events), max_per_shard_(max_sessions / kShards) {}

Sessions::~Sessions() {
  sweep(Clock::time_point::max());
}

bool Sessions::admit(std::string_view name, const SessionLimits& limits) {
  std::lock_guard lock(count_mutex_);
  if (limits.server && total_ >= *limits.server) return false;
  auto found = count_.find(name);
  if (limits.stream && (found == count_.end() ? 0 : found->second) >= *limits.stream) return false;
  if (found == count_.end()) found = count_.emplace(name, 0).first;
  ++found->second;
  ++total_;
  return true;
}

void Sessions::leave(const std::string& name) {
  std::lock_guard lock(count_mutex_);
  --total_;
  const auto found = count_.find(name);
  if (--found->second == 0) count_.erase(found);
}

bool Sessions::touch(const Viewer& viewer, const std::shared_ptr<stream::StreamHandle>& stream,
                     const SessionLimits& limits, uint64_t bytes, Clock::time_point now) {
  const uint64_t id = hash(viewer);
  Shard& shard = shards_[id % kShards];
  std::optional<api::SessionInfo> fresh;
  std::shared_ptr<stream::StreamHandle> old;
  {
    std::lock_guard lock(shard.mutex);
    const auto found = shard.sessions.find(id);
    if (found != shard.sessions.end()) {
      found->second.last = now;
      found->second.info.bytes += bytes;
      old = found->second.stream.lock();
      if (old == stream) return true;
      // A stream that was made anew under the same name goes on with its viewers.
      found->second.stream = stream;
    } else {
      if (shard.sessions.size() >= max_per_shard_) return true;
      if (!admit(viewer.name, limits)) return false;
      const auto patience =
          std::chrono::duration_cast<Clock::duration>(stream->shared_config()->segment_duration * kTargets);
      fresh = info_of(viewer);
      shard.sessions[id] = {stream, now, patience, *fresh};
      shard.sessions[id].info.bytes = bytes;
    }
  }
  stream->session_opened();
  if (old) old->session_closed();
  if (fresh) say_opened(*fresh);
  return true;
}

std::unique_ptr<m4fhttp::LiveSession> Sessions::open(const Viewer& viewer,
                                                     std::shared_ptr<stream::StreamHandle> stream,
                                                     const SessionLimits& limits) {
  if (!admit(viewer.name, limits)) return nullptr;
  return std::make_unique<Live>(*this, viewer, std::move(stream));
}

void Sessions::sweep(Clock::time_point now) {
  for (Shard& shard : shards_) {
    std::vector<Session> closed;
    {
      std::lock_guard lock(shard.mutex);
      for (auto at = shard.sessions.begin(); at != shard.sessions.end();) {
        Session& session = at->second;
        const bool over = session.stream.expired() || now - session.last > session.patience;
        if (over) closed.push_back(std::move(session));
        at = over ? shard.sessions.erase(at) : std::next(at);
      }
    }
    for (const Session& session : closed) {
      leave(session.info.name);
      const auto stream = session.stream.lock();
      if (stream) stream->session_closed();
      say_closed(session.info, stream ? "timeout" : "stream_stopped");
    }
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

std::vector<api::SessionInfo> Sessions::sessions(std::string_view name) const {
  std::vector<api::SessionInfo> out;
  const auto now = Clock::now();
  const int64_t now_ms = utc_ms();
  for (const Shard& shard : shards_) {
    std::lock_guard lock(shard.mutex);
    for (const auto& [id, session] : shard.sessions) {
      if (!name.empty() && session.info.name != name) continue;
      out.push_back(session.info);
      const auto since = std::chrono::duration_cast<std::chrono::milliseconds>(now - session.last).count();
      out.back().updated_at_ms = std::max(session.info.opened_at_ms, now_ms - since);
    }
  }
  {
    std::lock_guard lock(count_mutex_);
    for (const Live* live : live_)
      if (name.empty() || live->name() == name) out.push_back(live->info());
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) {
    return std::tie(a.opened_at_ms, a.id) < std::tie(b.opened_at_ms, b.id);
  });
  return out;
}

void Sessions::say_opened(const api::SessionInfo& info) {
  events_.emit(event_of("session_opened", info));
}

void Sessions::say_closed(const api::SessionInfo& info, const char* reason) {
  const int64_t now = utc_ms();
  event::Event event = event_of("session_closed", info);
  event.fields.emplace_back("closed_at", now);
  event.fields.emplace_back("duration", std::max<int64_t>((now - info.opened_at_ms) / 1000, 0));
  event.fields.emplace_back("reason", std::string(reason));
  events_.emit(std::move(event));
}

}  // namespace sluice::http
