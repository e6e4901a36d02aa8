#include "orchestrator/stream/streams.h"

#include <mutex>

namespace sluice::stream {

constexpr guint kTickMs = 1000;

Streams::Streams(Log& log, size_t cache_bytes)
    : log_(log), cache_(std::make_shared<m4f::PackageCache>(cache_bytes)) {}

Streams::~Streams() = default;

void Streams::start(const std::vector<config::Stream>& streams) {
  {
    std::unique_lock lock(mutex_);
    for (const config::Stream& config : streams) {
      auto stream = std::make_shared<Stream>(config, cache_, workers_, log_);
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
