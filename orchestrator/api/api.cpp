#include "orchestrator/api/api.h"

#include <glib.h>

#include <algorithm>
#include <charconv>

#include "orchestrator/api/collection.h"
#include "orchestrator/api/event_sink_json.h"
#include "orchestrator/api/stream_json.h"
#include "orchestrator/auth/api_auth.h"
#include "orchestrator/event/filter.h"

namespace sluice::api {
namespace {

constexpr std::string_view kRoots[] = {"/streamer/api/v3/", "/flussonic/api/v3/"};

// Read in this version; what is known of the reference and not built here says so by 501.
constexpr std::string_view kNotBuilt[] = {"dvrs",          "vods",
                                          "sessions",      "event_sinks",
                                          "auth_backends", "admin_view_token",
                                          "caches",        "logos",
                                          "iptv",          "cluster",
                                          "http_proxies",  "transponders",
                                          "multiplexers",  "dvb_cards",
                                          "chassis",       "vsaas",
                                          "rproxy",        "vision",
                                          "license",       "activate",
                                          "system",        "tls",
                                          "ui_settings",   "dvr_export_jobs",
                                          "dvr_episodes",  "episodes",
                                          "api_tokens",    "file_processor",
                                          "camera_alarm",  "schema"};

// Older words for reading the file again.
constexpr std::string_view kReload[] = {"/flussonic/api/reload", "/erlyvideo/api/reload"};

const CollectionRules kTemplates{"templates", {"name"}, {"name", "title", "comment"}};
const CollectionRules kStreams{"streams", {"name"}, {"name", "title", "comment"}};
const CollectionRules kSessions{"sessions", {"id"}, {"name", "ip", "user_agent"}};
const CollectionRules kEventSinks{"event_sinks", {"name"}, {"name", "url"}};
const CollectionRules kEvents{"events", {"name"}, {"name"}};

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

ApiReply not_found(std::string_view code, std::string_view title) {
  return api_error(404, code, "not_found", title);
}

bool is_old_reload(std::string_view path) {
  return std::find(std::begin(kReload), std::end(kReload), path) != std::end(kReload);
}

bool eat_end(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

bool eat(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) return false;
  text.remove_prefix(prefix.size());
  return true;
}

}  // namespace

Api::Api(store::Store& store, const stream::Directory& directory, std::string version, Shown shown)
    : store_(store),
      directory_(directory),
      version_(std::move(version)),
      server_id_(uuid()),
      shown_(shown),
      started_(std::chrono::system_clock::now()) {}

bool Api::owns(std::string_view path) {
  for (const std::string_view root : kRoots)
    if (path.substr(0, root.size()) == root) return true;
  return is_old_reload(path);
}

ApiReply Api::handle(const ApiRequest& request, Now now) {
  std::string_view operation = request.path;
  for (const std::string_view root : kRoots)
    if (eat(operation, root)) break;
  const bool write = (request.method != "GET" && request.method != "HEAD") || is_old_reload(request.path);
  // Probes of an orchestrator need no password.
  if (operation == "monitoring/liveness" || operation == "monitoring/readiness")
    return write ? route({}, request, now, Secrets::kHidden) : monitoring(now);
  const auth::ApiAuth auth(store_.current()->config);
  switch (auth.check(request.authorization, write)) {
    case auth::Verdict::kAllowed:
      return route(operation, request, now,
                   auth.check(request.authorization, true) == auth::Verdict::kAllowed ? Secrets::kShown
                                                                                      : Secrets::kHidden);
    case auth::Verdict::kUnknown:
      return api_error(401, "authorization_failed", "authorization_failed", "user and password are needed");
    case auth::Verdict::kForbidden:
      break;
  }
  return api_error(403, "authorization_failed", "authorization_failed",
                   "wrong user or password, or not enough rights");
}

ApiReply Api::route(std::string_view operation, const ApiRequest& request, Now now, Secrets secrets) {
  const bool looks = request.method == "GET" || request.method == "HEAD";
  ApiReply reply = looks && !is_old_reload(operation) ? look(operation, request, now, secrets)
                                                      : change(operation, request, now);
  if (reply.status != 0) return reply;
  const std::string_view head = operation.substr(0, operation.find('/'));
  for (const std::string_view known : kNotBuilt)
    if (head == known)
      return api_error(501, "not_implemented", "not_implemented", "this server does not have that");
  return api_error(405, "unknown_operation", "unknown_operation", "there is no such operation");
}

// Status 0: there is nothing of that kind to look at.
ApiReply Api::look(std::string_view operation, const ApiRequest& request, Now now, Secrets secrets) {
  std::string_view rest = operation;
  if (operation == "streams") return streams(request.query, now, secrets);
  if (eat(rest, "streams/") && !rest.empty()) {
    std::string_view name = rest;
    // A stream of just that name comes first.
    if (shown_.sessions && eat_end(name, "/sessions") && !directory_.find(rest)) {
      if (!directory_.find(name)) return not_found("stream_not_found", "there is no stream of that name");
      return sessions(name, request.query);
    }
    return stream(rest, now, secrets);
  }
  if (operation == "templates") return templates(request.query, secrets);
  if (eat(rest, "templates/") && !rest.empty()) return template_of(rest, secrets);
  if (operation == "config") return answer(stored_config(*on_disk_.blocks(store_.current()), secrets));
  if (operation == "config/stats") return config_stats(now);
  if (shown_.sessions && operation == "sessions") return sessions({}, request.query);
  if (shown_.sessions && eat(rest, "sessions/")) return session(rest);
  if (shown_.event_sinks && operation == "event_sinks") return event_sinks(request.query);
  if (shown_.event_sinks && eat(rest, "event_sinks/")) return event_sink(rest, request.query);
  return {0, {}, false};
}

// Status 0: there is no such change.
ApiReply Api::change(std::string_view operation, const ApiRequest& request, Now now) {
  const bool put = request.method == "PUT", post = request.method == "POST",
             remove = request.method == "DELETE";
  if (is_old_reload(operation) ? !put && !remove : post && operation == "config/reload")
    return writer_.reload();
  std::string_view rest = operation;
  if (eat(rest, "streams/") && !rest.empty()) {
    if (put) {
      ApiReply reply = writer_.put(Kind::kStream, rest, request.body);
      return reply.status == 0 ? stream(rest, now, Secrets::kShown) : reply;
    }
    if (remove) {
      const ApiReply reply = writer_.remove(Kind::kStream, rest);
      return reply.status == 0 ? ApiReply{204, {}, false} : reply;
    }
    if (const size_t inputs = rest.rfind("/inputs/"); post && inputs != rest.npos && eat_end(rest, "/select"))
      return select_input(rest.substr(0, inputs), rest.substr(inputs + std::string_view("/inputs/").size()));
  }
  if (eat(rest, "templates/") && !rest.empty()) {
    if (put) {
      ApiReply reply = writer_.put(Kind::kTemplate, rest, request.body);
      return reply.status == 0 ? template_of(rest, Secrets::kShown) : reply;
    }
    if (remove) {
      const ApiReply reply = writer_.remove(Kind::kTemplate, rest);
      return reply.status == 0 ? ApiReply{204, {}, false} : reply;
    }
  }
  if (operation == "config" && post) return writer_.check_config(request.body);
  if (operation == "config" && put) {
    const ApiReply reply = writer_.put_config(request.body);
    return reply.status == 0 ? answer(stored_config(*on_disk_.blocks(store_.current()), Secrets::kShown))
                             : reply;
  }
  return {0, {}, false};
}

ApiReply Api::streams(std::string_view text, Now now, Secrets secrets) {
  std::string error;
  const auto query = Query::parse(text, error);
  if (!query) return bad_query(error);
  const auto blocks = on_disk_.blocks(store_.current());
  std::vector<json::Object> items;
  for (const auto& handle : directory_.list())
    items.push_back(
        stream_json(*handle, items.size(), ms(now), stored_stream(*blocks, handle->name(), secrets)));
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

ApiReply Api::stream(std::string_view name, Now now, Secrets secrets) {
  const auto handles = directory_.list();
  for (size_t i = 0; i < handles.size(); ++i)
    if (handles[i]->name() == name)
      return answer(stream_json(*handles[i], i, ms(now),
                                stored_stream(*on_disk_.blocks(store_.current()), name, secrets)));
  return not_found("stream_not_found", "there is no stream of that name");
}

ApiReply Api::select_input(std::string_view name, std::string_view index) {
  const auto handle = directory_.find(name);
  if (!handle) return not_found("stream_not_found", "there is no stream of that name");
  size_t number = 0;
  const auto [end, failed] = std::from_chars(index.data(), index.data() + index.size(), number);
  if (failed != std::errc{} || end != index.data() + index.size() || !handle->select_input(number))
    return api_error(400, "input_not_found", "input_not_found", "the stream has no input of that number");
  return {204, {}, false};
}

ApiReply Api::templates(std::string_view text, Secrets secrets) {
  std::string error;
  const auto query = Query::parse(text, error);
  if (!query) return bad_query(error);
  const store::SnapshotPtr now = store_.current();
  const auto blocks = on_disk_.blocks(now);
  std::vector<json::Object> items;
  for (const config::Template& t : now->config.templates)
    items.push_back(stored_template(*blocks, t, secrets));
  return answer(page(std::move(items), *query, kTemplates));
}

ApiReply Api::template_of(std::string_view name, Secrets secrets) {
  const store::SnapshotPtr now = store_.current();
  for (const config::Template& t : now->config.templates)
    if (t.name == name) return answer(stored_template(*on_disk_.blocks(now), t, secrets));
  return not_found("template_not_found", "there is no template of that name");
}

ApiReply Api::sessions(std::string_view name, std::string_view text) const {
  std::string error;
  const auto query = Query::parse(text, error);
  if (!query) return bad_query(error);
  const std::vector<SessionInfo> sessions = shown_.sessions->sessions(name);
  return answer(page(
      sessions.size(), [&](size_t i) { return session_json(sessions[i]); }, *query, kSessions));
}

ApiReply Api::session(std::string_view id) const {
  for (const SessionInfo& session : shown_.sessions->sessions({}))
    if (session.id == id) return answer(session_json(session));
  return not_found("session_not_found", "there is no session of that id");
}

ApiReply Api::event_sinks(std::string_view text) const {
  std::string error;
  const auto query = Query::parse(text, error);
  if (!query) return bad_query(error);
  std::vector<json::Object> items;
  for (const event::SinkStatus& sink : shown_.event_sinks->sinks()) items.push_back(event_sink_json(sink));
  return answer(page(std::move(items), *query, kEventSinks));
}

// event_sinks/NAME, and event_sinks/NAME/events: the names of what it may be sent.
ApiReply Api::event_sink(std::string_view name, std::string_view text) const {
  std::string error;
  const auto query = Query::parse(text, error);
  if (!query) return bad_query(error);
  const auto sinks = shown_.event_sinks->sinks();
  const auto find = [&](std::string_view wanted) {
    return std::find_if(sinks.begin(), sinks.end(),
                        [&](const auto& sink) { return sink.config.name == wanted; });
  };
  if (const auto sink = find(name); sink != sinks.end()) return answer(event_sink_json(*sink));
  const auto sink = eat_end(name, "/events") ? find(name) : sinks.end();
  if (sink == sinks.end()) return not_found("event_sink_not_found", "there is no event sink of that name");
  std::vector<json::Object> items;
  for (const event::Kind& kind : event::kKinds) {
    if (!event::may_want(sink->config, kind.name)) continue;
    json::Object item;
    item.text("name", kind.name);
    items.push_back(std::move(item));
  }
  return answer(page(std::move(items), *query, kEvents));
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
  const event::SinkFigures sinks = shown_.event_sinks ? shown_.event_sinks->totals() : event::SinkFigures();
  events.number("resent_events", static_cast<int64_t>(sinks.resent));
  events.number("dropped_events", static_cast<int64_t>(sinks.dropped));
  json::Array version;
  version.add(ms(started_) / 1000).add(static_cast<int64_t>(store_.current()->version));
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
