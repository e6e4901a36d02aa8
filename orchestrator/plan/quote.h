// Quoting for the two readers of a printed pipeline: gst-launch-1.0 and, around it, the shell.
#pragma once

#include <string>
#include <string_view>

namespace sluice::plan {

// A string property's value as gst-launch-1.0 reads it back, as one argument of its command line.
std::string launch_quoted(std::string_view value);

// One word of a POSIX shell.
std::string shell_quoted(std::string_view word);

}  // namespace sluice::plan
