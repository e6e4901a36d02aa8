// From a stream's configuration to the settings of its parts.
#pragma once

#include <string>

#include "m4f/ring/live_ring.h"
#include "orchestrator/config/config.h"
#include "orchestrator/stream/inputs.h"

namespace sluice::stream {

m4f::RingSettings ring_settings(const config::Stream& config);
InputsSetup inputs_setup(const config::Stream& config, const plan::StreamPlan& plan,
                         const std::optional<plan::InputPlan>& backup);

int64_t utc_ms();
std::string uuid();

}  // namespace sluice::stream
