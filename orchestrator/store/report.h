// What became of a reload or an edit, for people.
#pragma once

#include <string>

#include "orchestrator/store/store.h"

namespace sluice::store {

// "streams: 1 added, 2 changed; listeners"
std::string summary(const config::Changes& changes);

// "file:line:column: text", on one line.
std::string one_line(const config::Diagnostic& diagnostic);

// All of it, with the lines that have errors; ends with a line end.
std::string report(const std::string& file, const Outcome& outcome);

}  // namespace sluice::store
