// What GLib and GStreamer have to say goes into the daemon's log.
#pragma once

#include "orchestrator/log/log.h"

namespace sluice::logging {

// GLib's messages as they are leveled, its debugging at debug. GStreamer's errors and warnings at debug: what
// of them matters to an operator, its elements post as messages, and the stream that they belong to tells it.
// With GST_DEBUG in the environment GStreamer prints for itself. To be called once. REQUIRES: `log` lives as
// long as the process.
void take_library_messages(Log& log);

// The text without what changes from one time to the next: numbers and addresses.
std::string cause_of(std::string_view text);

}  // namespace sluice::logging
