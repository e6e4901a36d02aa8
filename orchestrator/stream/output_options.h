// A stream's configuration as the media core's delivery understands it.
#pragma once

#include "m4f/delivery/delivery.h"
#include "orchestrator/config/config.h"

namespace sluice::stream {

// `low_latency`: the source comes frame by frame, not in segments.
m4f::DeliveryOptions delivery_options(const config::Stream& config, bool low_latency);

}  // namespace sluice::stream
