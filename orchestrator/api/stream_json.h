// A stream as the API shows it.
#pragma once

#include <cstdint>
#include <string>

#include "orchestrator/api/json.h"
#include "orchestrator/stream/directory.h"

namespace sluice::api {

// The whole object: effective configuration and figures. `now_ms`: UTC.
json::Object stream_json(const stream::StreamHandle& stream, size_t position, int64_t now_ms);
// What anybody may know of a stream: the list of /-/streams.
json::Object public_stream_json(const stream::StreamHandle& stream);
json::Object media_info_json(const stream::StreamStatus& status, const config::Stream& config);

// An URL without user and password.
std::string without_credentials(std::string_view url);

}  // namespace sluice::api
