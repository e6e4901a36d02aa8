#include "orchestrator/http/rights.h"

#include <algorithm>

#include "orchestrator/event/filter.h"

namespace sluice::http {
namespace {

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return out;
}

// "Example.com:8080" -> "example.com"; "[::1]:80" -> "[::1]"
std::string host_of(std::string_view authority) {
  const size_t at = authority.rfind('@');
  if (at != std::string_view::npos) authority.remove_prefix(at + 1);
  const size_t bracket = authority.find(']');
  const size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  std::string_view host = authority.substr(0, colon);
  if (host.ends_with('.')) host.remove_suffix(1);  // the root of the name system
  return lower(host);
}

}  // namespace

bool referer_allowed(const std::vector<std::string>& domains, std::string_view referer,
                     std::string_view own_host) {
  if (domains.empty() || referer.empty()) return true;
  const size_t scheme = referer.find("://");
  if (scheme == std::string_view::npos) return false;
  referer.remove_prefix(scheme + 3);
  const std::string host = host_of(referer.substr(0, referer.find_first_of("/?#\\")));
  if (host.empty()) return false;
  return host == host_of(own_host) ||
         std::any_of(domains.begin(), domains.end(),
                     [&](const std::string& domain) { return event::matches(host_of(domain), host); });
}

}  // namespace sluice::http
