#include "orchestrator/api/config_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "orchestrator/api/config_json.h"
#include "orchestrator/config/names.h"
#include "orchestrator/config/tables.h"
#include "orchestrator/config/words.h"

namespace sluice::api {
namespace {

using config::Field;
using config::Form;
using config::Limits;
using config::NewDirective;
using config::Unit;

template <typename T>
using Read = tl::expected<T, BadValue>;

tl::unexpected<BadValue> bad(std::string_view path, std::string_view what) {
  return tl::unexpected(BadValue{fmt::format("{}: {}", path, what), {}});
}

tl::unexpected<BadValue> unknown(std::string_view path, std::string_view key, std::string_view hint) {
  return tl::unexpected(BadValue{fmt::format("{}: there is no '{}'{}", path, key, hint), std::string(key)});
}

tl::unexpected<BadValue> not_writable(std::string_view path) {
  return bad(path,
             "this text cannot stand in the file: it has a line end or another control character, or it is "
             "too long");
}

bool is(JsonNode* value, GType type) {
  return JSON_NODE_HOLDS_VALUE(value) && json_node_get_value_type(value) == type;
}

bool is_false(JsonNode* value) {
  return is(value, G_TYPE_BOOLEAN) && !json_node_get_boolean(value);
}

Read<std::string> text_of(JsonNode* value, std::string_view path) {
  if (!is(value, G_TYPE_STRING)) return bad(path, "a string is wanted here");
  return std::string(json_node_get_string(value));
}

// As the file writes the number.
Read<std::string> number_text(JsonNode* value, const Limits& limits, std::string_view path) {
  if (is_false(value) && (limits.can_be_off || limits.can_be_unset)) return std::string("false");
  const bool ms = limits.unit == Unit::kSecondsFraction || limits.unit == Unit::kMilliseconds;
  if (!is(value, G_TYPE_INT64) && !is(value, G_TYPE_DOUBLE))
    return bad(path, ms ? "a number of milliseconds is wanted here" : "a number is wanted here");
  const double real = json_node_get_double(value);
  if (real < 0 || real > 9e15 || real != static_cast<double>(static_cast<int64_t>(real)))
    return bad(path, "a whole number from 0 on is wanted here");
  const auto whole = static_cast<int64_t>(real);
  if (limits.unit != Unit::kSecondsFraction) return std::to_string(whole);
  std::string out = std::to_string(whole / 1000);
  if (whole % 1000 == 0) return out;
  out += fmt::format(".{:03}", whole % 1000);
  while (out.back() == '0') out.pop_back();
  return out;
}

// The value of a plain field as the file writes it, without quotes.
template <typename S>
Read<std::string> field_text(const Field<S>& field, JsonNode* value, std::string_view path) {
  return std::visit(
      [&](auto member) -> Read<std::string> {
        using Value = std::remove_reference_t<
            decltype(std::declval<S&>().*
                     std::declval<std::conditional_t<std::is_same_v<decltype(member), Form>, bool S::*,
                                                     decltype(member)>>())>;
        if constexpr (std::is_same_v<Value, bool>) {
          if (!is(value, G_TYPE_BOOLEAN)) return bad(path, "true or false is wanted here");
          return std::string(json_node_get_boolean(value) ? "true" : "false");
        } else if constexpr (std::is_same_v<Value, std::string>) {
          if (field.limits.can_be_unset && is_false(value)) return std::string("false");
          return text_of(value, path);
        } else if constexpr (std::is_same_v<Value, config::LogLevel>) {
          return text_of(value, path);
        } else if constexpr (std::is_same_v<Value, std::vector<std::string>> ||
                             std::is_same_v<Value, std::vector<int>> ||
                             std::is_same_v<Value, std::vector<uint16_t>>) {
          if (!JSON_NODE_HOLDS_ARRAY(value)) return bad(path, "a list is wanted here");
          JsonArray* array = json_node_get_array(value);
          std::string out;
          for (guint i = 0; i < json_array_get_length(array); ++i) {
            JsonNode* element = json_array_get_element(array, i);
            const auto item = std::is_same_v<Value, std::vector<std::string>>
                                  ? text_of(element, path)
                                  : number_text(element, field.limits, path);
            if (!item) return item;
            if (item->find(',') != item->npos) return bad(path, "an entry of this list holds no comma");
            (out += i == 0 ? "" : ",") += *item;
          }
          return out;
        } else {
          return number_text(value, field.limits, path);
        }
      },
      field.member);
}

// Members of an object, nulls left out.
std::vector<std::pair<std::string, JsonNode*>> members(JsonObject* object) {
  std::vector<std::pair<std::string, JsonNode*>> out;
  JsonObjectIter iter;
  json_object_iter_init_ordered(&iter, object);
  const gchar* name = nullptr;
  JsonNode* value = nullptr;
  while (json_object_iter_next_ordered(&iter, &name, &value))
    if (!JSON_NODE_HOLDS_NULL(value)) out.emplace_back(name, value);
  return out;
}

// Keys of labels, headers and PIDs stand before a '=' in the file.
bool is_plain_key(std::string_view key) {
  return !key.empty() && key.size() <= 128 && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  });
}

