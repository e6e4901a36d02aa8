#include "orchestrator/config/binder.h"

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

void Binder::known_only(const Directive& d) {
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
