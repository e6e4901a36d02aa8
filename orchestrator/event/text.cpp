#include "orchestrator/event/text.h"

#include <fmt/chrono.h>
#include <glib.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <iterator>

#include "orchestrator/config/values.h"
#include "orchestrator/event/filter.h"

namespace sluice::event {
namespace {

constexpr std::string_view kOwnNames[] = {"event", "event_id", "sequence", "utc_ms", "server", "media"};

void append_quoted(std::string& out, std::string_view text) {
  gchar* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  out += '"';
  for (const char* c = valid; *c; ++c) {
    const auto byte = static_cast<unsigned char>(*c);
    if (byte == '"' || byte == '\\') {
      out += '\\';
      out += *c;
    } else if (byte < 0x20 || byte == 0x7f) {
      fmt::format_to(std::back_inserter(out), "\\u{:04x}", byte);
    } else {
      out += *c;
    }
  }
  out += '"';
  g_free(valid);
}

void append_name(std::string& out, std::string_view name) {
  out += out.size() > 1 ? "," : "";
  append_quoted(out, name);
  out += ':';
}

void append_member(std::string& out, std::string_view name, const Value& value) {
  append_name(out, name);
  if (const auto* text = std::get_if<std::string>(&value)) return append_quoted(out, *text);
  const auto* real = std::get_if<double>(&value);
  out += real && !std::isfinite(*real) ? "null" : plain_text(value);  // JSON has no infinity
}

bool is_own(std::string_view name) {
  return std::find(std::begin(kOwnNames), std::end(kOwnNames), name) != std::end(kOwnNames);
}

}  // namespace

std::string plain_text(const Value& value) {
  return std::visit([](const auto& v) { return fmt::format("{}", v); }, value);
}

std::string json_text(const Stamped& stamped, uint64_t sequence, const Extra& extra) {
  const Event& event = stamped.event;
  std::string out = "{";
  append_member(out, "event", event.name);
  append_member(out, "event_id", stamped.id);
  append_member(out, "sequence", static_cast<int64_t>(sequence));
  append_member(out, "utc_ms", stamped.utc_ms);
  if (!extra.server.empty()) append_member(out, "server", extra.server);
  if (!event.media.empty()) append_member(out, "media", event.media);
  for (const auto& [name, value] : event.fields)
    if (!is_own(name)) append_member(out, name, value);
  for (const auto& [name, value] : extra.values) {
    const auto same = [&own = name](const auto& field) { return field.first == own; };
    if (!is_own(name) && std::none_of(event.fields.begin(), event.fields.end(), same))
      append_member(out, name, value);
  }
  return out + "}";
}

std::string log_text(const Stamped& stamped) {
  const Event& event = stamped.event;
  std::string out = fmt::format(
      "{:%Y-%m-%dT%H:%M:%S}.{:03}Z {} {}", fmt::gmtime(static_cast<time_t>(stamped.utc_ms / 1000)),
      stamped.utc_ms % 1000, config::kLogLevels[static_cast<size_t>(level_of(event.name))], event.name);
  if (!event.media.empty()) out += " media=" + event.media;
  for (const auto& [name, value] : event.fields) {
    out += " " + name + "=";
    const std::string text = plain_text(value);
    const bool bare = !text.empty() && text.find_first_of(" \"\\=") == std::string::npos;
    if (bare)
      out += text;
    else
      append_quoted(out, text);
  }
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return out;
}

}  // namespace sluice::event
