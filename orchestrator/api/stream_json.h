// A stream as the API shows it.
#pragma once

#include <cstdint>
#include <string>

#include "orchestrator/api/config_json.h"
#include "orchestrator/api/json.h"
#include "orchestrator/stream/directory.h"

namespace sluice::api {

// The whole object: effective configuration, without passwords, and figures. `now_ms`: UTC. `stored`: its own
// configuration as the file has it; may be null.
json::Object stream_json(const stream::StreamHandle& stream, size_t position, int64_t now_ms,
                         json::Node stored = nullptr);
// What anybody may know of a stream: the list of /-/streams.
json::Object public_stream_json(const stream::StreamHandle& stream);
json::Object media_info_json(const stream::StreamStatus& status, const config::Stream& config);

}  // namespace sluice::api
