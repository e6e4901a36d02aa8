#include "orchestrator/http/arrival.h"

#include "m4fhttp/cors.h"

namespace sluice::http {
namespace {

using m4fhttp::Exchange;
using m4fhttp::ExchangePtr;
using stream::Presence;

// Rings tell of every change of a stream's presence.
class RingChanges final : public m4fhttp::ChangeSource {
 public:
  explicit RingChanges(m4f::RingPtr ring) : ring_(std::move(ring)) {}
  const void* identity() const override { return ring_.get(); }
  uint64_t version() const override { return ring_->version(); }
  std::shared_ptr<void> subscribe(std::function<void()> wake) override {
    return std::make_shared<m4f::LiveRing::Subscription>(ring_->subscribe(std::move(wake)));
  }

 private:
  const m4f::RingPtr ring_;
};

struct Arrival {
  std::shared_ptr<stream::StreamHandle> stream;
  std::function<void(const ExchangePtr&)> serve;
  Exchange::Clock::time_point deadline;
};

void refuse(Exchange& exchange, int status, const char* text) {
  m4fhttp::Response response{.status = status};
  m4fhttp::add_cors(response);
  response.add("Cache-Control", "max-age=1").add("Content-Type", "text/plain; charset=utf-8");
  if (status == 503) response.add("Retry-After", "2");
  exchange.reply(std::move(response.append(std::string_view(text))));
}

void go_on(Exchange& exchange, const std::shared_ptr<Arrival>& arrival, bool first) {
  const m4f::RingPtr& ring = arrival->stream->delivery().ring();
  const uint64_t seen = ring->version();  // before the look, so that no change is missed
  switch (first ? arrival->stream->demand() : arrival->stream->presence()) {
    case Presence::kHere:
      return arrival->serve(exchange.shared_from_this());
    case Presence::kResting:
      return refuse(exchange, 404, "The stream's sources are down.\n");
    case Presence::kOff:
      return refuse(exchange, 404, "The stream is switched off.\n");
    case Presence::kStarting:
      break;
  }
  if (Exchange::Clock::now() >= arrival->deadline)
    return refuse(exchange, 503, "The stream is being started: try again.\n");
  exchange.hold(std::make_shared<RingChanges>(ring), seen, arrival->deadline,
                [arrival](Exchange& e) { go_on(e, arrival, false); });
}

}  // namespace

void serve_when_here(const ExchangePtr& exchange, const std::shared_ptr<stream::StreamHandle>& stream,
                     std::function<void(const ExchangePtr&)> serve, std::chrono::milliseconds patience) {
  go_on(*exchange,
        std::make_shared<Arrival>(Arrival{stream, std::move(serve), Exchange::Clock::now() + patience}),
        true);
}

}  // namespace sluice::http
