#include "orchestrator/http/front.h"

#include "m4fhttp/cors.h"
#include "m4fhttp/delivery_handler.h"
#include "m4fhttp/server.h"
#include "orchestrator/api/api.h"
#include "orchestrator/http/api_thread.h"
#include "orchestrator/http/arrival.h"
#include "orchestrator/http/listeners.h"
#include "orchestrator/http/pages.h"
#include "orchestrator/http/publish.h"
#include "orchestrator/http/rights.h"
#include "orchestrator/http/sessions.h"

namespace sluice::http {
namespace {

using m4fhttp::Exchange;
using m4fhttp::ExchangePtr;
using m4fhttp::Method;
using m4fhttp::Response;

constexpr std::string_view kAssets = "/-/assets/";
constexpr int kNoLimit = -1;

std::string_view method_name(Method method) {
  switch (method) {
    case Method::kGet:
      return "GET";
    case Method::kHead:
      return "HEAD";
    case Method::kOptions:
      return "OPTIONS";
    case Method::kPost:
      return "POST";
    case Method::kPut:
      return "PUT";
    case Method::kDelete:
      return "DELETE";
    case Method::kOther:
      break;
  }
  return "";
}

// Counts one stream's clients for one request, and refuses those that are too many.
class StreamHooks final : public m4fhttp::DeliveryHooks {
 public:
  StreamHooks(std::shared_ptr<stream::StreamHandle> stream, Sessions& sessions, SessionLimits limits)
      : stream_(std::move(stream)), sessions_(sessions), limits_(limits) {}

  bool answered(const Exchange& exchange, const std::string& proto, int status, uint64_t bytes) override {
    // Who asks what a stream is made of does not watch it; who is refused neither.
    if (status < 400 && !proto.empty() && proto != "api") {
      const std::string token = token_of(exchange);
      if (!sessions_.touch(viewer(exchange, proto, token), stream_, limits_, bytes, Sessions::Clock::now()))
        return false;
    }
    if (bytes > 0) stream_->add_bytes_out(bytes);
    return true;
  }

  std::unique_ptr<m4fhttp::LiveSession> live(const Exchange& exchange, const std::string& proto) override {
    const std::string token = token_of(exchange);
    return sessions_.open(viewer(exchange, proto, token), stream_, limits_);
  }

 private:
  static std::string token_of(const Exchange& exchange) {
    return m4fhttp::query_value(exchange.target.query, "token");
  }
  Viewer viewer(const Exchange& exchange, std::string_view proto, std::string_view token) const {
    return {exchange.client,
            stream_->name(),
            proto,
            token,
            exchange.header("user-agent"),
            exchange.header("referer"),
            exchange.target.query,
            exchange.tls};
  }

  const std::shared_ptr<stream::StreamHandle> stream_;
  Sessions& sessions_;
  const SessionLimits limits_;
};

}  // namespace

struct Front::Impl final : m4fhttp::Handler {
  Impl(store::Store& store, stream::Directory& directory, event::Events& events, FrontSettings settings)
      : directory(directory),
        sessions(events),
        api(store, directory, settings.version.empty() ? SLUICE_VERSION : settings.version,
            {&sessions, settings.event_sinks}),
        server(listeners.server_settings(store.current()->config.listeners, settings.threads), *this) {
    set_max_sessions(store.current()->config.max_sessions);
  }

  void set_max_sessions(std::optional<int> limit) { max_sessions = limit.value_or(kNoLimit); }
  void handle(const ExchangePtr& exchange) override;
  std::shared_ptr<m4fhttp::BodyReader> stream_body(const ExchangePtr& exchange) override;
  void media(const ExchangePtr& exchange, std::string_view path);
  void call_api(const ExchangePtr& exchange);
  void finish_api(Exchange& exchange, api::ApiReply reply);

