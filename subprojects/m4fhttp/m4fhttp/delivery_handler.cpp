#include "m4fhttp/delivery_handler.h"

#include <map>
#include <mutex>

#include "m4fhttp/cors.h"
#include "m4fhttp/delivery_response.h"

namespace m4fhttp {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

class RingSource final : public ChangeSource {
 public:
  explicit RingSource(m4f::RingPtr ring) : ring_(std::move(ring)) {}
  const void* identity() const override { return ring_.get(); }
  uint64_t version() const override { return ring_->version(); }
  std::shared_ptr<void> subscribe(std::function<void()> wake) override {
    return std::make_shared<m4f::LiveRing::Subscription>(ring_->subscribe(std::move(wake)));
  }

 private:
  const m4f::RingPtr ring_;
};

class TsFeed final : public LiveFeed {
 public:
  TsFeed(m4f::RingPtr ring, m4f::LiveTsOptions options)
      : ring_(ring), ts_(std::move(ring), std::move(options)) {}
  bool read(Cursor& cursor, size_t max_bytes, std::vector<m4f::SharedBytes>& out) override {
    return ts_.read(cursor, max_bytes, out);
  }
  bool ended() override { return ts_.ended(); }
  std::shared_ptr<void> subscribe(std::function<void()> wake) override {
    return std::make_shared<m4f::LiveRing::Subscription>(ring_->subscribe(std::move(wake), true));
  }

 private:
  const m4f::RingPtr ring_;
  m4f::LiveTs ts_;
};

Response refusal() {
  Response response{.status = 403};
  add_cors(response);
  response.add("Cache-Control", "no-store");
  return response;
}

}  // namespace

struct DeliveryHandler::Impl {
  // What is asked, as long as it is not answered. Views and references of the caller while nothing waits.
  struct Asked {
    const std::shared_ptr<m4f::Delivery>& delivery;
    std::string_view tail;
    const std::shared_ptr<DeliveryHooks>& hooks;
  };
  // The same of a request that waits.
  struct Waiting {
    std::shared_ptr<m4f::Delivery> delivery;
    std::string tail;
    std::shared_ptr<DeliveryHooks> hooks;
    Exchange::Clock::time_point since, deadline;
    Asked asked() const { return {delivery, tail, hooks}; }
  };

  void attempt(Exchange& exchange, const Asked& asked, const std::shared_ptr<Waiting>& waiting);
  void wait(Exchange& exchange, const Asked& asked, std::shared_ptr<Waiting> waiting, milliseconds at_most,
            uint64_t seen);
  void go_live(Exchange& exchange, const Asked& asked, const m4f::DeliveryReply& reply);
  std::shared_ptr<TsFeed> feed(const m4f::RingPtr& ring, const m4f::LiveTsOptions& options);

  GzipCache gzip;
  std::mutex mutex;
  // One packaging per ring and options, as long as somebody watches. A feed keeps its ring, so an address
  // that is found alive is the right one.
  std::map<std::pair<const m4f::LiveRing*, std::string>, std::weak_ptr<TsFeed>> feeds;  // guarded by mutex
};

DeliveryHandler::DeliveryHandler() : impl_(std::make_unique<Impl>()) {}

DeliveryHandler::~DeliveryHandler() = default;

void DeliveryHandler::serve(const ExchangePtr& exchange, std::shared_ptr<m4f::Delivery> delivery,
                            std::string_view tail, std::shared_ptr<DeliveryHooks> hooks) {
  switch (exchange->method) {
    case Method::kGet:
    case Method::kHead:
      return impl_->attempt(*exchange, {delivery, tail, hooks}, nullptr);
    case Method::kOptions:
      return exchange->reply(preflight());
    default: {
      Response response{.status = 405};
      add_cors(response);
      response.add("Allow", "GET, HEAD, OPTIONS");
      return exchange->reply(std::move(response));
    }
  }
}

