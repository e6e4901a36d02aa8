#include "orchestrator/api/config_edit.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "orchestrator/api/config_json.h"
#include "orchestrator/api/patch.h"
#include "orchestrator/config/document.h"
#include "orchestrator/config/words.h"

namespace sluice::api {
namespace {

using config::Directive;
using config::NewDirective;

constexpr std::string_view kPrefixes = "prefixes";

// Only a GET fills them; they come back in the PUT of who changes what he got.
constexpr std::array<std::string_view, 5> kReadOnly = {"name", "stats", "named_by", "config_on_disk",
                                                       "$reset"};

tl::unexpected<store::Refused> refuse(store::Refusal why, std::string text) {
  return tl::unexpected(store::Refused{why, std::move(text), {}});
}

tl::unexpected<store::Refused> refuse(const BadValue& bad) {
  return refuse(store::Refusal::kInvalid, bad.text);
}

bool is_key(Kind kind, std::string_view key) {
  if (key == kPrefixes) return kind == Kind::kTemplate;
  const auto& keys = stream_keys();
  return std::find(keys.begin(), keys.end(), key) != keys.end();
}

// The typed values that came of the block; null: there is none.
const config::Stream* typed(Kind kind, std::string_view name, const config::Config& config,
                            size_t& position) {
  if (kind == Kind::kStream) {
    for (position = 0; position < config.streams.size(); ++position)
      if (config.streams[position].name == name) return &config.streams[position];
    return nullptr;
  }
  for (position = 0; position < config.templates.size(); ++position)
    if (config.templates[position].name == name) return &config.templates[position].values;
  return nullptr;
}

config::Belongs belongs_to(std::string_view key) {
  return [key](const Directive& d) {
    return key == kPrefixes ? d.name.text == "prefix" : stream_key_of(d) == key;
  };
}

// [""] is any name; the file has one prefix for a template.
Directives prefix_directives(JsonNode* value) {
  const auto bad = [](const char* what) {
    return tl::unexpected(BadValue{fmt::format("prefixes: {}", what), {}});
  };
  if (!JSON_NODE_HOLDS_ARRAY(value)) return bad("a list of strings is wanted here");
  JsonArray* list = json_node_get_array(value);
  if (json_array_get_length(list) == 0) return std::vector<NewDirective>{};
  if (json_array_get_length(list) > 1) return bad("more than one prefix is not supported here yet");
  JsonNode* first = json_array_get_element(list, 0);
  if (!JSON_NODE_HOLDS_VALUE(first) || json_node_get_value_type(first) != G_TYPE_STRING)
    return bad("a list of strings is wanted here");
  const auto word = config::write_word(json_node_get_string(first));
  if (!word) return bad("this text cannot stand in the file");
  return std::vector<NewDirective>{{"prefix", {*word}}};
}

Directives directives_of(std::string_view key, JsonNode* value) {
  if (json::is_null(value)) return std::vector<NewDirective>{};
  return key == kPrefixes ? prefix_directives(value) : stream_directives(key, value);
}

std::string text_member(JsonObject* object, const char* name) {
  JsonNode* value = json_object_get_member(object, name);
  const bool text = value && JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_STRING;
  return text ? json_node_get_string(value) : "";
}

// The one that `shown` stands for: that of the same place in the list before any other. Null: none.
template <typename T>
const T* meant(const std::vector<T>& all, size_t place, const std::string& shown) {
  const auto is = [&](const T& one) { return one.url == shown || without_credentials(one.url) == shown; };
  if (place < all.size() && is(all[place])) return &all[place];
  const auto found = std::find_if(all.begin(), all.end(), is);
  return found == all.end() ? nullptr : &*found;
}

void restore_authorization(JsonObject* object, const config::Input& input) {
  for (const auto& [name, value] : input.headers) {
    if (g_ascii_strcasecmp(name.c_str(), "authorization") != 0) continue;
    JsonNode* headers = json_object_get_member(object, "headers");
    if (!headers) {
      json_object_set_object_member(object, "headers", json_object_new());
      headers = json_object_get_member(object, "headers");
    }
    if (JSON_NODE_HOLDS_OBJECT(headers) &&
        !json_object_has_member(json_node_get_object(headers), name.c_str()))
      json_object_set_string_member(json_node_get_object(headers), name.c_str(), value.c_str());
  }
}

// What a GET showed without its passwords stands for what has them. null takes them away.
void restore_secrets(JsonObject* patch, const config::Stream& now) {
  const auto each = [&](const char* key, auto restore) {
    JsonNode* list = json_object_get_member(patch, key);
    if (!list || !JSON_NODE_HOLDS_ARRAY(list)) return;
    JsonArray* array = json_node_get_array(list);
    for (guint i = 0; i < json_array_get_length(array); ++i) {
      JsonNode* element = json_array_get_element(array, i);
      if (JSON_NODE_HOLDS_OBJECT(element))
        restore(json_node_get_object(element), i, text_member(json_node_get_object(element), "url"));
    }
  };
  each("inputs", [&](JsonObject* object, size_t place, const std::string& shown) {
    const config::Input* input = meant(now.inputs, place, shown);
    if (!input) return;
    json_object_set_string_member(object, "url", input->url.c_str());
    if (!input->passphrase.empty() && !json_object_has_member(object, "passphrase"))
      json_object_set_string_member(object, "passphrase", input->passphrase.c_str());
    restore_authorization(object, *input);
  });
  each("pushes", [&](JsonObject* object, size_t place, const std::string& shown) {
    if (const config::Push* push = meant(now.pushes, place, shown))
      json_object_set_string_member(object, "url", push->url.c_str());
  });
}

// What is in effect for a stream that says nothing itself but the name of its template.
config::Stream inherited(const std::string& template_name, const config::Config& config) {
  config::Stream out;
  out.url_prefix = config.url_prefix;
  for (const config::Template& t : config.templates)
    if (t.name == template_name) out = t.values;
  return out;
}

// The block's own values after the wish.
json::Object wanted_values(const Wish& wish, const config::Stream* now, size_t position,
                           const std::vector<std::string_view>& own, const json::Object& present,
                           const config::Config& config) {
  json::Node patch_node = json::copy(wish.patch.get());
  JsonObject* patch = json_node_get_object(patch_node.get());
  if (now) restore_secrets(patch, *now);
  // Only some of the protocols are named: the others stay as they are in effect.
  json::Object out;
  if (!wish.reset) json::merge_patch(out.get(), present.get());
  std::string template_name = text_member(out.get(), "template");
  if (json_object_has_member(patch, "template")) template_name = text_member(patch, "template");
  const bool same = now && !wish.reset && now->template_name == template_name;
  const config::Stream effective = same ? *now : inherited(template_name, config);
  JsonNode* protocols = json_object_get_member(patch, "protocols");
  if (protocols && JSON_NODE_HOLDS_OBJECT(protocols)) {
    JsonNode* whitelist = json_object_get_member(json_node_get_object(protocols), "whitelist");
    const bool only = whitelist && JSON_NODE_HOLDS_VALUE(whitelist) && json_node_get_boolean(whitelist);
    json_object_remove_member(out.get(), "protocols");
    if (!only)
      out.node("protocols",
               stream_value(now && !wish.reset ? *now : effective, "protocols", Secrets::kShown));
  }
  json::merge_patch(out.get(), patch);

  // What is in effect anyway, by a template or by default, is not written: who sends back all that a GET
  // showed changes nothing by it.
  for (const std::string_view key : stream_keys()) {
    const std::string name(key);
    JsonNode* value = json_object_get_member(out.get(), name.c_str());
    if (!value || std::find(own.begin(), own.end(), key) != own.end()) continue;
    const json::Node in_effect = stream_value(effective, key, Secrets::kShown);
    const bool shown_position = key == "position" && now && JSON_NODE_HOLDS_VALUE(value) &&
                                json_node_get_int(value) == static_cast<gint64>(position);
    if (shown_position || (in_effect && json::equal(value, in_effect.get())))
      json_object_remove_member(out.get(), name.c_str());
  }
  return out;
}

// `static` is the word before the name.
bool wants_ondemand(const json::Object& values) {
  JsonNode* value = json_object_get_member(values.get(), "static");
  return value && JSON_NODE_HOLDS_VALUE(value) && !json_node_get_boolean(value);
}

// What the word does not say: that it runs all the time although its template has it otherwise.
std::vector<NewDirective> static_lines(const json::Object& values) {
  JsonNode* value = json_object_get_member(values.get(), "static");
  const bool needed = value && !wants_ondemand(values) && json_object_has_member(values.get(), "template");
  return needed ? std::vector<NewDirective>{{"static", {"true"}}} : std::vector<NewDirective>{};
}

bool is_flag(const json::Object& values, const char* key) {
  JsonNode* value = json_object_get_member(values.get(), key);
  return !value || (JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == G_TYPE_BOOLEAN);
}

std::vector<std::string_view> written_keys(Kind kind) {
  std::vector<std::string_view> keys;
  if (kind == Kind::kTemplate) keys.push_back(kPrefixes);
  keys.insert(keys.end(), stream_keys().begin(), stream_keys().end());
  return keys;
}

tl::expected<NewDirective, store::Refused> new_block(const Wish& wish, const json::Object& values) {
  const auto name = config::write_word(wish.name);
  if (!name) return refuse(store::Refusal::kInvalid, "the name holds what no name can");
  const bool stream = wish.kind == Kind::kStream;
  NewDirective out{stream ? wants_ondemand(values) ? "ondemand" : "stream" : "template", {*name}};
  out.block.emplace();
  for (const std::string_view key : written_keys(wish.kind)) {
    auto lines = stream && key == "static"
                     ? static_lines(values)
                     : directives_of(key, json_object_get_member(values.get(), std::string(key).c_str()));
    if (!lines) return refuse(lines.error());
    out.block->insert(out.block->end(), lines->begin(), lines->end());
  }
  return out;
}

// The text of the block after the wish.
tl::expected<std::string, store::Refused> edited_block(const Wish& wish, std::string text,
                                                       const Directive& block,
                                                       const std::vector<std::string_view>& own,
                                                       const json::Object& present,
                                                       const json::Object& wanted) {
  constexpr auto kBlock = config::Level::kFirstBlock;
  for (const std::string& name : wish.drop)
    text =
        config::set_directives(text, kBlock, [&](const Directive& d) { return d.name.text == name; }, {}, {});
  if (wish.reset)  // what counts nowhere goes as well
    text = config::set_directives(
        text, kBlock, [](const Directive& d) { return stream_key_of(d).empty() && d.name.text != "prefix"; },
        {}, {});
  for (const std::string_view key : written_keys(wish.kind)) {
    const std::string name(key);
    JsonNode* before = json_object_get_member(present.get(), name.c_str());
    JsonNode* after = json_object_get_member(wanted.get(), name.c_str());
    const bool set = std::find(own.begin(), own.end(), key) != own.end();
    if (json::equal(before, after) && (set || json::is_null(after)) &&
        !(wish.reset && set && json::is_null(after)))
      continue;
    if (key == "static" && wish.kind == Kind::kStream) {
      if (const std::string_view word = wants_ondemand(wanted) ? "ondemand" : "stream";
          block.name.text != word)
        text = std::string(word) + text.substr(block.name.at.length);
      text = config::set_directives(text, kBlock, belongs_to(key), {}, static_lines(wanted));
      continue;
    }
    if (key == "inputs") text = config::arguments_into_block(text, 1, "input");
    auto lines = directives_of(key, after);
    if (!lines) return refuse(lines.error());
    const auto old = directives_of(key, before);
    text = config::set_directives(text, kBlock, belongs_to(key), old.value_or(std::vector<NewDirective>{}),
                                  *lines);
  }
  return text;
}

}  // namespace

std::string block_name(Kind kind, const Directive& d) {
  if (d.args.empty()) return {};
  const std::string& word = d.name.text;
  const std::string& name = d.args[0].text;
  if (kind == Kind::kStream) return word == "stream" || word == "ondemand" ? name : std::string();
  if (word == "rewrite" && name.ends_with("/*")) return name.substr(0, name.size() - 2);
  return word == "template" || word == "live" ? name : std::string();
}

const Directive* find_block(Kind kind, std::string_view name, const std::vector<Directive>& directives) {
  for (const Directive& d : directives)
    if (block_name(kind, d) == name) return &d;
  return nullptr;
}

tl::expected<Wish, BadValue> read_wish(Kind kind, std::string_view name, JsonNode* body) {
  if (!body || !JSON_NODE_HOLDS_OBJECT(body))
    return tl::unexpected(BadValue{"the body is no JSON object", {}});
  Wish out{kind, std::string(name), false, json::copy(body), {}};
  JsonObject* patch = json_node_get_object(out.patch.get());
  if (JsonNode* reset = json_object_get_member(patch, "$reset")) {
    if (!JSON_NODE_HOLDS_VALUE(reset) || json_node_get_value_type(reset) != G_TYPE_BOOLEAN)
      return tl::unexpected(BadValue{"$reset: true or false is wanted here", {}});
    out.reset = json_node_get_boolean(reset);
  }
  // An old switch of the API for one of the protocols.
  if (JsonNode* cmaf = json_object_get_member(patch, "cmaf_enabled")) {
    JsonNode* protocols = json_object_get_member(patch, "protocols");
    if (!protocols && !json::is_null(cmaf)) {
      json::Object one;
      one.node("cmaf", json::copy(cmaf));
      json_object_set_object_member(patch, "protocols", one.release());
    }
    json_object_remove_member(patch, "cmaf_enabled");
  }
  std::vector<std::string> names;
  GList* list = json_object_get_members(patch);
  for (GList* l = list; l; l = l->next) names.emplace_back(static_cast<const char*>(l->data));
  g_list_free(list);
  for (const std::string& key : names) {
    JsonNode* value = json_object_get_member(patch, key.c_str());
    if (std::find(kReadOnly.begin(), kReadOnly.end(), key) != kReadOnly.end()) {
      json_object_remove_member(patch, key.c_str());
    } else if (is_unsupported_stream_key(key)) {
      if (!JSON_NODE_HOLDS_NULL(value))
        return tl::unexpected(BadValue{fmt::format("{}: known, but not supported here yet", key), {}});
      out.drop.push_back(key);
      json_object_remove_member(patch, key.c_str());
    } else if (!is_key(kind, key)) {
      return tl::unexpected(BadValue{fmt::format("there is no '{}'{}", key, nearest_stream_key(key)), key});
    } else if (auto directives = directives_of(key, key == "backup" || key == "protocols" ? nullptr : value);
               !directives && !JSON_NODE_HOLDS_NULL(value)) {
      // Nulls inside of what is merged are told from missing values later, when it is merged.
      return tl::unexpected(directives.error());
    }
  }
  return out;
}

tl::expected<Files, store::Refused> put(const Wish& wish, const Files& files, const config::Config& config) {
  size_t position = 0;
  const config::Stream* now = typed(wish.kind, wish.name, config, position);
  Files out = files;
  for (config::SourceFile& file : out) {
    const std::vector<Directive> directives = config::parse_text(file.text);
    const Directive* block = find_block(wish.kind, wish.name, directives);
    if (!block || !now) continue;
    std::vector<std::string_view> own = own_keys(*block);
    json::Object present = own_values(*now, own, Secrets::kShown);
    if (wish.kind == Kind::kTemplate) {
      const std::string& prefix = config.templates[position].prefix;
      if (!prefix.empty()) {
        json::Array list;
        list.add(std::string_view(prefix));
        present.array("prefixes", std::move(list));
        own.push_back(kPrefixes);
      }
    }
    const json::Object wanted = wanted_values(wish, now, position, own, present, config);
    if (!is_flag(wanted, "static"))
      return refuse(store::Refusal::kInvalid, "static: true or false is wanted here");
    if (block->name.text == "live" || block->name.text == "rewrite")
      if (!json::equal(json_object_get_member(present.get(), "prefixes"),
                       json_object_get_member(wanted.get(), "prefixes")))
        return refuse(store::Refusal::kInvalid,
                      fmt::format("prefixes: that of '{} {}' is its name: delete it and make a template",
                                  block->name.text, wish.name));
    auto text =
        edited_block(wish, std::string(config::text_of(file.text, *block)), *block, own, present, wanted);
    if (!text) return tl::unexpected(text.error());
    file.text = config::with_text(file.text, *block, *text);
    return out;
  }
  const json::Object wanted = wanted_values(wish, nullptr, 0, {}, {}, config);
  if (!is_flag(wanted, "static"))
    return refuse(store::Refusal::kInvalid, "static: true or false is wanted here");
  auto block = new_block(wish, wanted);
  if (!block) return tl::unexpected(block.error());
  config::SourceFile& file = out.front();
  const auto beside = [&](const Directive& d) { return !block_name(wish.kind, d).empty(); };
  file.text = config::add_directive(file.text, config::parse_text(file.text), *block, beside);
  return out;
}

tl::expected<Files, store::Refused> remove(Kind kind, std::string_view name, const Files& files) {
  Files out = files;
  for (config::SourceFile& file : out) {
    const std::vector<Directive> directives = config::parse_text(file.text);
    const Directive* block = find_block(kind, name, directives);
    if (!block) continue;
    file.text = config::without_directive(file.text, *block);
    return out;
  }
  return refuse(store::Refusal::kNotFound, fmt::format("the configuration has no {} of that name",
                                                       kind == Kind::kStream ? "stream" : "template"));
}

}  // namespace sluice::api
