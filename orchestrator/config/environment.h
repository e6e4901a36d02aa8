// What the environment says beside the files: containers set a port and a login there.
#pragma once

#include "orchestrator/config/config.h"
#include "orchestrator/config/diagnostic.h"

namespace sluice::config {

// The value of a variable; null if it is not set.
using Environment = const char* (*)(const char* name);
const char* process_environment(const char* name);

// STREAMER_HTTP adds a listener, unless the files have it; STREAMER_EDIT_AUTH counts more than the files'
// edit_auth. FLUSSONIC_HTTP and FLUSSONIC_EDIT_AUTH are older names. Known variables without effect here are
// warned about.
void read_environment(Config& config, Reporters& reporters, Environment environment);

}  // namespace sluice::config
