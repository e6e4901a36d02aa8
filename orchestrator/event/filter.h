// Which events a sink wants.
#pragma once

#include <string_view>

#include "orchestrator/config/config.h"
#include "orchestrator/event/event.h"

namespace sluice::event {

// How much an event matters, by its name.
config::LogLevel level_of(std::string_view name);

// Every event that this server emits.
inline constexpr std::string_view kNames[] = {
    "server_started", "listener_start",   "listener_failure", "config_reloaded",  "session_opened",
    "session_closed", "stream_started",   "stream_stop",      "stream_stopped",   "stream_reconfigured",
    "source_ready",   "source_lost",      "source_switch",    "frames_timed_out", "frames_restored",
    "stream_backup",  "stream_media_info"};

// Whether a sink may ever be given an event of this name, by its level and what it says of `event`.
bool may_want(const config::EventSink& sink, std::string_view name);

// `*` in the pattern stands for any text, also none. Takes time of the product of both lengths at most.
bool matches(std::string_view pattern, std::string_view text);

// `except` is asked first: it drops what matches one of its conditions; then one of the `only`, if there are
// any, must match. "event" and "media" are fields like the others; a field that the event does not have
// matches nothing.
bool wants(const config::EventSink& sink, const Event& event);

}  // namespace sluice::event
