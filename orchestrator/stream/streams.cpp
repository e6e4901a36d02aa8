#include "orchestrator/stream/streams.h"

#include <algorithm>
#include <mutex>

#include "orchestrator/config/names.h"
#include "orchestrator/config/templates.h"

namespace sluice::stream {
namespace {

constexpr guint kTickMs = 1000;
// Streams that requests have made, at a time: whoever invents names gets no more.
constexpr size_t kMostMade = 2000;

}  // namespace

Streams::Streams(Log& log, event::Events& events, size_t cache_bytes)
    : log_(log),
      events_(events),
      cache_(std::make_shared<m4f::PackageCache>(cache_bytes)),
      sender_(std::make_shared<m4fudp::Sender>()) {}

Streams::~Streams() = default;

Streams::StreamPtr Streams::make(const config::Stream& config, bool by_user) {
  return std::make_shared<Stream>(
      config,
      StreamContext{cache_, sender_, workers_, log_, events_,
                    [this](const std::string& name) { return find_or_make(name); }},
      by_user);
}

void Streams::start(const std::vector<config::Stream>& streams,
                    const std::vector<config::Template>& templates) {
  {
    std::unique_lock lock(mutex_);
    templates_ = templates;
    for (const config::Stream& config : streams) {
      auto stream = make(config, false);
      streams_.push_back(stream);
      by_name_.emplace(config.name, stream);
    }
  }
  for (const StreamPtr& stream : all()) stream->start();
  ticker_ = Timer(kTickMs, [this] { tick(); });
}

std::vector<Streams::StreamPtr> Streams::all() const {
  std::shared_lock lock(mutex_);
  std::vector<StreamPtr> out = streams_;
  out.insert(out.end(), made_.begin(), made_.end());
  return out;
}

void Streams::tick() {
  const TimePoint now = std::chrono::steady_clock::now();
  for (const StreamPtr& stream : all()) {
    stream->tick(now);
    if (stream->forgotten(now)) drop(stream);
  }
}

// One that a request has made goes.
void Streams::drop(const StreamPtr& stream) {
  {
    std::unique_lock lock(mutex_);
    std::erase(made_, stream);
    const auto found = by_name_.find(stream->name());
    if (found != by_name_.end() && found->second == stream) by_name_.erase(found);
  }
  stream->stop([stream] {});
}

void Streams::apply(const std::vector<config::Stream>& streams,
                    const std::vector<config::Template>& templates, const StreamChanges& changed) {
  std::vector<StreamPtr> next, fresh, gone;
  std::vector<std::pair<StreamPtr, const config::Stream*>> others;  // go on with other values
  std::map<std::string, StreamPtr, std::less<>> by_name;
  std::vector<config::Template> old_templates;
  {
    std::unique_lock lock(mutex_);
    for (const config::Stream& config : streams) {
      const auto old = by_name_.find(config.name);
      const auto change = changed.find(config.name);
      const bool known = old != by_name_.end() && !old->second->by_user();
      StreamPtr stream;
      if (known && (change == changed.end() || change->second < config::Reload::kStream)) {
        stream = old->second;
        if (change != changed.end()) others.emplace_back(stream, &config);
      } else {
        stream = fresh.emplace_back(make(config, false));
      }
      next.push_back(stream);
      by_name.emplace(config.name, std::move(stream));
    }
    for (const StreamPtr& stream : streams_) {
      const auto found = by_name.find(stream->name());
      if (found == by_name.end() || found->second != stream) gone.push_back(stream);
    }
    // A stream of the file takes the place of one that a request had made.
    std::erase_if(made_, [&](const StreamPtr& stream) {
      if (by_name.emplace(stream->name(), stream).second) return false;
      gone.push_back(stream);
      return true;
    });
    streams_.swap(next);
    by_name_.swap(by_name);
    old_templates = std::exchange(templates_, templates);
  }
  for (const StreamPtr& stream : gone) stream->stop([stream] {});
  for (const auto& [stream, config] : others)
    stream->change(*config, changed.find(config->name)->second == config::Reload::kInput);
  for (const StreamPtr& stream : fresh) stream->start();
  apply_templates(old_templates);
}

// Streams that came to be from a template which is another one now, or gone, end: they come again when
// somebody asks.
void Streams::apply_templates(const std::vector<config::Template>& before) {
  std::vector<StreamPtr> made;
  {
    std::shared_lock lock(mutex_);
    made = made_;
  }
  for (const StreamPtr& stream : made) {
    const config::Template* was = config::match_prefix(before, stream->name());
    const config::Template* is = config::match_prefix(templates_, stream->name());
    if (!was || !is || !(*was == *is)) drop(stream);
  }
}

void Streams::stop(std::function<void()> done) {
  ticker_.stop();
  std::vector<StreamPtr> streams = all();
  {
    std::unique_lock lock(mutex_);
    stopping_ = true;
  }
  auto left = std::make_shared<size_t>(streams.size());
  if (streams.empty()) return post_to_main(std::move(done));
  for (const StreamPtr& stream : streams)
    stream->stop([left, done] {
      if (--*left == 0) done();
    });
}

std::shared_ptr<StreamHandle> Streams::find(std::string_view name) const {
  std::shared_lock lock(mutex_);
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::shared_ptr<StreamHandle> Streams::find_or_make(std::string_view name) {
  if (auto stream = find(name)) return stream;
  std::unique_lock lock(mutex_);
  if (const auto it = by_name_.find(name); it != by_name_.end()) return it->second;
  const config::Template* from = config::match_prefix(templates_, name);
  if (!from || stopping_ || !config::stream_name_problem(name).empty()) return nullptr;
  if (made_.size() >= kMostMade) return nullptr;
  StreamPtr stream = make(config::instantiate(*from, name), true);
  made_.push_back(stream);
  by_name_.emplace(stream->name(), stream);
  post_to_main([stream] { stream->start(); });
  return stream;
}

std::vector<std::shared_ptr<StreamHandle>> Streams::list() const {
  const std::vector<StreamPtr> streams = all();
  return {streams.begin(), streams.end()};
}

}  // namespace sluice::stream