  stream::Directory& directory;
  Listeners listeners;
  Sessions sessions;
  std::atomic<int> max_sessions{kNoLimit};
  api::Api api;
  Pages pages;
  m4fhttp::GzipCache gzip;
  m4fhttp::DeliveryHandler delivery;
  ApiThread api_thread{[this] { sessions.sweep(Sessions::Clock::now()); }};
  m4fhttp::Server server;  // last: ends first
};

void Front::Impl::handle(const ExchangePtr& exchange) {
  const std::string_view path = exchange->target.path;
  if (path.size() > 1 && path[1] != '-' && !api::Api::owns(path)) return media(exchange, path.substr(1));
  if (api::Api::owns(path) || path == "/-/streams") return call_api(exchange);
  if (path == "/") return pages.index(*exchange);
  if (path.starts_with(kAssets)) return pages.asset(*exchange, path.substr(kAssets.size()));
  if (path == "*") return exchange->reply(m4fhttp::preflight());
  media(exchange, path.substr(1));
}

std::shared_ptr<m4fhttp::BodyReader> Front::Impl::stream_body(const ExchangePtr& exchange) {
  std::string_view path = exchange->target.path, name, tail;
  if (path.size() < 2 || path[1] == '-' || api::Api::owns(path)) return nullptr;
  if (!m4f::Delivery::split(path.substr(1), name, tail) || !is_publishing(*exchange, tail)) return nullptr;
  const auto stream = directory.find_or_make(name);
  return stream ? publish(exchange, stream) : nullptr;  // none: handle() says so
}

void Front::Impl::media(const ExchangePtr& exchange, std::string_view path) {
  std::string_view name, tail;
  std::shared_ptr<stream::StreamHandle> stream;
  if (m4f::Delivery::split(path, name, tail)) stream = directory.find_or_make(name);
  if (!stream) {
    Response response{.status = 404};
    m4fhttp::add_cors(response);
    response.add("Cache-Control", "max-age=1");
    return exchange->reply(std::move(response));
  }
  const auto config = stream->shared_config();
  if (!config->domains.empty() &&
      !referer_allowed(config->domains, exchange->header("referer"), exchange->header("host"))) {
    Response response{.status = 403};
    m4fhttp::add_cors(response);
    response.add("Cache-Control", "no-store");
    return exchange->reply(std::move(response));
  }
  if (tail == "embed.html") {
    if (!config->protocols.player) return exchange->reply(Response{.status = 404});
    return pages.embed(*exchange);
  }
  const int limit = max_sessions.load(std::memory_order_relaxed);
  auto hooks = std::make_shared<StreamHooks>(
      stream, sessions,
      SessionLimits{config->max_sessions, limit == kNoLimit ? std::nullopt : std::optional(limit)});
  auto serve = [this, stream, tail, hooks = std::move(hooks)](const ExchangePtr& e) {
    std::shared_ptr<m4f::Delivery> of_stream(stream, &stream->delivery());
    delivery.serve(e, std::move(of_stream), tail, hooks);
  };
  const bool reads = exchange->method == Method::kGet || exchange->method == Method::kHead;
  if (!reads || !m4f::Delivery::is_entrance(tail)) return serve(exchange);
  serve_when_here(exchange, stream, std::move(serve));
}

void Front::Impl::call_api(const ExchangePtr& exchange) {
  const bool own = exchange->target.path != "/-/streams";
  if (own && !listeners.serves_api(exchange->listener))
    return finish_api(*exchange,
                      api::api_error(404, "not_found", "not_found", "this listener does not serve the API"));
  if (exchange->method == Method::kOptions) return finish_api(*exchange, {});
  if (!own && exchange->method != Method::kGet && exchange->method != Method::kHead)
    return finish_api(*exchange, api::api_error(405, "unknown_operation", "unknown_operation",
                                                "the list can only be read"));
  // Copied here: headers and body belong to the worker's thread.
  const bool taken =
      api_thread.run([this, exchange, own, who = std::string(exchange->header("authorization")),
                      body = std::string(exchange->body())] {
        const m4fhttp::Target& target = exchange->target;
        api::ApiReply reply =
            own ? api.handle({method_name(exchange->method), target.path, target.query, who, body},
                             std::chrono::system_clock::now())
                : api.public_streams(target.query);
        exchange->defer([this, reply = std::move(reply)](Exchange& e) { finish_api(e, reply); });
      });
  if (!taken)
    finish_api(*exchange,
               api::api_error(503, "unavailable", "unavailable", "too many requests wait: try again"));
}

void Front::Impl::finish_api(Exchange& exchange, api::ApiReply reply) {
  Response response{.status = reply.status};
  response.head.append(
      "Access-Control-Allow-Origin: *\r\n"
      "Access-Control-Allow-Methods: GET, PUT, DELETE, OPTIONS\r\n"
      "Access-Control-Expose-Headers: *\r\n"
      "Access-Control-Allow-Headers: *\r\n"
      "Access-Control-Allow-Private-Network: true\r\n"
      "Cache-Control: no-store\r\n"
      "Vary: Accept-Encoding\r\n");
  if (reply.challenge) response.add("WWW-Authenticate", "Basic realm=\"sluice\", charset=\"UTF-8\"");
  if (reply.status == 503) response.add("Retry-After", "1");
  if (!reply.body.empty()) {
    response.add("Content-Type", "application/json");
    m4f::SharedBytes body = std::make_shared<const m4f::Bytes>(reply.body.begin(), reply.body.end());
    if (m4fhttp::accepts_gzip(exchange.header("accept-encoding"))) {
      if (m4f::SharedBytes smaller = gzip.get(body)) {
        response.add("Content-Encoding", "gzip");
        body = std::move(smaller);
      }
    }
    response.append(std::move(body));
  }
  exchange.reply(std::move(response));
}

Front::Front(store::Store& store, stream::Directory& directory, event::Events& events, FrontSettings settings)
    : impl_(std::make_unique<Impl>(store, directory, events, std::move(settings))) {}

Front::~Front() {
  stop();
}

m4f::Result<void> Front::start() {
  if (auto started = impl_->server.start(); !started) return started;
  impl_->api_thread.start();
  return {};
}

void Front::stop() {
  impl_->api_thread.stop();  // it answers by way of the server's threads
  impl_->server.stop();
  impl_->sessions.sweep(Sessions::Clock::time_point::max());  // closes them while events are still told
}

void Front::set_max_sessions(std::optional<int> limit) {
  impl_->set_max_sessions(limit);
}

std::vector<uint16_t> Front::ports() const {
  std::vector<uint16_t> out;
  for (const size_t listener : impl_->listeners.current()) out.push_back(impl_->server.port(listener));
  return out;
}

m4f::Result<void> Front::prepare(const std::vector<config::Listener>& to,
                                 std::vector<std::string>& warnings) {
  return impl_->listeners.prepare(impl_->server, to, warnings);
}

void Front::commit() {
  impl_->listeners.commit(impl_->server);
}

void Front::abandon() {
  impl_->listeners.abandon(impl_->server);
}

}  // namespace sluice::http
