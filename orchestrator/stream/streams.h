// All streams of a configuration.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "orchestrator/stream/stream.h"

namespace sluice::stream {

class Streams final : public Directory {
 public:
  // `cache_bytes`: limit of packaged segments kept for all streams together.
  Streams(Log& log, size_t cache_bytes);
  ~Streams() override;

  // Main loop's thread.
  void start(const std::vector<config::Stream>& streams);
  void stop(std::function<void()> done);

  std::shared_ptr<StreamHandle> find(std::string_view name) const override;
  std::vector<std::shared_ptr<StreamHandle>> list() const override;

 private:
  Log& log_;
  Workers workers_;
  std::shared_ptr<m4f::PackageCache> cache_;
  mutable std::shared_mutex mutex_;
  std::vector<std::shared_ptr<Stream>> streams_;  // file order
  std::map<std::string, std::shared_ptr<Stream>, std::less<>> by_name_;
  Timer ticker_;
};

}  // namespace sluice::stream
