// From GStreamer's errors to a line that tells an operator what to do.
#pragma once

#include <glib.h>

#include <string>
#include <string_view>

namespace sluice::stream {

// One line, without the library's file names and element paths. `debug` is GStreamer's second text.
std::string advice(const GError& error, std::string_view debug);

}  // namespace sluice::stream
