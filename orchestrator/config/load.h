// flussonic.conf -> typed configuration, or what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/config/config.h"
#include "orchestrator/config/diagnostic.h"

namespace sluice::config {

struct LoadResult {
  std::optional<Config> config;         // empty if there is any error
  std::vector<Diagnostic> diagnostics;  // all errors and warnings, by place
};

// `name` stands in places and messages.
LoadResult load_text(std::string_view text, std::string name);
LoadResult load_file(const std::string& path);

}  // namespace sluice::config
