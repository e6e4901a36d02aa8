// All streams of a configuration.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <shared_mutex>
#include <string>
#include <vector>

#include "orchestrator/config/field.h"
#include "orchestrator/event/event.h"
#include "orchestrator/stream/stream.h"

namespace sluice::stream {

// What became of the streams that another configuration changed: the strongest of its fields' classes.
// kListener does not occur. Streams that are not named are as they were.
using StreamChanges = std::map<std::string, config::Reload, std::less<>>;

class Streams final : public Directory {
 public:
  // `cache_bytes`: limit of packaged segments kept for all streams together. REQUIRES: `log` and `events`
  // outlive the streams.
  Streams(Log& log, event::Events& events, size_t cache_bytes);
  ~Streams() override;

  // Main loop's thread.
  void start(const std::vector<config::Stream>& streams, const std::vector<config::Template>& templates);
  // Takes over another configuration, without waiting: streams that are new start, those that are gone stop,
  // `changed` ones restart (kStream: another id, clients are cut), reconnect their inputs (kInput: spine and
  // clients stay) or go on with other values (kAtOnce). Streams made from a template go by the template.
  void apply(const std::vector<config::Stream>& streams, const std::vector<config::Template>& templates,
             const StreamChanges& changed);
  void stop(std::function<void()> done);

  std::shared_ptr<StreamHandle> find(std::string_view name) const override;
  std::shared_ptr<StreamHandle> find_or_make(std::string_view name) override { return find(name); }
  std::vector<std::shared_ptr<StreamHandle>> list() const override;

 private:
  std::shared_ptr<Stream> make(const config::Stream& config);

  Log& log_;
  event::Events& events_;
  Workers workers_;
  std::shared_ptr<m4f::PackageCache> cache_;
  mutable std::shared_mutex mutex_;
  std::vector<std::shared_ptr<Stream>> streams_;  // file order
  std::map<std::string, std::shared_ptr<Stream>, std::less<>> by_name_;
  Timer ticker_;
};

}  // namespace sluice::stream
