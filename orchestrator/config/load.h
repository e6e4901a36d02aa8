// flussonic.conf -> typed configuration, or what is wrong with it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/config/config.h"
#include "orchestrator/config/diagnostic.h"
#include "orchestrator/config/environment.h"

namespace sluice::config {

struct LoadResult {
  std::optional<Config> config;         // empty if there is any error
  std::vector<Diagnostic> diagnostics;  // all errors and warnings, by place
};

// A file of the configuration and what it holds.
struct SourceFile {
  std::string path, text;
  bool operator==(const SourceFile&) const = default;
};

// The files that make up the configuration at `path`, in the order in which they are read: that file, then
// those of the directory PATH.d whose names end in ".conf", by name. Nothing, if one cannot be read:
// `problem` says why.
std::optional<std::vector<SourceFile>> read_sources(const std::string& path, Diagnostic& problem);
// Reading is apart from loading so that an edit of one file can be tried before it is saved.
// They count as one file, with the environment added to them (see environment.h).
LoadResult load_sources(const std::vector<SourceFile>& sources,
                        Environment environment = process_environment);

// A text alone, without the environment. `name` stands in places and messages.
LoadResult load_text(std::string_view text, std::string name);
LoadResult load_file(const std::string& path);

}  // namespace sluice::config
