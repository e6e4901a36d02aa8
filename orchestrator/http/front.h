// Everything that listens for HTTP: streams, the API, the player page. main.cpp makes one of it.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "m4f/base/error.h"
#include "orchestrator/config/config.h"
#include "orchestrator/event/bus.h"
#include "orchestrator/store/store.h"
#include "orchestrator/stream/directory.h"

namespace sluice::http {

struct FrontSettings {
  std::string version;                                // server_version of the API; empty = this build's
  unsigned threads = 0;                               // 0 = one per core
  const event::SinkDirectory* event_sinks = nullptr;  // shown by the API; outlives the front
};

class Front {
 public:
  // REQUIRES: `store`, `directory` and `events` outlive the front.
  Front(store::Store& store, stream::Directory& directory, event::Events& events,
        FrontSettings settings = {});
  ~Front();  // stop()

  // Opens every listener or none; an error says which port and what to do.
  m4f::Result<void> start();
  void stop();
  // The configuration's `max_sessions` from now on. Who watches already stays.
  void set_max_sessions(std::optional<int> limit);
  std::vector<uint16_t> ports() const;  // as the listeners of the configuration. REQUIRES: started

  // Other listeners, in two steps. prepare() opens what is new among them, all or none; those that stay as
  // they are keep their connections. An https listener whose certificate's files have changed is opened anew;
  // if that fails it goes on with the old certificate, and `warnings` says so. Then commit() closes what has
  // gone (who is connected there stays), or abandon() closes what is new. One thread at a time. REQUIRES:
  // started
  m4f::Result<void> prepare(const std::vector<config::Listener>& to, std::vector<std::string>& warnings);
  void commit();
  void abandon();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice::http
