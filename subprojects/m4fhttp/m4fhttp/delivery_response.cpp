#include "m4fhttp/delivery_response.h"

#include <charconv>
#include <optional>

#include "m4fhttp/cors.h"
#include "m4fhttp/http1_parser.h"

namespace m4fhttp {
namespace {

constexpr size_t kMinCompressed = 256;      // smaller ones fit a packet either way
constexpr size_t kMaxCompressed = 4 << 20;  // texts are far smaller; a bound all the same

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Calls `use` with each element of a comma-separated list until it gives true.
template <typename Use>
bool any_of_list(std::string_view list, Use use) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (use(trim(list.substr(0, end)))) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

std::optional<uint64_t> number(std::string_view text) {
  uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

struct Range {
  enum class Kind { kWhole, kPart, kImpossible };
  Kind kind = Kind::kWhole;
  size_t first = 0, last = 0;
};

// RFC 9110 14.2: what is not understood, several ranges included, is as if it were not there.
Range parse_range(std::string_view header, size_t size) {
  if (header.substr(0, 6) != "bytes=") return {};
  const std::string_view spec = trim(header.substr(6));
  const size_t dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return {};
  const auto first = number(spec.substr(0, dash)), last = number(spec.substr(dash + 1));
  if (dash == 0) {
    if (!last) return {};
    if (*last == 0 || size == 0) return {Range::Kind::kImpossible};
    return {Range::Kind::kPart, size - std::min<size_t>(*last, size), size - 1};
  }
  if (!first || (dash + 1 < spec.size() && !last) || (last && *last < *first)) return {};
  if (*first >= size) return {Range::Kind::kImpossible};
  return {Range::Kind::kPart, *first, last ? std::min<size_t>(*last, size - 1) : size - 1};
}

void cut(std::vector<Slice>& body, size_t first, size_t size) {
  std::vector<Slice> out;
  for (Slice& slice : body) {
    if (first >= slice.size) {
      first -= slice.size;
      continue;
    }
    const size_t take = std::min(size, slice.size - first);
    if (take == 0) break;
    out.push_back({std::move(slice.bytes), slice.offset + first, take});
    size -= take;
    first = 0;
  }
  body = std::move(out);
}

// The etag of the compressed form: another representation, so another tag (RFC 9110 8.8.3.3).
std::string compressed_etag(std::string_view etag) {
  return etag.size() < 2 ? std::string() : std::string(etag.substr(0, etag.size() - 1)) + "-gz\"";
}

}  // namespace

bool accepts_gzip(std::string_view accept_encoding) {
  bool any = false, refused = false;
  const bool named = any_of_list(accept_encoding, [&](std::string_view item) {
    const size_t semicolon = std::min(item.find(';'), item.size());
    const std::string_view coding = trim(item.substr(0, semicolon));
    std::string_view weight = trim(item.substr(std::min(semicolon + 1, item.size())));
    bool zero = false;
    if (weight.substr(0, 2) == "q=" || weight.substr(0, 2) == "Q=")
      zero = weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
    if (equals_lower(coding, "gzip") || equals_lower(coding, "x-gzip")) {
      refused |= zero;
      return !zero;
    }
    any |= coding == "*" && !zero;
    return false;
  });
  return named || (any && !refused);
}

bool names_etag(std::string_view if_none_match, std::string_view etag) {
  if (etag.empty()) return false;
  return any_of_list(if_none_match, [&](std::string_view item) {
    if (item.substr(0, 2) == "W/") item.remove_prefix(2);
    return item == etag || item == "*";
  });
}

Response to_response(m4f::DeliveryReply&& reply, const Conditions& conditions, GzipCache& gzip) {
  Response response;
  response.status = reply.status;
  response.head.reserve(384);
  add_cors(response);
  if (!reply.cache_control.empty()) response.add("Cache-Control", reply.cache_control);
  if (reply.retry_after > 0) response.add("Retry-After", std::to_string(reply.retry_after));

  std::string vary = std::move(reply.vary);
  if (reply.compressible) vary += vary.empty() ? "Accept-Encoding" : ", Accept-Encoding";
  if (!vary.empty()) response.add("Vary", vary);

  const bool ok = reply.status == 200;
  const bool compressed = reply.compressible && reply.body.size() == 1 &&
                          reply.body[0]->size() >= kMinCompressed &&
                          reply.body[0]->size() <= kMaxCompressed && conditions.range.empty() &&
                          accepts_gzip(conditions.accept_encoding);
  std::string etag = compressed ? compressed_etag(reply.etag) : reply.etag;
  if (!etag.empty()) response.add("ETag", etag);
  if (ok && !conditions.if_none_match.empty() && names_etag(conditions.if_none_match, etag)) {
    response.status = 304;
    return response;
  }

  if (!reply.content_type.empty()) response.add("Content-Type", reply.content_type);
  if (compressed) {
    // HEAD too: its headers are those of GET.
    if (m4f::SharedBytes bytes = gzip.get(reply.body[0])) {
      response.add("Content-Encoding", "gzip");
      return std::move(response.append(std::move(bytes)));
    }
  }
  for (m4f::SharedBytes& bytes : reply.body) response.append(std::move(bytes));
  if (!ok) return response;

  response.head.append("Accept-Ranges: bytes\r\n");
  if (conditions.range.empty() || conditions.method != Method::kGet) return response;
  // RFC 9110 13.1.5: another version than the client has a part of is sent whole; the comparison is strong.
  if (!conditions.if_range.empty() && conditions.if_range != etag) return response;
  const size_t size = response.size();
  const Range range = parse_range(conditions.range, size);
  if (range.kind == Range::Kind::kImpossible) {
    response.status = 416;
    response.add("Content-Range", "bytes */" + std::to_string(size));
    response.body.clear();
  } else if (range.kind == Range::Kind::kPart) {
    response.status = 206;
    response.add("Content-Range", fmt::format("bytes {}-{}/{}", range.first, range.last, size));
    cut(response.body, range.first, range.last - range.first + 1);
  }
  return response;
}

}  // namespace m4fhttp