Read<std::string> pair(std::string_view key, std::string_view value, std::string_view path) {
  if (auto written = config::write_pair(key, value)) return std::move(*written);
  return not_writable(path);
}

Read<std::string> headers(JsonNode* value, const std::string& path, std::vector<std::string>& words) {
  if (!JSON_NODE_HOLDS_OBJECT(value)) return bad(path, "an object of headers is wanted here");
  for (const auto& [name, content] : members(json_node_get_object(value))) {
    if (!is_plain_key(name)) return bad(path, fmt::format("'{}' is not the name of a header", name));
    auto text = text_of(content, path + "." + name);
    if (!text) return text;
    auto word = pair("header." + name, *text, path);
    if (!word) return word;
    words.push_back(std::move(*word));
  }
  return std::string();
}

// {"v1": 211, ...} as "v1=211 ..." or "v1:211,...".
Read<std::vector<std::string>> pids(JsonNode* value, const std::string& path, char between) {
  if (!JSON_NODE_HOLDS_OBJECT(value)) return bad(path, "an object of PIDs is wanted here");
  std::vector<std::string> out;
  auto all = members(json_node_get_object(value));
  const auto rank = [](const std::string& name) {
    return name == "pmt" ? 0 : name == "sdt" ? 1 : name == "pcr" ? 2 : 3;
  };
  std::sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return std::pair(rank(a.first), std::string_view(a.first)) <
           std::pair(rank(b.first), std::string_view(b.first));
  });
  for (const auto& [name, content] : all) {
    if (!is_plain_key(name)) return unknown(path, name, "");
    auto number = number_text(content, {.unit = Unit::kCount}, path + "." + name);
    if (!number) return tl::unexpected(number.error());
    out.push_back(name + between + *number);
  }
  return out;
}

// The arguments of an input, a push or a backup: the members of `object` but for `first`, which stands before
// them.
template <typename S>
Read<std::vector<std::string>> arguments(const config::Section<S>& section, JsonObject* object,
                                         std::string_view first, const std::string& path) {
  std::vector<std::string> words, tail;
  JsonNode* address = json_object_get_member(object, std::string(first).c_str());
  if (!address || JSON_NODE_HOLDS_NULL(address)) return bad(path, fmt::format("'{}' is missing", first));
  auto text = text_of(address, path + "." + std::string(first));
  if (!text) return tl::unexpected(text.error());
  auto word = config::write_word(*text);
  if (!word) return not_writable(path + "." + std::string(first));
  words.push_back(std::move(*word));
  // In the table's order, whatever the body's: the same values are the same text.
  auto all = members(object);
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) {
    return find_field(section, a.first) < find_field(section, b.first);
  });
  for (const auto& [name, value] : all) {
    if (name == first || name == "stats") continue;  // figures of a GET come back with it
    const std::string at = path + "." + name;
    if (name == "headers" && std::is_same_v<S, config::Input>) {
      if (auto done = headers(value, at, tail); !done) return tl::unexpected(done.error());
      continue;
    }
    const Field<S>* field = find_field(section, name);
    if (!field || field->name == "header.NAME") {
      if (is_unsupported(section, name)) return bad(at, "known, but not supported here yet");
      config::Nearest nearest(name);
      for (const Field<S>& f : section.fields) nearest.offer(f.name);
      return unknown(path, name, nearest.hint());
    }
    const Form* form = std::get_if<Form>(&field->member);
    Read<std::string> written;
    if (form && *form == Form::kPids) {
      auto list = pids(value, at, ':');
      if (!list) return list;
      written = fmt::format("{}", fmt::join(*list, ","));
    } else if (form && *form == Form::kRtp) {
      written = text_of(value, at);
    } else {
      written = field_text(*field, value, at);  // kLowest: a flag
    }
    if (!written) return tl::unexpected(written.error());
    const bool flag = std::holds_alternative<bool S::*>(field->member) || (form && *form == Form::kLowest);
    if (flag && *written == "true") {
      words.push_back(name);
    } else if (form && *form == Form::kLowest) {
      continue;  // `false` is the same as nothing
    } else {
      auto argument = pair(name, *written, at);
      if (!argument) return tl::unexpected(argument.error());
      words.push_back(std::move(*argument));
    }
  }
  words.insert(words.end(), tail.begin(), tail.end());
  return words;
}

