// Golden files: what a test makes is compared with a file of the project; `--update` writes the file anew.
#pragma once

#include <string>

namespace sluice::testing {

// Compares `text` with the file at `path`, or writes it there under --update.
void expect_golden(const std::string& path, const std::string& text);

}  // namespace sluice::testing
