#include "orchestrator/config/binder.h"

#include <algorithm>

namespace sluice::config {

void Binder::no_block(const Directive& d) {
  if (d.has_block)
    reporter.error(d.name.at, fmt::format("'{}' takes no block: end it with ';'", d.name.text));
}

void Binder::too_many(const Directive& d, size_t i, std::string_view takes) {
  const Token& previous = i == 0 ? d.name : d.args[i - 1];
  if (d.args[i].starts_line)
    reporter.error(d.args[i].at, fmt::format("';' is missing after '{}' at the end of line {}", previous.text,
                                             previous.at.line));
  else
    reporter.error(d.args[i].at,
                   fmt::format("'{}' takes {}: '{}' is too much", d.name.text, takes, d.args[i].text));
}

namespace {

// Whoever writes one of these relies on it.
constexpr std::string_view kProtections[] = {
    "api_allowed_from", "auth", "on_play", "on_publish", "drm", "allowed_countries", "disallowed_countries"};

}  // namespace

void Binder::known_only(const Directive& d) {
  const bool protection =
      std::find(std::begin(kProtections), std::end(kProtections), d.name.text) != std::end(kProtections);
  if (protection)
    return reporter.warning(
        d.name.at, fmt::format("'{}' is known but not supported here yet: it protects nothing", d.name.text));
  if (d.has_block && !d.args.empty())
    reporter.warning(d.name.at,
                     fmt::format("block '{} {}' is known but not supported here yet: it is skipped",
                                 d.name.text, d.args[0].text));
  else if (d.has_block)
    reporter.warning(
        d.name.at, fmt::format("block '{}' is known but not supported here yet: it is skipped", d.name.text));
  else
    reporter.warning(
        d.name.at,
        fmt::format("directive '{}' is known but not supported here yet: it has no effect", d.name.text));
}

void Binder::unknown_scheme(const Token& url, std::string_view scheme, const Nearest& nearest) {
  reporter.error(url.at, fmt::format("unknown scheme '{}://'{}", scheme, nearest.hint()));
}

}  // namespace sluice::config
