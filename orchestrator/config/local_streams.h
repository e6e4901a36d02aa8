// Inputs that are other streams of this server: copy://STREAM and mixer://A,B.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/config/bind.h"

namespace sluice::config {

// The streams that an URL names, as written: one for copy://, two for mixer://; empty if it is neither, or
// does not name as many.
std::vector<std::string> local_streams(std::string_view url);

// Streams that are made of each other: an error each. Names that nothing has: a warning.
void check_local_streams(const Config& config, Reporters& reporter);

}  // namespace sluice::config
