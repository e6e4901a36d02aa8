// Viewers who come to a stream that rests: they start it, and wait for it without a thread.
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "m4fhttp/exchange.h"
#include "orchestrator/stream/directory.h"

namespace sluice::http {

// Longest wait for a stream that starts; players and proxies wait longer.
constexpr std::chrono::milliseconds kArrivalPatience(8000);

// Calls `serve` once the stream has something to be served, now or later. If it has not in time the answer is
// 503 with Retry-After; if it does not come at all, 404. For requests that a viewer begins with.
void serve_when_here(const m4fhttp::ExchangePtr& exchange,
                     const std::shared_ptr<stream::StreamHandle>& stream,
                     std::function<void(const m4fhttp::ExchangePtr&)> serve,
                     std::chrono::milliseconds patience = kArrivalPatience);

}  // namespace sluice::http
