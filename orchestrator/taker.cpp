#include "orchestrator/taker.h"

#include <algorithm>
#include <unordered_set>

#include "orchestrator/event/server_events.h"
#include "orchestrator/plan/plan.h"

namespace sluice {
namespace {

config::Reload reload_of(config::Change change) {
  switch (change) {
    case config::Change::kNone:
    case config::Change::kAtOnce:
      return config::Reload::kAtOnce;
    case config::Change::kInput:
      return config::Reload::kInput;
    case config::Change::kStream:
      break;
  }
  return config::Reload::kStream;
}

// What only planning finds in the streams that are new or changed: addresses that cannot be used. Those that
// run already are let be.
std::vector<config::Diagnostic> unplannable(const config::Config& to, const config::Changes& changes) {
  std::unordered_set<std::string_view> names(changes.added.begin(), changes.added.end());
  for (const config::StreamChange& change : changes.changed) names.insert(change.name);
  std::vector<config::Diagnostic> out;
  for (const config::Stream& stream : to.streams) {
    if (!names.contains(stream.name)) continue;
    for (const plan::PlanError& bad : plan::problems(stream))
      out.push_back({.severity = config::Severity::kError,
                     .place = bad.place,
                     .text = fmt::format("stream {}: {}", stream.name, bad.text),
                     .excerpt = {}});
  }
  return out;
}

}  // namespace

tl::expected<void, store::Refused> RunningTaker::prepare(const config::Config& to,
                                                         const config::Changes& changes) {
  if (to.listeners.empty())
    return tl::unexpected(
        store::Refused{store::Refusal::kInvalid, "the configuration has no listener: add `http 8080;`", {}});
  if (auto errors = unplannable(to, changes); !errors.empty()) {
    std::string text = errors.front().text;
    return tl::unexpected(store::Refused{store::Refusal::kInvalid, std::move(text), std::move(errors)});
  }
  std::vector<std::string> warnings;
  auto opened = front_->prepare(to.listeners, warnings);
  for (const std::string& warning : warnings) log_.warning("{}", warning);
  if (opened) return {};
  events_.emit(event::listener_failure(opened.error().message()));
  return tl::unexpected(store::Refused{store::Refusal::kFailed, opened.error().message(), {}});
}

void RunningTaker::take(const config::Config& to, const config::Changes& changes) {
  if (changes.loglevel) log_.set_level(to.loglevel);
  if (changes.event_sinks) events_.apply(to.event_sinks);
  const std::vector<uint16_t> before = front_->ports();
  front_->commit();
  const std::vector<uint16_t> ports = front_->ports();
  for (size_t i = 0; i < ports.size(); ++i)
    if (std::find(before.begin(), before.end(), ports[i]) == before.end())
      events_.emit(event::listener_start(to.listeners[i], ports[i]));
  front_->set_max_sessions(to.max_sessions);
  const bool streams = !changes.added.empty() || !changes.removed.empty() || !changes.changed.empty();
  if (streams || changes.templates || changes.order) {
    stream::StreamChanges changed;
    for (const config::StreamChange& change : changes.changed)
      changed.emplace(change.name, reload_of(change.change));
    streams_.apply(to.streams, to.templates, changed);
  }
  events_.emit(event::config_reloaded(file_));
}

}  // namespace sluice