// A list of objects; one that is just a string stands for its address.
template <typename S>
Directives addresses(const config::Section<S>& section, std::string_view key, std::string_view directive,
                     JsonNode* value) {
  if (!JSON_NODE_HOLDS_ARRAY(value)) return bad(key, "a list is wanted here");
  JsonArray* array = json_node_get_array(value);
  std::vector<NewDirective> out;
  for (guint i = 0; i < json_array_get_length(array); ++i) {
    const std::string path = fmt::format("{}[{}]", key, i);
    JsonNode* element = json_array_get_element(array, i);
    json::Object from_text;
    if (is(element, G_TYPE_STRING)) from_text.text("url", json_node_get_string(element));
    const bool object = JSON_NODE_HOLDS_OBJECT(element);
    if (!object && !is(element, G_TYPE_STRING)) return bad(path, "an object with an 'url' is wanted here");
    auto words = arguments(section, object ? json_node_get_object(element) : from_text.get(), "url", path);
    if (!words) return tl::unexpected(words.error());
    out.push_back({std::string(directive), std::move(*words)});
  }
  return out;
}

Directives backup(JsonNode* value) {
  json::Object from_text;
  if (is(value, G_TYPE_STRING)) from_text.text("file", json_node_get_string(value));
  const bool object = JSON_NODE_HOLDS_OBJECT(value);
  if (!object && !is(value, G_TYPE_STRING)) return bad("backup", "an object with a 'file' is wanted here");
  auto words = arguments(config::kBackupSection, object ? json_node_get_object(value) : from_text.get(),
                         "file", "backup");
  if (!words) return tl::unexpected(words.error());
  return std::vector<NewDirective>{{"backup", std::move(*words)}};
}

Directives protocols(JsonNode* value) {
  if (!JSON_NODE_HOLDS_OBJECT(value)) return bad("protocols", "an object of switches is wanted here");
  bool whitelist = false;
  std::vector<std::string> on, off;
  for (const auto& [name, content] : members(json_node_get_object(value))) {
    if (!is(content, G_TYPE_BOOLEAN)) return bad("protocols." + name, "true or false is wanted here");
    const bool wanted = json_node_get_boolean(content);
    if (name == "whitelist") {
      whitelist = wanted;
      continue;
    }
    const auto known = std::find_if(std::begin(config::kProtocolNames), std::end(config::kProtocolNames),
                                    [&name = name](const auto& p) { return p.name == name; });
    if (known == std::end(config::kProtocolNames)) {
      config::Nearest nearest(name);
      for (const auto& p : config::kProtocolNames) nearest.offer(p.name);
      return unknown("protocols", name, nearest.hint());
    }
    if (!known->member && wanted) return bad("protocols." + name, "known, but not served here yet");
    if (known->member) (wanted ? on : off).push_back(name);
  }
  NewDirective out{"protocols"};
  if (whitelist || off.size() > on.size()) {
    if (on.empty())
      return bad("protocols", "at least one protocol must be on; to stop a stream use 'disabled'");
    out.words = on;
  } else {
    for (const std::string& name : off) out.words.push_back("-" + name);
  }
  if (out.words.empty()) return std::vector<NewDirective>{};
  return std::vector<NewDirective>{std::move(out)};
}

