// Checks that concern more than one value.
#include <fmt/format.h>

#include <unordered_map>

#include "orchestrator/config/bind.h"
#include "orchestrator/config/local_streams.h"

namespace sluice::config {
namespace {

void check_listeners(const Config& config, Reporters& reporter) {
  std::unordered_map<std::string, const Listener*> seen;
  for (const Listener& l : config.listeners) {
    const size_t length = l.tls ? 5 : 4;
    if (l.port != 0) {
      const std::string where = fmt::format("{}:{}", l.address, l.port);
      if (const auto [first, fresh] = seen.emplace(where, &l); !fresh)
        reporter.error(l.place, length,
                       fmt::format("port {}{}{} is taken already at {}", l.address,
                                   l.address.empty() ? "" : ":", l.port, first->second->place.text()));
    }
    if (l.tls && (l.certificate.empty() || l.certificate_key.empty()))
      reporter.error(
          l.place, length,
          fmt::format("https needs a certificate and its private key: https {} {{ certificate FILE; "
                      "certificate_key FILE; }}",
                      l.port));
    if (!l.tls && !(l.certificate.empty() && l.certificate_key.empty()))
      reporter.warning(l.place, length, "http uses no certificate: write https to serve it");
  }
}

// An event that comes before the input is lost, or never. 0 = off.
void check_frames_timeout(std::chrono::seconds frames, std::optional<std::chrono::seconds> source,
                          const Place& place, size_t length, Reporters& reporter) {
  if (frames.count() > 0 && source && source->count() > 0 && frames >= *source)
    reporter.error(place, length,
                   fmt::format("frames_timeout ({} s) must be shorter than source_timeout ({} s)",
                               frames.count(), source->count()));
}

void check_timeouts(const Stream& s, Reporters& reporter) {
  check_frames_timeout(s.frames_timeout, s.source_timeout, s.place, s.name.size(), reporter);
  for (const Input& in : s.inputs)
    if (in.frames_timeout || in.source_timeout)
      check_frames_timeout(in.frames_timeout.value_or(s.frames_timeout),
                           in.source_timeout ? in.source_timeout : s.source_timeout, in.place, in.url.size(),
                           reporter);
}

void check_stream(const Stream& s, Reporters& reporter) {
  if (s.chunk_duration >= s.segment_duration)
    reporter.error(
        s.place, s.name.size(),
        fmt::format("stream '{}': chunk_duration ({} ms) must be shorter than segment_duration ({} ms)",
                    s.name, s.chunk_duration.count(), s.segment_duration.count()));
  check_timeouts(s, reporter);
  if (s.inputs.empty() && !s.backup && !s.disabled &&
      !reporter.failed())  // a refused input has its own message
    reporter.warning(s.place, s.name.size(),
                     fmt::format("stream '{}' has no input that runs here: it will only wait", s.name));
}

void check_templates(const Config& config, Reporters& reporter) {
  std::unordered_map<std::string_view, const Template*> prefixes;
  for (const Template& t : config.templates) {
    check_timeouts(t.values, reporter);
    if (t.prefix.empty()) continue;
    if (const auto [first, fresh] = prefixes.emplace(t.prefix, &t); !fresh)
      reporter.warning(t.place, t.name.size(),
                       fmt::format("the prefix '{}' belongs to the template at {}: this one makes no streams",
                                   t.prefix, first->second->place.text()));
  }
}

}  // namespace

void validate(const Config& config, Reporters& reporter) {
  check_listeners(config, reporter);
  std::unordered_map<std::string_view, const VodLocation*> locations;
  for (const VodLocation& v : config.vod_locations)
    if (const auto [first, fresh] = locations.emplace(v.name, &v); !fresh)
      reporter.error(v.place, v.name.size(),
                     fmt::format("a VOD location '{}' stands already at {}: names must differ", v.name,
                                 first->second->place.text()));
  std::unordered_map<std::string_view, const EventSink*> sinks;
  for (const EventSink& sink : config.event_sinks)
    if (const auto [first, fresh] = sinks.emplace(sink.name, &sink); !fresh)
      reporter.error(sink.place, sink.name.size(),
                     fmt::format("an event sink '{}' stands already at {}: names must differ", sink.name,
                                 first->second->place.text()));
  check_templates(config, reporter);
  std::unordered_map<std::string_view, const Stream*> names;
  names.reserve(config.streams.size());
  for (const Stream& s : config.streams) {
    check_stream(s, reporter);
    if (const auto [first, fresh] = names.emplace(s.name, &s); !fresh && !s.name.empty())
      reporter.error(s.place, s.name.size(),
                     fmt::format("a stream '{}' stands already at {}: names must differ", s.name,
                                 first->second->place.text()));
  }
  check_local_streams(config, reporter);
}

}  // namespace sluice::config
