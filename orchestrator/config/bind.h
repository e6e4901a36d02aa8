// From the tree of directives to typed values, by the tables; and the checks that concern several of them.
#pragma once

#include <vector>

#include "orchestrator/config/config.h"
#include "orchestrator/config/syntax.h"

namespace sluice::config {

Config bind(const std::vector<Directive>& directives, Reporter& reporter);
// file://LOCATION/FILE becomes a path below one of the location's storages: the first that has the file.
void resolve_files(Config& config, Reporter& reporter);
void validate(const Config& config, Reporter& reporter);

}  // namespace sluice::config
