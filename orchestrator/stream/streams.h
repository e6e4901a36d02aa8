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
  // After stop(): whether every pipeline came down; those on their way are waited for, a moment at most.
  bool all_down() const { return workers_.wait_until_idle(std::chrono::milliseconds(500)); }

  std::shared_ptr<StreamHandle> find(std::string_view name) const override;
  std::shared_ptr<StreamHandle> find_or_make(std::string_view name) override;
  std::vector<std::shared_ptr<StreamHandle>> list() const override;

 private:
  using StreamPtr = std::shared_ptr<Stream>;
  StreamPtr make(const config::Stream& config, bool by_user);
  std::vector<StreamPtr> all() const;
  void tick();
  void drop(const StreamPtr& stream);
  void apply_templates(const std::vector<config::Template>& before);

  Log& log_;
  event::Events& events_;
  Workers workers_;
  std::shared_ptr<m4f::PackageCache> cache_;
  const std::shared_ptr<m4fudp::Sender> sender_;  // one thread for all pushes
  Timer ticker_;
  bool stopping_ = false;

  mutable std::shared_mutex mutex_;  // guards what follows; streams are called without it
  std::vector<StreamPtr> streams_;   // file order
  std::vector<StreamPtr> made_;      // by requests, in their order
  std::map<std::string, StreamPtr, std::less<>> by_name_;  // of both
  std::vector<config::Template> templates_;
};

}  // namespace sluice::stream
