// From the tree of directives to typed values, by the tables; and the checks that concern several of them.
#pragma once

#include <span>
#include <vector>

#include "orchestrator/config/config.h"
#include "orchestrator/config/syntax.h"

namespace sluice::config {

// One parsed file.
struct Document {
  Reporter* reporter = nullptr;
  std::vector<Directive> directives;
};

// All files together, in order: they may name what stands in the others.
Config bind(std::span<Document> documents);
// file://LOCATION/FILE becomes a path below one of the location's storages: the first that has the file.
void resolve_files(Config& config, Reporters& reporters);
void validate(const Config& config, Reporters& reporters);

}  // namespace sluice::config
