// From a plan to GStreamer elements. The only place that makes them.
#pragma once

#include <functional>
#include <string>

#include "m4f/base/error.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/gst_ptr.h"

namespace sluice::stream {

// Adds the plan's elements to `bin` and links them. Pads that appear later are linked as they come; one that
// nothing takes is reported through `unlinked` (a line for an operator; called in a streaming thread).
// Errors: an element that this machine does not have (with the Debian package that brings it), a property
// value that its type refuses, elements that do not fit.
m4f::Result<void> build(const plan::Pipeline& plan, GstBin* bin, std::function<void(std::string)> unlinked);

}  // namespace sluice::stream
