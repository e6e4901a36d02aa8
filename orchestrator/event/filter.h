// Which events a sink wants.
#pragma once

#include <string_view>

#include "orchestrator/config/config.h"
#include "orchestrator/event/event.h"

namespace sluice::event {

// How much an event matters, by its name.
config::LogLevel level_of(std::string_view name);

// `*` in the pattern stands for any text, also none. Takes time of the product of both lengths at most.
bool matches(std::string_view pattern, std::string_view text);

// `except` is asked first: it drops what matches one of its conditions; then one of the `only`, if there are
// any, must match. "event" and "media" are fields like the others; a field that the event does not have
// matches nothing.
bool wants(const config::EventSink& sink, const Event& event);

}  // namespace sluice::event
