#include "orchestrator/api/api.h"

#include <glib.h>

#include "orchestrator/api/collection.h"
#include "orchestrator/api/stream_json.h"

namespace sluice::api {
namespace {

constexpr std::string_view kRoots[] = {"/streamer/api/v3/", "/flussonic/api/v3/"};

// Read in this version; what is known of the reference and not built here says so by 501.
constexpr std::string_view kNotBuilt[] = {"templates",
                                          "dvrs",
                                          "vods",
                                          "sessions",
                                          "event_sinks",
                                          "auth_backends",
                                          "admin_view_token",
                                          "caches",
                                          "logos",
                                          "iptv",
                                          "cluster",
                                          "http_proxies",
                                          "transponders",
                                          "multiplexers",
                                          "dvb_cards",
                                          "chassis",
                                          "vsaas",
                                          "rproxy",
                                          "vision",
                                          "license",
                                          "activate",
                                          "system",
                                          "tls",
                                          "ui_settings",
                                          "dvr_export_jobs",
                                          "dvr_episodes",
                                          "episodes",
                                          "api_tokens",
                                          "file_processor",
                                          "camera_alarm",
                                          "schema"};

const CollectionRules kStreams{"streams", {"name"}, {"name", "title", "comment"}};

int64_t ms(std::chrono::system_clock::time_point time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count();
}

ApiReply answer(const json::Object& object) {
  return {200, json::write(object) + "\n", false};
}

std::string uuid() {
  gchar* text = g_uuid_string_random();
  std::string out(text);
  g_free(text);
  return out;
}

ApiReply bad_query(const std::string& what) {
  return api_error(400, "bad_request", "bad_request", "the query has a value that cannot be read: " + what);
}

bool eat(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

ApiReply api_error(int status, std::string_view code, std::string_view error, std::string_view title) {
  json::Object item;
  item.text("status", std::to_string(status)).text("code", code).text("title", title);
  json::Array errors;
  errors.add(std::move(item));
  json::Object out;
  out.text("error", error).array("errors", std::move(errors));
  return {status, json::write(out) + "\n", status == 401};
}

Api::Api(const config::Config& config, const stream::Directory& directory, std::string version)
    : auth_(config),
      directory_(directory),
      version_(std::move(version)),
      server_id_(uuid()),
      started_(std::chrono::system_clock::now()) {}

bool Api::owns(std::string_view path) {
  for (const std::string_view root : kRoots)
    if (path.substr(0, root.size()) == root) return true;
  return false;
}

ApiReply Api::handle(const ApiRequest& request, Now now) {
  std::string_view operation = request.path;
  for (const std::string_view root : kRoots)
    if (eat(operation, root)) break;
  const bool write = request.method != "GET" && request.method != "HEAD";
  // Probes of an orchestrator need no password.
  if (operation == "monitoring/liveness" || operation == "monitoring/readiness")
    return write ? route({}, request, now) : monitoring(now);
  switch (auth_.check(request.authorization, write)) {
    case auth::Verdict::kAllowed:
      return route(operation, request, now);
    case auth::Verdict::kUnknown:
      return api_error(401, "authorization_failed", "authorization_failed", "user and password are needed");
    case auth::Verdict::kForbidden:
      break;
  }
  return api_error(403, "authorization_failed", "authorization_failed",
                   "wrong user or password, or not enough rights");
}

ApiReply Api::route(std::string_view operation, const ApiRequest& request, Now now) {
  const std::string_view head = operation.substr(0, operation.find('/'));
  if (request.method == "GET" || request.method == "HEAD") {
    std::string_view rest = operation;
    if (operation == "streams") return streams(request.query, now);
    if (eat(rest, "streams/") && !rest.empty()) return stream(rest, now);
    if (operation == "config/stats") return config_stats(now);
  }
  for (const std::string_view known : kNotBuilt)
    if (head == known)
      return api_error(501, "not_implemented", "not_implemented", "this server does not have that");
  return api_error(405, "unknown_operation", "unknown_operation", "there is no such operation");
}

ApiReply Api::streams(std::string_view text, Now now) const {
  std::string error;
  const auto query = Query::parse(text, error);
  if (!query) return bad_query(error);
  std::vector<json::Object> items;
  for (const auto& handle : directory_.list()) items.push_back(stream_json(*handle, items.size(), ms(now)));
  return answer(page(std::move(items), *query, kStreams));
}

ApiReply Api::public_streams(std::string_view text) const {
  std::string error;
  const auto query = Query::parse(text, error);
  if (!query) return bad_query(error);
  std::vector<json::Object> items;
  for (const auto& handle : directory_.list())
    if (!handle->config().disabled) items.push_back(public_stream_json(*handle));
  return answer(page(std::move(items), *query, kStreams));
}

ApiReply Api::stream(std::string_view name, Now now) const {
  const auto handles = directory_.list();
  for (size_t i = 0; i < handles.size(); ++i)
    if (handles[i]->name() == name) return answer(stream_json(*handles[i], i, ms(now)));
  return api_error(404, "stream_not_found", "not_found", "there is no stream of that name");
}

ApiReply Api::monitoring(Now now) const {
  json::Object out;
  out.number("now", ms(now))
      .number("build", 1)
      .number("started_at", ms(started_) / 1000)
      .text("server_version", version_);
  return answer(out);
}

ApiReply Api::config_stats(Now now) {
  int64_t clients = 0, streams = 0, online = 0, input = 0, output = 0;
  for (const auto& handle : directory_.list()) {
    const stream::StreamStatus status = handle->status();
    ++streams;
    online += status.alive;
    clients += status.online_clients;
    input += status.input_bitrate_kbit;
    output += status.output_bitrate_kbit;
  }
  json::Object events;
  events.number("resent_events", 0).number("dropped_events", 0);
  json::Array version;
  version.add(int64_t{1}).add(int64_t{1});
  json::Object out;
  out.text("server_version", version_)
      .number("build", 1)
      .number("now", ms(now))
      .number("started_at", ms(started_) / 1000);
  out.array("config_version", std::move(version)).text("streamer_status", "running");
  out.text("hostname", host_name()).text("id", server_id_);
  out.number("cpu_usage", cpu_.percent()).number("memory_usage", memory_percent());
  out.number("uptime", std::max<int64_t>((ms(now) - ms(started_)) / 1000, 0));
  out.object("text_alerts", json::Object()).object("events", std::move(events));
  out.number("total_clients", clients).number("client_count", clients);
  out.number("total_streams", streams).number("stream_count", streams).number("online_streams", online);
  out.number("input_kbit", input).number("output_kbit", output).number("output_bitrate", output);
  return answer(out);
}

}  // namespace sluice::api
