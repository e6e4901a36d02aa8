#include "orchestrator/config/changes.h"

#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "orchestrator/config/tables.h"

namespace sluice::config {
namespace {

Change change_of(Reload reload) {
  switch (reload) {
    case Reload::kAtOnce:
      return Change::kAtOnce;
    case Reload::kInput:
      return Change::kInput;
    case Reload::kStream:
    case Reload::kListener:
      break;
  }
  return Change::kStream;
}

// What the plain values of a section ask for. Values that a function of the binder reads are not looked at.
template <typename S>
Change compare_values(const Section<S>& section, const S& from, const S& to) {
  Change out = Change::kNone;
  for (const Field<S>& field : section.fields)
    std::visit(
        [&](auto member) {
          if constexpr (std::is_member_object_pointer_v<decltype(member)>)
            if (from.*member != to.*member) out = std::max(out, change_of(field.reload));
        },
        field.member);
  return out;
}

Change compare_inputs(const std::vector<Input>& from, const std::vector<Input>& to) {
  if (from == to) return Change::kNone;
  if (from.size() != to.size()) return Change::kInput;
  Change out = Change::kAtOnce;
  for (size_t i = 0; i < from.size(); ++i) {
    const Input &a = from[i], &b = to[i];
    // `file` is what a VOD location made of the URL: another one is another source.
    if (a.url != b.url || a.file != b.file || a.headers != b.headers || a.rtp_udp != b.rtp_udp)
      return Change::kInput;
    out = std::max(out, compare_values(kInputSection, a, b));
  }
  return out;
}

// By the directive's own entry in the table.
Change of_directive(std::string_view name) {
  const Field<Stream>* field = find_field(kStreamSection, name);
  return field ? change_of(field->reload) : Change::kAtOnce;
}

}  // namespace

Change compare(const Stream& from, const Stream& to) {
  if (from == to) return Change::kNone;
  // Something differs; a value without a directive of its own is taken over at once.
  Change out = std::max(Change::kAtOnce, compare_values(kStreamSection, from, to));
  out = std::max(out, compare_inputs(from.inputs, to.inputs));
  if (from.rtp_udp != to.rtp_udp) out = std::max(out, of_directive("rtp"));
  if (from.protocols != to.protocols) out = std::max(out, of_directive("protocols"));
  if (from.backup != to.backup) out = std::max(out, of_directive("backup"));
  if (from.pushes != to.pushes) out = std::max(out, of_directive("push"));
  if (from.mpegts_pids != to.mpegts_pids) out = std::max(out, of_directive("mpegts_pids"));
  if (from.program_id != to.program_id) out = std::max(out, of_directive("meta"));
  return out;
}

Changes compare(const Config& from, const Config& to) {
  Changes out;
  std::unordered_map<std::string_view, const Stream*> before;
  before.reserve(from.streams.size());
  for (const Stream& s : from.streams) before.emplace(s.name, &s);
  std::unordered_map<std::string_view, bool> stays;
  stays.reserve(to.streams.size());
  const Stream* last = nullptr;  // of the old file; the streams that stay come in its order
  for (const Stream& s : to.streams) {
    const auto it = before.find(s.name);
    if (it == before.end()) {
      out.added.push_back(s.name);
      continue;
    }
    stays.emplace(s.name, true);
    out.order |= last && it->second < last;
    last = it->second;
    if (const Change change = compare(*it->second, s); change != Change::kNone)
      out.changed.push_back({s.name, change});
  }
  for (const Stream& s : from.streams)
    if (!stays.contains(s.name)) out.removed.push_back(s.name);

  out.templates = from.templates != to.templates;
  out.listeners = from.listeners != to.listeners;
  out.credentials = from.edit_auth != to.edit_auth || from.view_auth != to.view_auth;
  out.loglevel = from.loglevel != to.loglevel;
  out.event_sinks = from.event_sinks != to.event_sinks;
  out.others = from.url_prefix != to.url_prefix || from.max_sessions != to.max_sessions ||
               from.vod_locations != to.vod_locations;
  return out;
}

}  // namespace sluice::config
