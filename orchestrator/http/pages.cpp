#include "orchestrator/http/pages.h"

#include <zlib.h>

#include "orchestrator/web/assets.h"

namespace sluice::http {
namespace {

std::string_view type_of(std::string_view name) {
  if (name.ends_with(".html")) return "text/html; charset=utf-8";
  if (name.ends_with(".js")) return "text/javascript; charset=utf-8";
  if (name.ends_with(".css")) return "text/css; charset=utf-8";
  if (name.ends_with(".svg")) return "image/svg+xml";
  return "application/octet-stream";
}

// Scripts and styles are files of ours and nothing else; hls.js makes its worker and its media from blobs.
constexpr std::string_view kPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "media-src 'self' blob:; worker-src 'self' blob:; base-uri 'none'; form-action 'none'; ";

bool readable(m4fhttp::Exchange& exchange) {
  if (exchange.method == m4fhttp::Method::kGet || exchange.method == m4fhttp::Method::kHead) return true;
  exchange.reply(std::move(m4fhttp::Response{.status = 405}.add("Allow", "GET, HEAD")));
  return false;
}

}  // namespace

Pages::Pages() {
  for (const web::Asset& asset : web::assets()) {
    const auto* data = reinterpret_cast<const Bytef*>(asset.content.data());
    const uLong sum = crc32(0, data, static_cast<uInt>(asset.content.size()));
    files_[std::string(asset.name)] = {
        std::make_shared<const m4f::Bytes>(asset.content.begin(), asset.content.end()),
        std::string(type_of(asset.name)), fmt::format("\"{:08x}-{:x}\"", sum, asset.content.size())};
  }
}

m4fhttp::Response Pages::answer(m4fhttp::Exchange& exchange, const File& file) {
  m4f::DeliveryReply reply;
  reply.content_type = file.type;
  reply.etag = file.etag;
  reply.cache_control = "no-cache";  // an update of the server is an update of its pages; 304 is cheap
  reply.compressible = true;
  reply.body = {file.bytes};
  m4fhttp::Response response = to_response(
      std::move(reply),
      {exchange.method, exchange.header("if-none-match"), {}, {}, exchange.header("accept-encoding")}, gzip_);
  response.add("X-Content-Type-Options", "nosniff");
  return response;
}

void Pages::page(m4fhttp::Exchange& exchange, std::string_view name, std::string_view frame_rule) {
  if (!readable(exchange)) return;
  m4fhttp::Response response = answer(exchange, files_.find(name)->second);
  response.add("Content-Security-Policy", std::string(kPolicy) + std::string(frame_rule));
  exchange.reply(std::move(response));
}

void Pages::asset(m4fhttp::Exchange& exchange, std::string_view name) {
  if (!readable(exchange)) return;
  const auto found = files_.find(name);
  if (found == files_.end()) return exchange.reply(m4fhttp::Response{.status = 404});
  exchange.reply(answer(exchange, found->second));
}

}  // namespace sluice::http
