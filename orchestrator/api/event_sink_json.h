// Event sinks as the API shows them.
#pragma once

#include "orchestrator/api/json.h"
#include "orchestrator/event/bus.h"

namespace sluice::api {

// Without secrets: the user and password of its URL, and the key that it signs by.
json::Object event_sink_json(const event::SinkStatus& sink);

}  // namespace sluice::api
