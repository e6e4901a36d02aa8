#include "orchestrator/event/server_events.h"

namespace sluice::event {

Event server_started(const std::string& version) {
  return {"server_started", "", {{"version", version}}};
}

Event config_reloaded(const std::string& file) {
  return {"config_reloaded", "", {{"file", file}}};
}

Event listener_start(const config::Listener& listener, uint16_t port) {
  return {"listener_start",
          "",
          {{"proto", std::string(listener.tls ? "https" : "http")},
           {"address", listener.address},
           {"port", int64_t{port}}}};
}

Event listener_failure(const std::string& reason) {
  return {"listener_failure", "", {{"reason", reason}}};
}

}  // namespace sluice::event
