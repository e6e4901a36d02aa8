// An event as text.
#pragma once

#include <map>
#include <string>

#include "orchestrator/event/sink.h"

namespace sluice::event {

// As filters compare it: "true", "12.5", the text itself.
std::string plain_text(const Value& value);

// What a sink adds to each of its events.
struct Extra {
  std::string server;                                      // empty = none
  std::map<std::string, std::string, std::less<>> values;  // an event's own fields win
};

// One JSON object on one line, without line end. `sequence` counts the events of one sink. Names and values
// that are no valid UTF-8 are repaired.
std::string json_text(const Stamped& event, uint64_t sequence, const Extra& extra);

// One line for people, without line end: `2026-11-20T13:05:37.050Z warning source_lost media=ort
// reason="..."`.
std::string log_text(const Stamped& event);

}  // namespace sluice::event
