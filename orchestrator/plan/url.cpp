#include "orchestrator/plan/url.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "orchestrator/config/names.h"

namespace sluice::plan {
namespace {

using config::percent_decode;

bool is_host(std::string_view host) {
  const bool bracketed = host.starts_with('[') && host.ends_with(']') && host.size() > 2;
  if (bracketed) host = host.substr(1, host.size() - 2);
  return std::all_of(host.begin(), host.end(), [&](char c) {
    const bool alnum = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    return alnum || c == '.' || c == '-' || c == '_' || (bracketed && (c == ':' || c == '%'));
  });
}

}  // namespace

std::string Url::address() const {
  return fmt::format("{}://{}{}{}", scheme, host, port ? ":" + std::to_string(port) : "", path);
}

std::string Url::bare_host() const {
  return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
}

std::string Url::with_scheme(std::string_view other) const {
  return fmt::format("{}://{}{}{}{}{}", other, host, port ? ":" + std::to_string(port) : "", path,
                     query.empty() ? "" : "?", query);
}

std::optional<Url> parse_url(std::string_view text, std::string& problem) {
  Url url;
  const size_t colon = text.find("://");
  if (colon == std::string_view::npos || colon == 0) {
    problem = "it has no scheme: write scheme://address";
    return {};
  }
  for (char c : text) {
    if (static_cast<unsigned char>(c) > 0x20 && c != 0x7F) continue;
    problem = "it holds a blank or a control character: write them as %20";
    return {};
  }
  url.scheme = text.substr(0, colon);
  std::string_view rest = text.substr(colon + 3);
  // A '#' stands in passwords and stream ids in the wild: it ends nothing.
  const size_t authority_end = std::min(rest.find_first_of("/?"), rest.size());
  const size_t at = rest.substr(0, authority_end).rfind('@');
  const size_t host_begin = at == std::string_view::npos ? 0 : at + 1;
  if (at != std::string_view::npos) {
    const std::string_view user_info = rest.substr(0, at);
    const size_t separator = std::min(user_info.find(':'), user_info.size());
    url.has_user = true;
    url.user = percent_decode(user_info.substr(0, separator));
    if (separator < user_info.size()) url.password = percent_decode(user_info.substr(separator + 1));
  }
  std::string_view host = rest.substr(host_begin, authority_end - host_begin);
  rest = rest.substr(authority_end);
  if (const size_t port_colon = host.rfind(':');
      port_colon != std::string_view::npos && !host.ends_with(']')) {
    const std::string_view port = host.substr(port_colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc{} || end != port.data() + port.size() || url.port < 1 || url.port > 65535) {
      problem = fmt::format("'{}' is not a port from 1 to 65535", port);
      return {};
    }
    host = host.substr(0, port_colon);
  }
  if (!is_host(host)) {
    problem = fmt::format("'{}' is not a host name or address", host);
    return {};
  }
  url.host = host;
  const size_t question = std::min(rest.find('?'), rest.size());
  url.path = rest.substr(0, question);
  if (question < rest.size()) url.query = rest.substr(question + 1);
  return url;
}

}  // namespace sluice::plan
