// Directives of an event sink.
#pragma once

#include "orchestrator/config/field.h"

namespace sluice::config {

inline constexpr Field<EventSink> kEventSinkFields[] = {
    {.name = "url",
     .member = &EventSink::url,
     .limits = {.min = 1, .max = 4095},
     .reload = Reload::kAtOnce,
     .help = "Where the events go: `http(s)://...` gets JSON by POST, `log://FILE` lines, `jsonlog://FILE` "
             "lines of "
             "JSON.",
     .alias = "sink"},
    {.name = "only",
     .member = Form::kFilter,
     .reload = Reload::kAtOnce,
     .help =
         "Only events whose fields match all pairs. Repeated: of at least one line. `*` stands for anything.",
     .value = "key=VALUE,VALUE ..."},
    {.name = "except",
     .member = Form::kFilter,
     .reload = Reload::kAtOnce,
     .help = "Not the events whose fields match all pairs; looked at first.",
     .value = "key=VALUE,VALUE ..."},
    {.name = "level",
     .member = &EventSink::level,
     .limits = {.unit = Unit::kLevel},
     .reload = Reload::kAtOnce,
     .help = "The least important events that are sent.",
     .value = "none|critical|alert|error|warning|notice|info|debug",
     .alias = "verbose"},
    {.name = "sign_key",
     .member = &EventSink::sign_key,
     .limits = {.min = 1, .max = 1024},
     .reload = Reload::kAtOnce,
     .help = "http: the header `X-Signature` is the SHA1 of the body and this key, in hex."},
    {.name = "throttle_delay",
     .member = &EventSink::throttle_delay,
     .limits = {.unit = Unit::kSeconds, .min = 0, .max = 3600, .can_be_off = true},
     .reload = Reload::kAtOnce,
     .help = "Events are collected for so long and sent together; more than 100 go at once."},
    {.name = "resend_limit",
     .member = &EventSink::resend_limit,
     .limits = {.unit = Unit::kCount, .min = 0, .max = 100'000, .can_be_off = true},
     .reload = Reload::kAtOnce,
     .help = "Events that are kept for a receiver that fails; 1000 without this.",
     .alias = "resend_notifications_limit"},
    {.name = "resend_timeout",
     .member = &EventSink::resend_timeout,
     .limits = {.unit = Unit::kSeconds, .min = 1, .max = kDay},
     .reload = Reload::kAtOnce,
     .help = "Pause before they are sent again.",
     .alias = "resend_notifications_timeout"},
    {.name = "max_size",
     .member = &EventSink::max_size,
     .limits = {.unit = Unit::kBytes, .min = 1024, .max = int64_t{1} << 40},
     .reload = Reload::kAtOnce,
     .help = "log, jsonlog: the file is turned over at this size; never without this."},
    {.name = "max_depth",
     .member = &EventSink::max_depth,
     .limits = {.unit = Unit::kCount, .min = 0, .max = 1000},
     .reload = Reload::kAtOnce,
     .help = "log, jsonlog: how many old files are kept; 5 without this."},
};

inline constexpr std::string_view kEventSinkUnsupported[] = {"buffer", "comment", "disabled"};

}  // namespace sluice::config