Directives words(std::string_view key, std::string_view directive, JsonNode* value) {
  if (!JSON_NODE_HOLDS_ARRAY(value)) return bad(key, "a list of strings is wanted here");
  JsonArray* array = json_node_get_array(value);
  NewDirective out{std::string(directive)};
  for (guint i = 0; i < json_array_get_length(array); ++i) {
    auto text = text_of(json_array_get_element(array, i), key);
    if (!text) return tl::unexpected(text.error());
    auto word = config::write_word(*text);
    if (!word) return not_writable(key);
    out.words.push_back(std::move(*word));
  }
  if (out.words.empty()) return std::vector<NewDirective>{};
  return std::vector<NewDirective>{std::move(out)};
}

Directives labels(JsonNode* value) {
  if (!JSON_NODE_HOLDS_OBJECT(value)) return bad("labels", "an object of strings is wanted here");
  NewDirective out{"labels"};
  for (const auto& [name, content] : members(json_node_get_object(value))) {
    if (!is_plain_key(name))
      return bad("labels", fmt::format("'{}' is not a name of letters, digits, '_', '-' and '.'", name));
    auto text = text_of(content, "labels." + name);
    if (!text) return tl::unexpected(text.error());
    auto word = pair(name, *text, "labels." + name);
    if (!word) return tl::unexpected(word.error());
    out.words.push_back(std::move(*word));
  }
  if (out.words.empty()) return std::vector<NewDirective>{};
  return std::vector<NewDirective>{std::move(out)};
}

Directives one_word(std::string_view directive, const Read<std::string>& text) {
  if (!text) return tl::unexpected(text.error());
  auto word = config::write_word(*text);
  if (!word) return not_writable(directive);
  return std::vector<NewDirective>{{std::string(directive), {std::move(*word)}}};
}

template <typename S>
Directives plain(const Field<S>& field, JsonNode* value) {
  auto text = field_text(field, value, field.name);
  if (text && std::holds_alternative<bool S::*>(field.member) && *text == "true")
    return std::vector<NewDirective>{{std::string(field.name)}};
  return one_word(field.name, text);
}

}  // namespace

Directives stream_directives(std::string_view key, JsonNode* value) {
  if (key == "inputs") return addresses(config::kInputSection, key, "input", value);
  if (key == "pushes") return addresses(config::kPushSection, key, "push", value);
  if (key == "backup") return backup(value);
  if (key == "protocols") return protocols(value);
  if (key == "domains") return words(key, "domains", value);
  if (key == "groups") return words(key, "group", value);
  if (key == "labels") return labels(value);
  if (key == "template" || key == "rtp") return one_word(key, text_of(value, key));
  if (key == "program_id") {
    auto number = number_text(value, {.unit = Unit::kCount}, key);
    if (!number) return tl::unexpected(number.error());
    return std::vector<NewDirective>{{"meta", {"program_id", std::move(*number)}}};
  }
  if (key == "mpegts_pids") {
    auto list = pids(value, "mpegts_pids", '=');
    if (!list) return tl::unexpected(list.error());
    if (list->empty()) return std::vector<NewDirective>{};
    return std::vector<NewDirective>{{"mpegts_pids", std::move(*list)}};
  }
  const Field<config::Stream>* field = find_field(config::kStreamSection, key);
  if (!field || std::holds_alternative<Form>(field->member))
    return unknown("stream", key, nearest_stream_key(key));
  return plain(*field, value);
}

bool is_unsupported_stream_key(std::string_view key) {
  return is_unsupported(config::kStreamSection, key);
}

std::string nearest_stream_key(std::string_view key) {
  config::Nearest nearest(key);
  for (const std::string_view known : stream_keys()) nearest.offer(known);
  return nearest.hint();
}

Directives global_directives(std::string_view key, JsonNode* value) {
  const Field<config::Config>* field = find_field(config::kGlobalSection, key);
  if (field && !std::holds_alternative<Form>(field->member)) return plain(*field, value);
  config::Nearest nearest(key);
  for (const auto& f : config::kGlobalFields)
    if (!std::holds_alternative<Form>(f.member)) nearest.offer(f.name);
  return unknown("config", key, nearest.hint());
}

}  // namespace sluice::api