void DeliveryHandler::Impl::attempt(Exchange& exchange, const Asked& asked,
                                    const std::shared_ptr<Waiting>& waiting) {
  const uint64_t seen =
      asked.delivery->ring()->version();  // before the look at the ring, so that no change is missed
  const milliseconds waited =
      waiting ? duration_cast<milliseconds>(Exchange::Clock::now() - waiting->since) : milliseconds(0);
  m4f::DeliveryReply reply =
      asked.delivery->handle({asked.tail, exchange.target.query, exchange.header("accept")},
                             std::chrono::system_clock::now(), waited);
  switch (reply.kind) {
    case m4f::DeliveryReply::Kind::kWait:
      return wait(exchange, asked, waiting, reply.wait_at_most, seen);
    case m4f::DeliveryReply::Kind::kLiveTs:
      return go_live(exchange, asked, reply);
    case m4f::DeliveryReply::Kind::kBody:
      break;
  }
  const std::string proto = std::move(reply.proto);
  Response response =
      to_response(std::move(reply),
                  {exchange.method, exchange.header("if-none-match"), exchange.header("if-range"),
                   exchange.header("range"), exchange.header("accept-encoding")},
                  gzip);
  const uint64_t bytes = exchange.method == Method::kGet ? response.size() : 0;
  if (asked.hooks && !asked.hooks->answered(exchange, proto, response.status, bytes))
    return exchange.reply(refusal());
  exchange.reply(std::move(response));
}

void DeliveryHandler::Impl::wait(Exchange& exchange, const Asked& asked, std::shared_ptr<Waiting> waiting,
                                 milliseconds at_most, uint64_t seen) {
  const auto now = Exchange::Clock::now();
  if (!waiting) {
    waiting = std::make_shared<Waiting>(
        Waiting{asked.delivery, std::string(asked.tail), asked.hooks, now, now + at_most});
  } else if (now >= waiting->deadline) {
    // The core answers within the time that it asked for; a request that it would hold on to is let go.
    Response response{.status = 503};
    add_cors(response);
    response.add("Retry-After", "1");
    return exchange.reply(std::move(response));
  }
  exchange.hold(std::make_shared<RingSource>(asked.delivery->ring()), seen, waiting->deadline,
                [this, waiting](Exchange& e) { attempt(e, waiting->asked(), waiting); });
}

void DeliveryHandler::Impl::go_live(Exchange& exchange, const Asked& asked, const m4f::DeliveryReply& reply) {
  Response response{.status = reply.status};
  add_cors(response);
  if (!reply.content_type.empty()) response.add("Content-Type", reply.content_type);
  response.add("Cache-Control", reply.cache_control.empty() ? "no-store" : reply.cache_control);
  std::unique_ptr<LiveSession> session;
  if (asked.hooks && exchange.method == Method::kGet) {
    session = asked.hooks->live(exchange, reply.proto);
    if (!session) return exchange.reply(refusal());
  }
  exchange.go_live(std::move(response),
                   {feed(asked.delivery->ring(), reply.live), asked.delivery, std::move(session)});
}

std::shared_ptr<TsFeed> DeliveryHandler::Impl::feed(const m4f::RingPtr& ring,
                                                    const m4f::LiveTsOptions& options) {
  std::lock_guard lock(mutex);
  std::erase_if(feeds, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<TsFeed>& known = feeds[{ring.get(), options.key()}];
  if (auto feed = known.lock()) return feed;
  auto made = std::make_shared<TsFeed>(ring, options);
  known = made;
  return made;
}

struct StreamServer::Impl final : Handler {
  Impl(std::string name, std::shared_ptr<m4f::Delivery> delivery, ServerSettings settings)
      : prefix("/" + std::move(name) + "/"),
        delivery(std::move(delivery)),
        server(std::move(settings), *this) {}

  void handle(const ExchangePtr& exchange) override {
    const std::string& path = exchange->target.path;
    if (path.compare(0, prefix.size(), prefix) != 0) return exchange->reply(Response{.status = 404});
    media.serve(exchange, delivery, std::string_view(path).substr(prefix.size()));
  }

  const std::string prefix;
  const std::shared_ptr<m4f::Delivery> delivery;
  DeliveryHandler media;
  Server server;
};

StreamServer::StreamServer(std::string name, std::shared_ptr<m4f::Delivery> delivery, ServerSettings settings)
    : impl_(std::make_unique<Impl>(std::move(name), std::move(delivery), std::move(settings))) {}
StreamServer::~StreamServer() = default;
m4f::Result<void> StreamServer::start() {
  return impl_->server.start();
}
void StreamServer::stop() {
  impl_->server.stop();
}
uint16_t StreamServer::port() const {
  return impl_->server.port(0);
}

}  // namespace m4fhttp
