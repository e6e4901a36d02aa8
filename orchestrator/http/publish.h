// POST (or PUT) /NAME/mpegts: a publisher's request, whose body is the stream.
#pragma once

#include <memory>
#include <string_view>

#include "m4fhttp/exchange.h"
#include "orchestrator/stream/directory.h"

namespace sluice::http {

bool is_publishing(const m4fhttp::Exchange& exchange, std::string_view tail);

// Null: the publisher was refused and told why.
std::shared_ptr<m4fhttp::BodyReader> publish(const m4fhttp::ExchangePtr& exchange,
                                             const std::shared_ptr<stream::StreamHandle>& stream);

}  // namespace sluice::http
