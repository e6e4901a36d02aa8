#include "orchestrator/plan/sources.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>

#include "orchestrator/config/local_streams.h"
#include "orchestrator/config/names.h"

namespace sluice::plan {
namespace {

using config::SourceKind;
using Problem = std::optional<std::string>;

constexpr const char* kUserAgent = "Sluice";
constexpr int64_t kUdpBuffer = 2 << 20;  // bytes; the kernel caps it at net.core.rmem_max
constexpr int64_t kRtspLatencyMs = 200;  // how long a missing packet is waited for
constexpr int64_t kSrtLatencyMs = 120;
constexpr int64_t kHighestVariant = 4294967;  // kbit/s: hlsdemux takes the best variant and keeps it
constexpr std::chrono::seconds kPublishAhead{10};
constexpr int kFakeWidth = 640, kFakeHeight = 360;
constexpr int64_t kFakeBitrate = 800'000;

void add(InputPlan& out, Chain chain) {
  out.pipeline.chains.push_back(std::move(chain));
}

Element element(std::string factory, std::vector<Property> properties = {}, std::string caps = {}) {
  return {std::move(factory), {}, std::move(properties), std::move(caps)};
}

Element ts_demuxer(const config::Input& in) {
  Element demuxer = element("m4ftsdemux");
  if (in.program) demuxer.properties.push_back({"program", int64_t{*in.program}});
  if (!in.pids.empty()) demuxer.properties.push_back({"pids", fmt::format("{}", fmt::join(in.pids, ","))});
  return demuxer;
}

// Whole MPEG-TS from one source element.
void add_ts(InputPlan& out, Element source, const config::Input& in) {
  source.name = "source";
  add(out, {.from = {}, .elements = {std::move(source), ts_demuxer(in)}, .to = "mux", .all = true});
}

// A structure of string fields as GStreamer reads it; every byte of a value that could mean anything is an
// octal escape.
std::string structure(const std::map<std::string, std::string>& fields) {
  std::string out = "headers";
  for (const auto& [name, value] : fields) {
    out += "," + name + "=(string)\"";
    for (const char c : value) {
      const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                         c == '-' || c == '.' || c == '_' || c == '/' || c == ':';
      if (plain)
        out += c;
      else
        fmt::format_to(std::back_inserter(out), "\\{:03o}", static_cast<unsigned char>(c));
    }
    out += '"';
  }
  return out;
}

Element http_source(const SourceRequest& r, std::string_view scheme) {
  Element source =
      element("souphttpsrc", {{"location", r.url.with_scheme(scheme)},
                              {"is-live", true},
                              {"retries", int64_t{0}},
                              {"timeout", int64_t{std::min<int64_t>(r.source_timeout.count(), 3600)}},
                              {"user-agent", r.input.user_agent.empty() ? kUserAgent : r.input.user_agent}});
  if (r.url.has_user) {
    source.properties.push_back({"user-id", r.url.user});
    source.properties.push_back({"user-pw", r.url.password});
  }
  if (!r.input.headers.empty())
    source.properties.push_back({"extra-headers", structure(r.input.headers), true});
  return source;
}

std::string needs_host(const Url& url, std::string_view example) {
  return fmt::format("{}:// needs an address, for example {}", url.scheme, example);
}

// A moving picture with a clock, and a tone. clockoverlay shows local time with its zone: UTC where TZ=UTC,
// as the daemon has it.
Problem fake(const SourceRequest& r, InputPlan& out) {
  const int width = r.input.width.value_or(kFakeWidth), height = r.input.height.value_or(kFakeHeight);
  const auto bitrate = static_cast<int64_t>(r.input.bitrate.value_or(kFakeBitrate)) / 1000;
  // 4:2:0 pictures have even sizes.
  const std::string raw =
      fmt::format("video/x-raw,format=I420,width={},height={},framerate=25/1", width & ~1, height & ~1);
  add(out,
      {.from = {},
       .elements = {element("videotestsrc",
                            {{"is-live", true}, {"pattern", "smpte"}, {"horizontal-speed", int64_t{2}}}, raw),
                    element("clockoverlay",
                            {{"time-format", "%F %T %Z"},
                             {"shaded-background", true},
                             {"font-desc", fmt::format("Sans {}", std::max(8, height / 18))}}),
                    element("x264enc", {{"tune", "zerolatency"},
                                        {"speed-preset", "veryfast"},
                                        {"bitrate", bitrate},
                                        {"key-int-max", int64_t{25}}})},
       .to = "mux"});
  add(out, {.from = {},
            .elements = {element("audiotestsrc",
                                 {{"is-live", true}, {"wave", "sine"}, {"freq", 440.0}, {"volume", 0.1}},
                                 "audio/x-raw,rate=48000,channels=2"),
                         element("avenc_aac", {{"bitrate", int64_t{96000}}})},
            .to = "mux"});
  return {};
}

Problem file(const SourceRequest& r, InputPlan& out) {
  const std::string path = r.input.file.empty() ? config::percent_decode(r.url.path) : r.input.file;
  if (r.input.file.empty() && !r.url.host.empty() && r.url.host != "localhost")
    return fmt::format("no VOD location '{}' is known: write file:///DIRECTORY/FILE", r.url.host);
  if (path.size() < 2 || path.back() == '/' || path.find('\0') != std::string::npos)
    return "file:// needs the absolute path of a file: file:///DIRECTORY/FILE";
  add(out, {.from = {},
            .elements = {element("m4ffilesrc", {{"location", path}, {"loop", true}})},
            .to = "mux",
            .all = true});
  out.supervision.paced = true;
  return {};
}

// What is published faster than it plays (a file that is uploaded) is held up, a live publisher never is.
Problem publish(const SourceRequest& r, InputPlan& out) {
  add_ts(out, element("fdsrc", {{"do-timestamp", true}}), r.input);
  out.supervision.published = out.supervision.paced = true;
  out.supervision.ahead = kPublishAhead;
  return {};
}

// Files and streams one after another; the element reads the list.
Problem playlist(const SourceRequest& r, InputPlan& out) {
  const std::string_view list = std::string_view(r.input.url).substr(r.url.scheme.size() + 3);
  const bool web = list.starts_with("http://") || list.starts_with("https://");
  const std::string location = web ? std::string(list) : config::percent_decode(list);
  if (!web && (location.size() < 2 || location[0] != '/' || location.find('\0') != std::string::npos))
    return "playlist:// needs the absolute path of a list, or its web address: playlist:///DIRECTORY/FILE";
  Element source = element("m4ffilesrc", {{"playlist", location}});
  source.name = "source";
  if (!r.input.file.empty()) source.properties.push_back({"vod", r.input.file});
  add(out, {.from = {}, .elements = {std::move(source)}, .to = "mux", .all = true});
  out.supervision.paced = out.supervision.list = true;
  return {};
}

// Another stream of this server, or one kind of its tracks.
void add_local(const SourceRequest& r, const std::string& stream, const std::string& name,
               const std::string& tracks, InputPlan& out) {
  Element source = element(
      "souphttpsrc",
      {{"location", r.own_url + "/" + stream + "/mpegts"}, {"is-live", true}, {"do-timestamp", true}});
  source.name = name;
  Element demuxer = element("m4ftsdemux");
  if (!tracks.empty()) demuxer.properties.push_back({"tracks", tracks});
  add(out, {.from = {}, .elements = {std::move(source), std::move(demuxer)}, .to = "mux", .all = true});
  out.supervision.local.push_back({name, stream});
}

Problem copy(const SourceRequest& r, InputPlan& out) {
  const auto names = config::local_streams(r.input.url);
  if (names.empty()) return "copy:// needs the name of a stream of this server: copy://news";
  add_local(r, names[0], "source", "", out);
  return {};
}

Problem mixer(const SourceRequest& r, InputPlan& out) {
  const auto names = config::local_streams(r.input.url);
  if (names.empty()) return "mixer:// needs the names of two streams of this server: mixer://PICTURE,SOUND";
  const bool first = r.input.mixer_strategy != "all";
  add_local(r, names[0], "source", first ? "v1" : "v", out);
  add_local(r, names[1], "sound", first ? "a1" : "a", out);
  return {};
}

bool is_multicast(const std::string& address) {
  in_addr v4{};
  in6_addr v6{};
  if (inet_pton(AF_INET, address.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 28) == 0xE;
  return inet_pton(AF_INET6, address.c_str(), &v6) == 1 && v6.s6_addr[0] == 0xFF;
}

Problem udp(const SourceRequest& r, InputPlan& out) {
  const std::string group = r.url.bare_host();
  if (r.url.port == 0) return "udp:// needs a port, for example udp://239.0.0.1:1234";
  Element source = element("udpsrc");
  if (!group.empty()) source.properties.push_back({"address", group});
  source.properties.push_back({"port", int64_t{r.url.port}});
  std::string interface = r.url.user;
  if (r.url.path.size() > 1) {
    if (r.url.has_user)
      return "the interface is named twice: write udp://IFACE@GROUP:PORT or udp://GROUP:PORT/INTERFACE-IP";
    const std::string ip = r.url.path.substr(1);
    interface = r.interface_of(ip);
    if (interface.empty())
      return fmt::format(
          "no network interface here has the address {}: see 'ip address', or write udp://IFACE@{}:{}", ip,
          r.url.host, r.url.port);
  }
  if (!interface.empty() && !is_multicast(group))
    return fmt::format("an interface means something for multicast only, and '{}' is no multicast address",
                       group);
  if (!interface.empty()) source.properties.push_back({"multicast-iface", interface});
  if (!r.input.sources.empty() && !is_multicast(group))
    return fmt::format("sources= means something for multicast only, and '{}' is no multicast address",
                       group);
  out.supervision.multicast = is_multicast(group);
  out.supervision.multicast_sources = r.input.sources;
  source.properties.push_back(
      {"buffer-size", r.input.buffer_size ? static_cast<int64_t>(*r.input.buffer_size) : kUdpBuffer});
  source.properties.push_back({"retrieve-sender-address", false});
  add_ts(out, std::move(source), r.input);
  return {};
}

bool is_tls(const Url& url) {
  return url.scheme == "https" || url.scheme == "tshttps" || url.scheme == "hlss";
}

Problem http_ts(const SourceRequest& r, InputPlan& out) {
  if (r.url.host.empty()) return needs_host(r.url, "tshttp://example.com:8080/news/mpegts");
  Element source = http_source(r, is_tls(r.url) ? "https" : "http");
  source.properties.push_back({"do-timestamp", true});
  add_ts(out, std::move(source), r.input);
  return {};
}

// hlsdemux shows a pad for the variant and one for its audio rendition, if that comes apart. Segments hold
// MPEG-TS or fMP4: parsebin finds out. A live source in front lets the pipeline start although a chain may
// stay without a pad.
Problem hls(const SourceRequest& r, InputPlan& out) {
  if (r.url.host.empty()) return needs_host(r.url, "hls://example.com/news/index.m3u8");
  Element source = http_source(r, is_tls(r.url) ? "https" : "http");
  source.name = "source";
  Element demuxer = element("hlsdemux", {{"connection-speed", kHighestVariant}});
  demuxer.name = "hls";
  add(out, {.from = {}, .elements = {std::move(source), std::move(demuxer)}, .to = {}});
  for (int i = 0; i < 2; ++i)
    add(out, {.from = "hls", .elements = {element("parsebin")}, .to = "mux", .all = true});
  out.supervision.bursty = out.supervision.paced = true;
  return {};
}

// Only the sender's RTP timestamps count (buffer-mode=none): rtspsrc would bend them after the arrival times
// otherwise.
Problem rtsp(const SourceRequest& r, InputPlan& out) {
  if (r.url.host.empty()) return needs_host(r.url, "rtsp://user:password@192.168.1.20:554/h264");
  const bool udp = r.url.scheme == "rtsp-udp" || r.stream.rtp_udp || r.input.rtp_udp;
  const int64_t latency = r.input.latency ? int64_t{r.input.latency->count()} : kRtspLatencyMs;
  Element source =
      element("rtspsrc", {{"location", r.url.with_scheme(r.url.scheme == "rtsps" ? "rtsps" : "rtsp")},
                          {"protocols", udp ? "udp+udp-mcast" : "tcp"},
                          {"latency", latency},
                          {"buffer-mode", "none"}});
  source.name = "source";
  if (r.url.has_user) {
    source.properties.push_back({"user-id", r.url.user});
    source.properties.push_back({"user-pw", r.url.password});
  }
  add(out, {.from = {}, .elements = {std::move(source)}, .to = {}});
  const size_t pads = r.input.tracks.empty() ? 2 : r.input.tracks.size();  // video and audio
  for (size_t i = 0; i < pads; ++i)
    add(out, {.from = "source", .elements = {element("parsebin")}, .to = "mux", .all = true});
  out.supervision.tracks = r.input.tracks;
  return {};
}

// The application is the first part of the path, or all up to a "//".
Problem rtmp(const SourceRequest& r, InputPlan& out) {
  const Url& url = r.url;
  const std::string path = url.path.empty() ? "" : url.path.substr(1);
  const size_t twice = path.find("//");
  const size_t split = twice != std::string::npos ? twice : path.find('/');
  const std::string application = path.substr(0, split);
  std::string stream =
      split == std::string::npos ? "" : path.substr(split + (twice != std::string::npos ? 2 : 1));
  if (url.host.empty() || application.empty() || stream.empty())
    return fmt::format("{0}:// needs an application and a stream: {0}://HOST/APPLICATION/STREAM", url.scheme);
  if (!url.query.empty()) stream += "?" + url.query;
  const bool tls = url.scheme == "rtmps";
  Element source = element("rtmp2src", {{"scheme", tls ? "rtmps" : "rtmp"},
                                        {"host", url.bare_host()},
                                        {"port", int64_t{url.port ? url.port
                                                         : tls    ? 443
                                                                  : 1935}},
                                        {"application", application},
                                        {"stream", stream}});
  if (url.has_user) {
    source.properties.push_back({"username", url.user});
    source.properties.push_back({"password", url.password});
  }
  source.name = "source";
  add(out, {.from = {}, .elements = {std::move(source), element("parsebin")}, .to = "mux", .all = true});
  return {};
}

Problem srt(const SourceRequest& r, InputPlan& out) {
  if (r.url.host.empty() || r.url.port == 0) return needs_host(r.url, "srt://example.com:9998");
  Element source =
      element("srtsrc", {{"uri", fmt::format("srt://{}:{}", r.url.host, r.url.port)}, {"mode", "caller"}});
  if (!r.input.streamid.empty()) source.properties.push_back({"streamid", r.input.streamid});
  if (!r.input.passphrase.empty()) source.properties.push_back({"passphrase", r.input.passphrase});
  source.properties.push_back(
      {"latency", r.input.latency ? int64_t{r.input.latency->count()} : kSrtLatencyMs});
  source.properties.push_back({"auto-reconnect", false});
  add_ts(out, std::move(source), r.input);
  return {};
}

}  // namespace

Problem plan_source(SourceKind kind, const SourceRequest& request, InputPlan& out) {
  switch (kind) {
    case SourceKind::kFake:
      return fake(request, out);
    case SourceKind::kFile:
      return file(request, out);
    case SourceKind::kPublish:
      return publish(request, out);
    case SourceKind::kUdp:
      return udp(request, out);
    case SourceKind::kHttpTs:
      return http_ts(request, out);
    case SourceKind::kHls:
      return hls(request, out);
    case SourceKind::kRtsp:
      return rtsp(request, out);
    case SourceKind::kRtmp:
      return rtmp(request, out);
    case SourceKind::kSrt:
      return srt(request, out);
    case SourceKind::kCopy:
      return copy(request, out);
    case SourceKind::kMixer:
      return mixer(request, out);
    case SourceKind::kPlaylist:
      return playlist(request, out);
    case SourceKind::kNone:
      break;
  }
  return "inputs of this scheme are not supported yet";
}

}  // namespace sluice::plan
