#include "orchestrator/http/publish.h"

#include <utility>

#include "m4fhttp/cors.h"
#include "m4fhttp/path.h"

namespace sluice::http {
namespace {

using m4fhttp::Exchange;
using m4fhttp::ExchangePtr;
using m4fhttp::Method;
using m4fhttp::Response;

// As long as the texts are: who guesses learns nothing from the time it takes.
bool same(std::string_view a, std::string_view b) {
  unsigned char different = a.size() == b.size() ? 0 : 1;
  for (size_t i = 0; i < a.size(); ++i)
    different |= static_cast<unsigned char>(a[i] ^ (i < b.size() ? b[i] : 0));
  return different == 0;
}

void refuse(Exchange& exchange, int status, std::string_view reason) {
  Response response{.status = status};
  m4fhttp::add_cors(response);
  response.add("Content-Type", "text/plain");
  response.add("Cache-Control", "no-store");
  response.append(std::string(reason) + "\n");
  exchange.reply(std::move(response));
}

// The body's pieces go to the stream; the session ends with the request.
class Publishing final : public m4fhttp::BodyReader {
 public:
  Publishing(ExchangePtr exchange, std::unique_ptr<stream::Publication::Session> session)
      : exchange_(std::move(exchange)), session_(std::move(session)) {}

  bool data(std::string_view bytes) override { return session_->push(bytes); }
  void end() override {
    session_.reset();
    Response response{.status = 204};
    m4fhttp::add_cors(response);
    std::exchange(exchange_, nullptr)->reply(std::move(response));
  }
  void broken(std::string_view) override { session_.reset(); }

 private:
  ExchangePtr exchange_;
  std::unique_ptr<stream::Publication::Session> session_;
};

}  // namespace

bool is_publishing(const Exchange& exchange, std::string_view tail) {
  return tail == "mpegts" && (exchange.method == Method::kPost || exchange.method == Method::kPut);
}

std::shared_ptr<m4fhttp::BodyReader> publish(const ExchangePtr& exchange,
                                             const std::shared_ptr<stream::StreamHandle>& stream) {
  const std::string& password = stream->shared_config()->password;
  if (!password.empty() && !same(m4fhttp::query_value(exchange->target.query, "password"), password)) {
    refuse(*exchange, 403, "the password is wrong");
    return nullptr;
  }
  std::weak_ptr<Exchange> weak = exchange;
  stream::Publisher publisher;
  publisher.proto = "mpegts";
  publisher.address = exchange->client;
  publisher.resume = [weak] {
    if (auto e = weak.lock()) e->resume_body();
  };
  publisher.cut = [weak](std::string reason) {
    auto e = weak.lock();
    if (!e) return;
    e->defer([reason = std::move(reason)](Exchange& exchange) { refuse(exchange, 403, reason); });
  };
  auto offered = stream->publish(std::move(publisher));
  if (const auto* refusal = std::get_if<stream::PublishRefusal>(&offered)) {
    const bool taken = refusal->kind == stream::PublishRefusal::Kind::kTaken;
    refuse(*exchange, taken ? 409 : 403, refusal->reason);
    return nullptr;
  }
  return std::make_shared<Publishing>(
      exchange, std::move(std::get<std::unique_ptr<stream::Publication::Session>>(offered)));
}

}  // namespace sluice::http
