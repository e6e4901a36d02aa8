// Where a stream goes and what covers its holes: push, backup, mpegts_pids.
#include <algorithm>

#include "orchestrator/config/binder.h"

namespace sluice::config {
namespace {

template <typename S>
void argument(Binder& binder, const Section<S>& section, const Token& arg, S& out) {
  const Field<S>* field = binder.argument_field(section, arg, arg.key());
  if (!field) return;
  if (Problem problem = set_argument(out, *field, arg.key(), arg.has_value() ? arg.value() : "true"))
    binder.reporter.error(arg.at, fmt::format("{}: {}", arg.key(), *problem));
}

// Two keys with one PID, in words; empty = there are none. A base is no PID, and PCRs may travel with a
// track.
std::string same_pid(const MpegtsPids& pids) {
  std::map<uint16_t, std::string> owners;
  auto taken = [&](std::string_view key, uint16_t pid) {
    const auto [owner, fresh] = owners.emplace(pid, key);
    return fresh ? std::string() : fmt::format("'{}' and '{}' have the same PID {}", owner->second, key, pid);
  };
  if (pids.pmt) taken("pmt", *pids.pmt);
  if (pids.sdt)
    if (std::string text = taken("sdt", *pids.sdt); !text.empty()) return text;
  for (const auto& [key, pid] : pids.tracks)
    if (!key.ends_with('0') || key.size() > 2)
      if (std::string text = taken(key, pid); !text.empty()) return text;
  return {};
}

}  // namespace

void bind_push(Binder& binder, const Directive& d, bool old_spelling, Stream& out) {
  if (d.args.empty())
    return binder.reporter.error(
        d.name.at, fmt::format("'{0}' needs an address, for example {0} {1}239.0.0.1:1234;", d.name.text,
                               old_spelling ? "" : "udp://"));
  if (!binder.arguments_end(kPushSection, d, 1, "one address")) return;
  const Token& url = d.args[0];
  Push push;
  push.place = binder.reporter.place(url.at);
  push.url = old_spelling && !url.text.starts_with("udp://") ? "udp://" + url.text : url.text;
  const std::string_view scheme = scheme_of(push.url);
  if (scheme.empty())
    return binder.reporter.error(
        url.at, fmt::format("'{}' is not an URL: write scheme://address, for example udp://239.0.0.1:1234",
                            push.url));
  const auto known = std::find_if(std::begin(kPushSchemes), std::end(kPushSchemes),
                                  [&](const PushScheme& s) { return s.name == scheme; });
  if (known == std::end(kPushSchemes)) {
    Nearest nearest = binder.nearest_to(scheme);
    for (const PushScheme& s : kPushSchemes) nearest.offer(s.name);
    return binder.unknown_scheme(url, scheme, nearest);
  }
  if (!known->supported)
    return binder.reporter.warning(
        url.at, fmt::format("pushes to {}:// are not supported here yet: this one is left out", scheme));
  for_each_query_argument(binder, url, [&](const Token& arg) { argument(binder, kPushSection, arg, push); });
  for (size_t i = 1; i < d.args.size(); ++i) argument(binder, kPushSection, d.args[i], push);
  out.pushes.push_back(std::move(push));
}

void bind_backup(Binder& binder, const Directive& d, Stream& out) {
  if (d.args.empty())
    return binder.reporter.error(d.name.at, "'backup' needs a file of a VOD location: backup LOCATION/FILE;");
  if (!binder.arguments_end(kBackupSection, d, 1, "one file")) return;
  Backup backup;
  backup.file = d.args[0].text;
  backup.place = binder.reporter.place(d.args[0].at);
  if (const size_t slash = backup.file.find('/'); slash == 0 || slash == backup.file.npos)
    return binder.reporter.error(
        d.args[0].at,
        fmt::format("backup: '{}' is not a file of a VOD location: write LOCATION/FILE, and declare vod "
                    "LOCATION {{ storage /DIRECTORY; }}",
                    backup.file));
  for (size_t i = 1; i < d.args.size(); ++i) argument(binder, kBackupSection, d.args[i], backup);
  out.backup = std::move(backup);
}

void bind_mpegts_pids(Binder& binder, const Directive& d, const Limits& limits, MpegtsPids& out) {
  if (d.args.empty())
    return binder.reporter.error(d.name.at, "'mpegts_pids' needs PIDs: mpegts_pids pmt=100 v1=211 a0=220;");
  out = {};
  for (size_t i = 0; i < d.args.size(); ++i) {
    const Token& arg = d.args[i];
    if (!arg.has_value()) {
      if (arg.starts_line) return binder.too_many(d, i, "PIDs");
      binder.reporter.error(arg.at,
                            fmt::format("mpegts_pids: '{}' needs a value: {}=PID", arg.text, arg.text));
    } else if (arg.key() == "default") {
      binder.reporter.warning(arg.at,
                              "argument 'default' is known but not supported here yet: it has no effect");
    } else if (Problem problem = set_pid(out, arg.key(), arg.value(), limits)) {
      binder.reporter.error(arg.at, fmt::format("mpegts_pids: {}: {}", arg.key(), *problem));
    }
  }
  if (const std::string twice = same_pid(out); !twice.empty())
    binder.reporter.error(d.name.at, fmt::format("mpegts_pids: {}", twice));
}

}  // namespace sluice::config
