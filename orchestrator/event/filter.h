// Which events a sink wants.
#pragma once

#include <string_view>

#include "orchestrator/config/config.h"
#include "orchestrator/event/event.h"

namespace sluice::event {

struct Kind {
  std::string_view name;
  config::LogLevel level;  // how much it matters
};

// Every event that this server emits; docs/events.md describes them.
inline constexpr Kind kKinds[] = {
    {"server_started", config::LogLevel::kNotice},
    {"listener_start", config::LogLevel::kInfo},
    {"listener_failure", config::LogLevel::kError},
    {"config_reloaded", config::LogLevel::kNotice},
    {"session_opened", config::LogLevel::kInfo},
    {"session_closed", config::LogLevel::kInfo},
    {"stream_started", config::LogLevel::kInfo},
    {"stream_stopped", config::LogLevel::kInfo},
    {"stream_reconfigured", config::LogLevel::kInfo},
    {"stream_media_info", config::LogLevel::kInfo},
    {"stream_backup", config::LogLevel::kWarning},
    {"source_ready", config::LogLevel::kInfo},
    {"source_lost", config::LogLevel::kWarning},
    {"source_switch", config::LogLevel::kInfo},
    {"frames_timed_out", config::LogLevel::kWarning},
    {"frames_restored", config::LogLevel::kInfo},
    {"publish_started", config::LogLevel::kInfo},
    {"publish_stopped", config::LogLevel::kInfo},
    {"publish_forbidden", config::LogLevel::kWarning},
    {"push_opened", config::LogLevel::kInfo},
    {"push_started", config::LogLevel::kInfo},
    {"push_blocked", config::LogLevel::kWarning},
    {"push_restored", config::LogLevel::kInfo},
    {"push_closed", config::LogLevel::kInfo},
    {"udp_pusher_does_not_fit_cbr", config::LogLevel::kWarning},
};

// kInfo for a name that is none of these.
config::LogLevel level_of(std::string_view name);

// Whether a sink may ever be given an event of this name, by its level and what it says of `event`.
bool may_want(const config::EventSink& sink, std::string_view name);

// `*` in the pattern stands for any text, also none. Takes time of the product of both lengths at most.
bool matches(std::string_view pattern, std::string_view text);

// `except` is asked first: it drops what matches one of its conditions; then one of the `only`, if there are
// any, must match. "event" and "media" are fields like the others; a field that the event does not have
// matches nothing.
bool wants(const config::EventSink& sink, const Event& event);

}  // namespace sluice::event
