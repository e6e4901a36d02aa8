#include "orchestrator/event/filter.h"

#include <algorithm>
#include <iterator>
#include <optional>

#include "orchestrator/event/text.h"

namespace sluice::event {
namespace {

using config::LogLevel;

std::optional<std::string> field(const Event& event, std::string_view name) {
  if (name == "event") return event.name;
  if (name == "media") return event.media.empty() ? std::nullopt : std::optional(event.media);
  for (const auto& [key, value] : event.fields)
    if (key == name) return plain_text(value);
  return std::nullopt;
}

bool passes(const config::EventFilter& filter, const Event& event) {
  return std::all_of(filter.begin(), filter.end(), [&](const auto& condition) {
    const auto value = field(event, condition.first);
    return value && std::any_of(condition.second.begin(), condition.second.end(),
                                [&](const std::string& pattern) { return matches(pattern, *value); });
  });
}

}  // namespace

LogLevel level_of(std::string_view name) {
  const auto known =
      std::find_if(std::begin(kKinds), std::end(kKinds), [&](const Kind& k) { return k.name == name; });
  return known == std::end(kKinds) ? LogLevel::kInfo : known->level;
}

bool matches(std::string_view pattern, std::string_view text) {
  size_t p = 0, t = 0, star = std::string_view::npos, resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && pattern[p] == text[t]) {
      ++p;
      ++t;
    } else if (star != std::string_view::npos) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*') ++p;
  return p == pattern.size();
}

bool may_want(const config::EventSink& sink, std::string_view name) {
  if (level_of(name) > sink.level) return false;
  const auto hit = [name](const config::EventFilter& filter) {
    const auto condition = filter.find("event");
    return condition == filter.end() ||
           std::any_of(condition->second.begin(), condition->second.end(),
                       [name](const std::string& pattern) { return matches(pattern, name); });
  };
  const auto whole = [&](const config::EventFilter& filter) {
    return filter.size() == 1 && filter.contains("event") && hit(filter);
  };
  if (std::any_of(sink.except.begin(), sink.except.end(), whole)) return false;
  return sink.only.empty() || std::any_of(sink.only.begin(), sink.only.end(), hit);
}

bool wants(const config::EventSink& sink, const Event& event) {
  if (level_of(event.name) > sink.level) return false;
  const auto hit = [&](const config::EventFilter& filter) { return passes(filter, event); };
  if (std::any_of(sink.except.begin(), sink.except.end(), hit)) return false;
  return sink.only.empty() || std::any_of(sink.only.begin(), sink.only.end(), hit);
}

}  // namespace sluice::event
