#include "orchestrator/plan/plan.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>

#include <algorithm>
#include <cctype>
#include <cstring>

#include "orchestrator/config/names.h"
#include "orchestrator/plan/sources.h"

namespace sluice::plan {
namespace {

constexpr std::chrono::seconds kSourceTimeout{60}, kHlsSourceTimeout{180};

std::string unknown_scheme(std::string_view url) {
  const std::string_view scheme = config::scheme_of(url);
  if (const config::Scheme* known = config::find_scheme(scheme))
    return known->kind == config::SourceKind::kNone
               ? fmt::format("inputs of {}:// are not supported yet", scheme)
               : fmt::format(
                     "what does this address carry? Write hls:// for a playlist or tshttp:// for MPEG-TS "
                     "instead of {}://",
                     scheme);
  config::Nearest nearest(scheme);
  for (const config::Scheme& s : config::kSchemes) nearest.offer(s.name);
  return fmt::format("unknown scheme '{}://'{}", scheme, nearest.hint());
}

// The inputs in order of priority; one without counts by its position from 1.
std::vector<const config::Input*> by_priority(const config::Stream& stream) {
  std::vector<std::pair<int, const config::Input*>> order;
  for (const config::Input& in : stream.inputs)
    order.emplace_back(in.priority.value_or(static_cast<int>(order.size()) + 1), &in);
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<const config::Input*> out;
  for (const auto& entry : order) out.push_back(entry.second);
  return out;
}

// What names no host: streams ("mixer://a,b/c") and lists ("playlist://http://h/x") are all path.
std::optional<Url> local_url(std::string_view text) {
  Url url;
  url.scheme = config::scheme_of(text);
  url.path = text.substr(url.scheme.size() + 3);
  return url;
}

Element muxer(const config::Stream& stream, const Supervision& source) {
  Element out{"m4fmux",
              "mux",
              {{"segment-duration", int64_t{stream.segment_duration.count()}},
               {"part-duration", int64_t{stream.chunk_duration.count()}}},
              {}};
  // What our clock lets through keeps its own distances to the tick.
  if (source.paced) {
    if (source.ahead.count() == 0) out.properties.push_back({"slew", false});
    out.properties.push_back({"pace", true});
    if (source.ahead.count() > 0) out.properties.push_back({"pace-ahead", int64_t{source.ahead.count()}});
  }
  return out;
}

// A path as a part of an URL: what means something there is written as %XX.
std::string escaped_path(std::string_view path) {
  std::string out;
  for (const char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = std::isalnum(byte) || std::string_view("/-._~").find(c) != std::string_view::npos;
    if (plain)
      out += c;
    else
      out += fmt::format("%{:02X}", byte);
  }
  return out;
}

}  // namespace

std::variant<StreamPlan, PlanError> plan(const config::Stream& stream, const InterfaceOf& interface_of,
                                         const std::string& own_url) {
  StreamPlan out;
  for (const config::Input* in : by_priority(stream)) {
    auto fail = [&](std::string text) { return PlanError{std::move(text), in->place}; };
    const config::SourceKind kind = config::source_kind(in->url);
    if (kind == config::SourceKind::kNone) return fail(unknown_scheme(in->url));
    std::string problem;
    const bool local = kind == config::SourceKind::kCopy || kind == config::SourceKind::kMixer ||
                       kind == config::SourceKind::kPlaylist;
    const auto url = local ? local_url(in->url) : parse_url(in->url, problem);
    if (!url) return fail("this URL cannot be used: " + problem);
    InputPlan planned;
    planned.index = static_cast<size_t>(in - stream.inputs.data());
    const bool patient = kind == config::SourceKind::kHls || kind == config::SourceKind::kPlaylist;
    const auto standard = patient ? kHlsSourceTimeout : kSourceTimeout;
    planned.supervision.scheme = url->scheme;
    planned.supervision.address = url->address();
    planned.supervision.source_timeout =
        in->source_timeout.value_or(stream.source_timeout.value_or(standard));
    planned.supervision.max_retry_timeout = in->max_retry_timeout.value_or(stream.max_retry_timeout);
    const SourceRequest request{stream, *in, *url, interface_of, planned.supervision.source_timeout, own_url};
    if (auto wrong = plan_source(kind, request, planned)) return fail(std::move(*wrong));
    planned.pipeline.chains.push_back(
        {.from = {}, .elements = {muxer(stream, planned.supervision)}, .to = {}});
    out.inputs.push_back(std::move(planned));
  }
  out.spine.chains.push_back({.from = {},
                              .elements = {{"tee", "spine", {}, {}},
                                           {"hlssink-ll",
                                            {},
                                            {{"stream-name", stream.name},
                                             {"segment-count", int64_t{stream.segment_count}},
                                             {"segment-duration", int64_t{stream.segment_duration.count()}},
                                             {"async", false}},
                                            {}}},
                              .to = {}});
  out.pushes = plan_pushes(stream);
  return out;
}

std::variant<InputPlan, PlanError> plan_backup(const config::Stream& stream) {
  config::Stream file = stream;
  file.inputs.clear();
  file.pushes.clear();
  config::Input& input = file.inputs.emplace_back();
  input.url = "file://" + escaped_path(stream.backup->file);
  input.file = stream.backup->path;
  input.place = stream.backup->place;
  auto planned = plan(file);
  if (auto* bad = std::get_if<PlanError>(&planned)) return std::move(*bad);
  return std::move(std::get<StreamPlan>(planned).inputs.front());
}

std::vector<PlanError> problems(const config::Stream& stream) {
  std::vector<PlanError> out;
  auto planned = plan(stream);
  if (auto* bad = std::get_if<PlanError>(&planned)) out.push_back(std::move(*bad));
  for (PushPlan& push : plan_pushes(stream))
    if (!push.problem.empty()) out.push_back({std::move(push.problem), std::move(push.place)});
  return out;
}

std::string local_interface(std::string_view ip) {
  unsigned char wanted[16] = {};
  const std::string text(ip);
  const int family = text.find(':') == std::string::npos ? AF_INET : AF_INET6;
  if (inet_pton(family, text.c_str(), wanted) != 1) return {};
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) return {};
  std::string name;
  for (const ifaddrs* i = list; i && name.empty(); i = i->ifa_next) {
    if (!i->ifa_addr || i->ifa_addr->sa_family != family) continue;
    const void* address =
        family == AF_INET
            ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in*>(i->ifa_addr)->sin_addr)
            : &reinterpret_cast<const sockaddr_in6*>(i->ifa_addr)->sin6_addr;
    if (std::memcmp(address, wanted, family == AF_INET ? 4 : 16) == 0) name = i->ifa_name;
  }
  freeifaddrs(list);
  return name;
}

}  // namespace sluice::plan
