#include "orchestrator/api/config_api.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "orchestrator/api/patch.h"
#include "orchestrator/config/document.h"
#include "orchestrator/config/values.h"
#include "orchestrator/store/report.h"

namespace sluice::api {
namespace {

using config::Directive;

ApiReply done() {
  return {0, {}, false};
}

ApiReply bad_request(std::string_view code, std::string_view title) {
  return api_error(400, code, code, title);
}

// {"extra_keys":["foo"],"name":"request_body","while":"parsing_parameters"} beside what every error has.
ApiReply bad_value(const BadValue& bad) {
  json::Object item;
  item.text("status", "400").text("code", "bad_request").text("title", bad.text);
  json::Array errors;
  errors.add(std::move(item));
  json::Object out;
  out.text("error", "bad_request").text("name", "request_body").text("while", "parsing_parameters");
  if (!bad.unknown_key.empty()) {
    json::Array keys;
    keys.add(std::string_view(bad.unknown_key));
    out.array("extra_keys", std::move(keys));
  }
  out.array("errors", std::move(errors));
  return {400, json::write(out) + "\n", false};
}

ApiReply refusal(const store::Refused& refused) {
  // Places are of a text that nobody sees, unless the file itself is broken.
  std::string text = refused.text;
  if (refused.why == store::Refusal::kInvalid && !refused.diagnostics.empty()) {
    text.clear();
    for (const config::Diagnostic& d : refused.diagnostics) (text += text.empty() ? "" : "; ") += d.text;
  }
  switch (refused.why) {
    case store::Refusal::kInvalid:
      return bad_request("bad_request", text);
    case store::Refusal::kNotFound:
      return api_error(404, "not_found", "not_found", text);
    case store::Refusal::kLocked:
      return api_error(403, "config_locked", "config_locked", text);
    case store::Refusal::kBroken:
      return api_error(500, "broken_config", "broken_config", "the file has errors, mend it first: " + text);
    case store::Refusal::kStopping:
      return api_error(503, "unavailable", "unavailable", text);
    case store::Refusal::kFailed:
      break;
  }
  return api_error(500, "not_saved", "not_saved", text);
}

json::Object listener_object(const config::Listener& listener) {
  json::Object out;
  out.text_if("address", listener.address).number("port", listener.port).flag("api", listener.api);
  out.text_if("certificate", listener.certificate).text_if("certificate_key", listener.certificate_key);
  return out;
}

void add_login(json::Object& out, const char* name, const std::optional<config::Credentials>& login,
               Secrets secrets) {
  if (!login) return;
  json::Object who;
  who.text("user", login->user);
  if (secrets == Secrets::kShown) who.text("password", login->password);
  out.object(name, std::move(who));
}

bool looks_like_json(std::string_view body) {
  const size_t first = body.find_first_not_of(" \t\r\n");
  return first != body.npos && body[first] == '{';
}

const char* collection_of(Kind kind) {
  return kind == Kind::kStream ? "streams" : "templates";
}

// The objects of a list by name; nothing: it is none.
std::optional<std::map<std::string, JsonNode*>> by_name(JsonNode* list) {
  if (!JSON_NODE_HOLDS_ARRAY(list)) return {};
  std::map<std::string, JsonNode*> out;
  JsonArray* array = json_node_get_array(list);
  for (guint i = 0; i < json_array_get_length(array); ++i) {
    JsonNode* element = json_array_get_element(array, i);
    if (!JSON_NODE_HOLDS_OBJECT(element)) return {};
    JsonNode* name = json_object_get_member(json_node_get_object(element), "name");
    if (!name || !JSON_NODE_HOLDS_VALUE(name) || json_node_get_value_type(name) != G_TYPE_STRING) return {};
    if (!out.emplace(json_node_get_string(name), element).second) return {};
  }
  return out;
}

}  // namespace

std::shared_ptr<const OnDisk::Blocks> OnDisk::blocks(const store::SnapshotPtr& snapshot) {
  std::lock_guard lock(mutex_);
  if (last_ && last_->of == snapshot) return last_;
  auto out = std::make_shared<Blocks>();
  out->of = snapshot;
  for (const config::SourceFile& source : snapshot->sources)
    for (const Directive& d : config::parse_text(source.text))
      for (const Kind kind : {Kind::kStream, Kind::kTemplate})
        if (std::string name = block_name(kind, d); !name.empty())
          (kind == Kind::kStream ? out->streams : out->templates)
              .emplace(std::move(name), Block{0, own_keys(d)});
  const auto place = [](auto& blocks, const auto& values) {
    for (size_t i = 0; i < values.size(); ++i)
      if (const auto found = blocks.find(values[i].name); found != blocks.end()) found->second.position = i;
  };
  place(out->streams, snapshot->config.streams);
  place(out->templates, snapshot->config.templates);
  last_ = out;
  return out;
}

json::Node stored_stream(const OnDisk::Blocks& blocks, std::string_view name, Secrets secrets) {
  const auto found = blocks.streams.find(name);
  if (found == blocks.streams.end()) return nullptr;
  json::Object out =
      own_values(blocks.of->config.streams[found->second.position], found->second.keys, secrets);
  out.text("name", name);
  return out.into_node();
}

json::Object stored_template(const OnDisk::Blocks& blocks, const config::Template& from, Secrets secrets) {
  const auto found = blocks.templates.find(from.name);
  json::Object out = own_values(
      from.values, found == blocks.templates.end() ? std::vector<std::string_view>{} : found->second.keys,
      secrets);
  out.text("name", from.name);
  if (!from.prefix.empty()) {
    json::Array prefixes;
    prefixes.add(std::string_view(from.prefix));
    out.array("prefixes", std::move(prefixes));
  }
  return out;
}

json::Object stored_config(const OnDisk::Blocks& blocks, Secrets secrets) {
  const config::Config& config = blocks.of->config;
  json::Array http, https, vods, templates, streams;
  for (const config::Listener& l : config.listeners) (l.tls ? https : http).add(listener_object(l));
  for (const config::VodLocation& v : config.vod_locations) {
    json::Array storages;
    for (const std::string& storage : v.storages) {
      json::Object one;
      one.text("url", storage);
      storages.add(std::move(one));
    }
    json::Object vod;
    vod.text("prefix", v.name).array("storages", std::move(storages));
    vods.add(std::move(vod));
  }
  for (const config::Template& t : config.templates) templates.add(stored_template(blocks, t, secrets));
  for (const config::Stream& s : config.streams)
    if (json::Node stored = stored_stream(blocks, s.name, secrets)) streams.add(std::move(stored));
  json::Object listeners, out;
  listeners.array("http", std::move(http)).array("https", std::move(https));
  out.object("listeners", std::move(listeners));
  out.text("loglevel", config::kLogLevels[static_cast<size_t>(config.loglevel)]);
  out.text_if("url_prefix", config.url_prefix);
  if (config.max_sessions) out.number("max_sessions", *config.max_sessions);
  add_login(out, "edit_auth", config.edit_auth, secrets);
  add_login(out, "view_auth", config.view_auth, secrets);
  out.array("vods", std::move(vods))
      .array("templates", std::move(templates))
      .array("streams", std::move(streams));
  return out;
}

tl::expected<std::shared_ptr<const config::Config>, store::Refused> ConfigWriter::config_of(
    const Files& files) const {
  const store::SnapshotPtr now = store_.current();
  if (now->sources == files) return std::shared_ptr<const config::Config>(now, &now->config);
  config::LoadResult loaded = config::load_sources(files);
  if (loaded.config) return std::make_shared<const config::Config>(std::move(*loaded.config));
  return tl::unexpected(store::Refused{store::Refusal::kBroken, "", std::move(loaded.diagnostics)});
}

ApiReply ConfigWriter::edit(const store::Edit& edit) {
  const store::Outcome outcome = store_.edit(edit);
  return outcome ? done() : refusal(outcome.error());
}

ApiReply ConfigWriter::put(Kind kind, std::string_view name, std::string_view body) {
  std::string problem;
  const json::Node parsed = json::parse(body, problem);
  if (!parsed) return bad_request("broken_json", problem);
  const auto wish = read_wish(kind, name, parsed.get());
  if (!wish) return bad_value(wish.error());
  return edit([&](const Files& files) -> tl::expected<Files, store::Refused> {
    const auto config = config_of(files);
    if (!config) return tl::unexpected(config.error());
    return api::put(*wish, files, **config);
  });
}

ApiReply ConfigWriter::remove(Kind kind, std::string_view name) {
  return edit([&](const Files& files) { return api::remove(kind, name, files); });
}

ApiReply ConfigWriter::put_config(std::string_view body) {
  if (!looks_like_json(body))
    return edit([&](const Files& files) -> tl::expected<Files, store::Refused> {
      Files out = files;
      out.front().text = body;
      return out;
    });
  std::string problem;
  const json::Node parsed = json::parse(body, problem);
  if (!parsed) return bad_request("broken_json", problem);
  JsonObject* object = json_node_get_object(parsed.get());
  std::optional<BadValue> bad;
  const ApiReply reply = edit([&](const Files& files) -> tl::expected<Files, store::Refused> {
    const auto refuse = [&](BadValue value) {
      bad = std::move(value);
      return tl::unexpected(store::Refused{store::Refusal::kInvalid, bad->text, {}});
    };
    const auto config = config_of(files);
    if (!config) return tl::unexpected(config.error());
    OnDisk on_disk;
    const auto blocks =
        on_disk.blocks(std::make_shared<const store::Snapshot>(store::Snapshot{**config, files, 1}));
    const json::Object present = stored_config(*blocks, Secrets::kShown);
    Files out = files;
    GList* names = json_object_get_members(object);
    std::vector<std::string> keys;
    for (GList* l = names; l; l = l->next) keys.emplace_back(static_cast<const char*>(l->data));
    g_list_free(names);
    for (const std::string& key : keys) {
      JsonNode* value = json_object_get_member(object, key.c_str());
      JsonNode* was = json_object_get_member(present.get(), key.c_str());
      if (key == "stats" || json::equal(value, was)) continue;
      if (key == "streams" || key == "templates") {
        const Kind kind = key == "streams" ? Kind::kStream : Kind::kTemplate;
        const auto wanted = by_name(value), stored = by_name(was);
        if (!wanted) return refuse({key + ": a list of objects with different names is wanted here", {}});
        for (const auto& [name, one] : *stored)
          if (!wanted->contains(name)) {
            auto removed = api::remove(kind, name, out);
            if (!removed) return removed;
            out = std::move(*removed);
          }
        for (const auto& [name, one] : *wanted) {
          const auto old = stored->find(name);
          if (old != stored->end() && json::equal(old->second, one)) continue;
          json::Node whole = json::copy(one);
          json_object_set_boolean_member(json_node_get_object(whole.get()), "$reset", TRUE);
          const auto wish = read_wish(kind, name, whole.get());
          if (!wish)
            return refuse({fmt::format("{} '{}': {}", collection_of(kind), name, wish.error().text),
                           wish.error().unknown_key});
          auto put = api::put(*wish, out, **config);
          if (!put) return put;
          out = std::move(*put);
        }
        continue;
      }
      Directives lines = std::vector<config::NewDirective>{};
      if (!json::is_null(value)) {
        if (was && !JSON_NODE_HOLDS_VALUE(was))
          return refuse({key + ": is changed in the file, not here", {}});
        lines = global_directives(key, value);
      }
      if (!lines) return refuse(lines.error());
      out.front().text = config::set_directives(
          out.front().text, config::Level::kTop, [&](const Directive& d) { return d.name.text == key; }, {},
          *lines);
    }
    return out;
  });
  return bad ? bad_value(*bad) : reply;
}

ApiReply ConfigWriter::check_config(std::string_view body) const {
  if (looks_like_json(body))
    return api_error(501, "not_implemented", "not_implemented",
                     "only the text of a configuration is checked here");
  Files files = store_.current()->sources;
  if (files.empty()) files.push_back({"flussonic.conf", {}});
  files.front().text = body;
  config::LoadResult loaded = store_.check(files);
  json::Array errors;
  const config::Diagnostic* first = nullptr;
  for (const config::Diagnostic& d : loaded.diagnostics) {
    if (d.severity != config::Severity::kError) continue;
    if (!first) first = &d;
    json::Object item;
    item.text("status", "400").text("code", "bad_config").text("title", store::one_line(d));
    errors.add(std::move(item));
  }
  json::Object out;
  if (!first) {
    OnDisk on_disk;
    const auto blocks = on_disk.blocks(
        std::make_shared<const store::Snapshot>(store::Snapshot{std::move(*loaded.config), files, 1}));
    out.object("config", stored_config(*blocks, Secrets::kShown));
    return {200, json::write(out) + "\n", false};
  }
  out.text("error", "bad_config").number("line", first->place.line).number("col", first->place.column);
  out.text("detail", first->text).array("errors", std::move(errors));
  return {400, json::write(out) + "\n", false};
}

ApiReply ConfigWriter::reload() {
  const store::Outcome outcome = store_.reload();
  if (!outcome) return refusal(outcome.error());
  json::Object out;
  out.text("result", store::summary(outcome->changes)).number("took_ms", outcome->took.count());
  json::Array warnings;
  for (const config::Diagnostic& d : outcome->warnings) warnings.add(std::string_view(store::one_line(d)));
  out.array("warnings", std::move(warnings));
  return {200, json::write(out) + "\n", false};
}

}  // namespace sluice::api
