// The events of the server itself.
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/event/event.h"

namespace sluice::event {

Event server_started(const std::string& version);
// `file`: the configuration that is in force from now on.
Event config_reloaded(const std::string& file);
// `port`: the one that is open, which the configuration may have left to the system.
Event listener_start(const config::Listener& listener, uint16_t port);
// Ports did not open; `reason` says which and what to do.
Event listener_failure(const std::string& reason);

}  // namespace sluice::event
