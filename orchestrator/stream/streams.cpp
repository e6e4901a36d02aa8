#include "orchestrator/stream/streams.h"

#include <mutex>

namespace sluice::stream {

constexpr guint kTickMs = 1000;

Streams::Streams(Log& log, event::Events& events, size_t cache_bytes)
    : log_(log), events_(events), cache_(std::make_shared<m4f::PackageCache>(cache_bytes)) {}

Streams::~Streams() = default;

std::shared_ptr<Stream> Streams::make(const config::Stream& config) {
  return std::make_shared<Stream>(config, cache_, workers_, log_, events_);
}

void Streams::start(const std::vector<config::Stream>& streams, const std::vector<config::Template>&) {
  {
    std::unique_lock lock(mutex_);
    for (const config::Stream& config : streams) {
      auto stream = make(config);
      streams_.push_back(stream);
      by_name_.emplace(config.name, stream);
    }
  }
  for (const auto& stream : streams_) stream->start();
  ticker_ = Timer(kTickMs, [this] {
    const auto now = std::chrono::steady_clock::now();
    for (const auto& stream : streams_) stream->tick(now);
  });
}

void Streams::apply(const std::vector<config::Stream>& streams, const std::vector<config::Template>&,
                    const StreamChanges& changed) {
  std::vector<std::shared_ptr<Stream>> next, fresh;
  std::map<std::string, std::shared_ptr<Stream>, std::less<>> by_name;
  for (const config::Stream& config : streams) {
    const auto old = by_name_.find(config.name);
    std::shared_ptr<Stream> stream;
    if (old != by_name_.end() && !changed.contains(config.name)) {
      stream = old->second;
    } else {
      stream = fresh.emplace_back(make(config));
    }
    next.push_back(stream);
    by_name.emplace(config.name, std::move(stream));
  }
  {
    std::unique_lock lock(mutex_);
    streams_.swap(next);
    by_name_.swap(by_name);
  }
  for (const auto& stream : next) {
    const auto found = by_name_.find(stream->name());
    if (found == by_name_.end() || found->second != stream) stream->stop([stream] {});
  }
  for (const auto& stream : fresh) stream->start();
}

void Streams::stop(std::function<void()> done) {
  ticker_.stop();
  auto left = std::make_shared<size_t>(streams_.size());
  if (streams_.empty()) return post_to_main(std::move(done));
  for (const auto& stream : streams_)
    stream->stop([left, done] {
      if (--*left == 0) done();
    });
}

std::shared_ptr<StreamHandle> Streams::find(std::string_view name) const {
  std::shared_lock lock(mutex_);
  const auto it = by_name_.find(name);
  return it == by_name_.end() ? nullptr : it->second;
}

std::vector<std::shared_ptr<StreamHandle>> Streams::list() const {
  std::shared_lock lock(mutex_);
  return {streams_.begin(), streams_.end()};
}

}  // namespace sluice::stream
