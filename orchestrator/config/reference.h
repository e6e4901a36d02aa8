// docs/configuration.md, written from the tables.
#pragma once

#include <string>

namespace sluice::config {

std::string reference_text();

}  // namespace sluice::config
