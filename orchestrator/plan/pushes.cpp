// From `push` lines to the sinks behind the spine.
#include <arpa/inet.h>
#include <fmt/format.h>

#include "orchestrator/config/schemes.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/plan/url.h"

namespace sluice::plan {
namespace {

constexpr uint64_t kLeastBitrate = 100;  // kbit/s: clock and tables alone take about half of it

std::string with_name(std::string url, const std::string& name) {
  for (size_t at = url.find("%s"); at != url.npos; at = url.find("%s", at + name.size()))
    url.replace(at, 2, name);
  return url;
}

bool is_ip(const std::string& text) {
  in6_addr room;
  return inet_pton(AF_INET, text.c_str(), &room) == 1 || inet_pton(AF_INET6, text.c_str(), &room) == 1;
}

// "pmt=4095,v1=211"
std::string pids_text(const config::MpegtsPids& pids) {
  std::string out;
  const auto add = [&](std::string_view name, uint16_t pid) {
    out += fmt::format("{}{}={}", out.empty() ? "" : ",", name, pid);
  };
  if (pids.pmt) add("pmt", *pids.pmt);
  if (pids.sdt) add("sdt", *pids.sdt);
  if (pids.pcr) add("pcr", *pids.pcr);
  for (const auto& [track, pid] : pids.tracks) add(track, pid);
  return out;
}

// What is wrong; empty = the element is complete.
std::string udp(const config::Stream& stream, const config::Push& push, const Url& url, Element& sink) {
  const std::string host = url.bare_host();
  if (host.empty() || url.port == 0)
    return "push needs an address and a port, for example udp://239.0.0.1:1234";
  if (!is_ip(host)) return fmt::format("push: '{}' is no IP address: write the address, not a name", host);
  std::string interface = url.user;
  if (url.path.size() > 1) {
    if (url.has_user)
      return "the interface is named twice: write udp://IFACE@GROUP:PORT or udp://GROUP:PORT/INTERFACE-IP";
    interface = url.path.substr(1);
    if (!is_ip(interface))
      return fmt::format("push: '{}' is no address of an interface: write udp://{}:{}/INTERFACE-IP",
                         interface, url.host, url.port);
  }
  if (push.bitrate && *push.bitrate < kLeastBitrate)
    return fmt::format("push: bitrate={} is in kbit/s and must be at least {}", *push.bitrate, kLeastBitrate);

  auto set = [&](const char* name, Value value) { sink.properties.push_back({name, std::move(value)}); };
  const auto text = [&](const char* name, const std::string& value) {
    if (!value.empty()) set(name, value);
  };
  set("host", host);
  set("port", int64_t{url.port});
  text("iface", interface);
  if (push.ttl) set("ttl", int64_t{*push.ttl});
  if (push.multicast_loop) set("loop", true);
  if (push.standby) set("standby", true);
  if (push.bitrate) set("bitrate", static_cast<int64_t>(*push.bitrate));
  if (push.pcr) set("pcr-interval", int64_t{push.pcr->count()});
  text("tracks", push.tracks);
  if (const auto program = push.pnr ? push.pnr : stream.program_id) set("program", int64_t{*program});
  text("title", push.service.empty() ? stream.title : push.service);
  text("provider", push.provider.empty() ? stream.provider : push.provider);
  text("pids", pids_text(push.pids == config::MpegtsPids{} ? stream.mpegts_pids : push.pids));
  if (push.retry_timeout != config::Push{}.retry_timeout)
    set("retry-timeout", int64_t{push.retry_timeout.count()});
  if (push.retry_limit) set("retry-limit", int64_t{*push.retry_limit});
  if (push.timeout) set("timeout", int64_t{push.timeout->count()});
  // The frames come at their time, and nobody waits for a push.
  set("sync", false);
  set("async", false);
  return {};
}

PushPlan plan_push(const config::Stream& stream, const config::Push& push, size_t number) {
  PushPlan out;
  out.place = push.place;
  const std::string address = with_name(push.url, stream.name);
  out.url = address.substr(0, address.find('?'));
  const std::string_view scheme = config::scheme_of(address);
  if (scheme != "udp" && scheme != "udp1" && scheme != "udp2") {
    out.problem = fmt::format("pushes to {}:// are not supported yet: write udp://ADDRESS:PORT", scheme);
    return out;
  }
  std::string problem;
  const auto url = parse_url(address, problem);
  if (!url) {
    out.problem = "push: this URL cannot be used: " + problem;
    return out;
  }
  Element sink{"m4fudpsink", fmt::format("push{}", number), {}, {}};
  out.problem = udp(stream, push, *url, sink);
  if (out.problem.empty() && !push.disabled) out.element = std::move(sink);
  return out;
}

}  // namespace

std::vector<PushPlan> plan_pushes(const config::Stream& stream) {
  std::vector<PushPlan> out;
  for (const config::Push& push : stream.pushes) out.push_back(plan_push(stream, push, out.size() + 1));
  return out;
}

}  // namespace sluice::plan
