#include "orchestrator/store/report.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::store {
namespace {

std::string count(size_t n, std::string_view what) {
  return fmt::format("{} {}", n, what);
}

}  // namespace

std::string summary(const config::Changes& changes) {
  if (changes.none()) return "nothing changed";
  std::vector<std::string> parts;
  if (!changes.added.empty()) parts.push_back(count(changes.added.size(), "added"));
  if (!changes.removed.empty()) parts.push_back(count(changes.removed.size(), "removed"));
  if (!changes.changed.empty()) parts.push_back(count(changes.changed.size(), "changed"));
  std::string out = parts.empty() ? "no stream changed" : fmt::format("streams: {}", fmt::join(parts, ", "));
  const std::pair<bool, std::string_view> others[] = {
      {changes.templates, "templates"},           {changes.listeners, "listeners"},
      {changes.credentials, "logins of the API"}, {changes.loglevel, "loglevel"},
      {changes.event_sinks, "event sinks"},       {changes.order, "the order of streams"},
      {changes.others, "global options"}};
  for (const auto& [is, name] : others)
    if (is) out += fmt::format("; {}", name);
  return out;
}

std::string one_line(const config::Diagnostic& d) {
  return (d.place.line > 0 ? d.place.text() : d.place.file) + ": " + d.text;
}

std::string report(const std::string& file, const Outcome& outcome) {
  std::string out;
  if (outcome) {
    for (const config::Diagnostic& d : outcome->warnings) (out += config::format(d)) += '\n';
    return out + fmt::format("{}: taken over in {} ms: {}\n", file, outcome->took.count(),
                             summary(outcome->changes));
  }
  for (const config::Diagnostic& d : outcome.error().diagnostics) (out += config::format(d)) += '\n';
  return out + fmt::format("{}: nothing is taken over, the server goes on as before: {}\n", file,
                           outcome.error().diagnostics.empty() ? outcome.error().text
                                                               : std::string("the file has errors"));
}

}  // namespace sluice::store
