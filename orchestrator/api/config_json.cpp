#include "orchestrator/api/config_json.h"

#include <algorithm>

#include "orchestrator/api/patch.h"
#include "orchestrator/config/tables.h"

namespace sluice::api {
namespace {

using config::Field;
using config::Form;
using config::Limits;
using config::Unit;

json::Node boolean(bool value) {
  return json::Node(json_node_init_boolean(json_node_alloc(), value));
}
json::Node integer(int64_t value) {
  return json::Node(json_node_init_int(json_node_alloc(), value));
}
json::Node text(std::string_view value) {
  return json::Node(json_node_init_string(json_node_alloc(), json::utf8(value).c_str()));
}
json::Node node(json::Array value) {
  JsonNode* out = json_node_new(JSON_NODE_ARRAY);
  json_node_take_array(out, value.release());
  return json::Node(out);
}

// One value. Null: empty.
json::Node value_node(bool value, const Limits&) {
  return boolean(value);
}
json::Node value_node(const std::string& value, const Limits&) {
  return value.empty() ? nullptr : text(value);
}
json::Node value_node(config::LogLevel value, const Limits&) {
  return text(config::kLogLevels[static_cast<size_t>(value)]);
}
json::Node number(int64_t value, const Limits& limits) {
  if (value == 0 && limits.can_be_off && limits.min > 0) return boolean(false);
  return integer(limits.unit == Unit::kBitrate ? value / 1000 : value);
}
json::Node value_node(int value, const Limits& limits) {
  return number(value, limits);
}
json::Node value_node(uint16_t value, const Limits& limits) {
  return number(value, limits);
}
json::Node value_node(uint64_t value, const Limits& limits) {
  return number(static_cast<int64_t>(value), limits);
}
template <typename Period>
json::Node value_node(std::chrono::duration<int64_t, Period> value, const Limits& limits) {
  return number(value.count(), limits);
}
template <typename T>
json::Node value_node(const std::vector<T>& values, const Limits&) {
  if (values.empty()) return nullptr;
  json::Array out;
  for (const T& value : values) {
    if constexpr (std::is_same_v<T, std::string>)
      out.add(std::string_view(value));
    else
      out.add(int64_t{value});
  }
  return node(std::move(out));
}
template <typename T>
json::Node value_node(const std::optional<T>& value, const Limits& limits) {
  return value ? value_node(*value, limits) : nullptr;
}

// The value of a field that is one value. Null also for others.
template <typename S>
json::Node field_node(const S& from, const Field<S>& field) {
  return std::visit(
      [&](auto member) -> json::Node {
        if constexpr (std::is_same_v<decltype(member), Form>)
          return nullptr;
        else
          return value_node(from.*member, field.limits);
      },
      field.member);
}

template <typename S>
bool is_default(const S& from, const Field<S>& field) {
  static const S kDefault{};
  return std::visit(
      [&](auto member) {
        if constexpr (std::is_same_v<decltype(member), Form>)
          return false;
        else
          return from.*member == kDefault.*member;
      },
      field.member);
}

// The plain values that are not what they would be anyway.
template <typename S>
void add_fields(json::Object& out, const S& from, const config::Section<S>& section) {
  for (const Field<S>& field : section.fields)
    if (!is_default(from, field))
      if (json::Node value = field_node(from, field))
        out.node(std::string(field.name).c_str(), std::move(value));
}

json::Object pids_object(const config::MpegtsPids& pids) {
  json::Object out;
  if (pids.pmt) out.number("pmt", *pids.pmt);
  if (pids.sdt) out.number("sdt", *pids.sdt);
  if (pids.pcr) out.number("pcr", *pids.pcr);
  for (const auto& [track, pid] : pids.tracks) out.number(track.c_str(), pid);
  return out;
}

json::Object input_object(const config::Input& input, Secrets secrets) {
  const bool hidden = secrets == Secrets::kHidden;
  json::Object out;
  out.text("url", hidden ? without_credentials(input.url) : input.url);
  config::Input shown = input;
  if (hidden) shown.passphrase.clear();
  if (input.priority == config::kLowestPriority) {
    out.flag("backup", true);
    shown.priority.reset();
  }
  add_fields(out, shown, config::kInputSection);
  if (input.rtp_udp) out.text("rtp", "udp");
  if (!input.headers.empty()) {
    json::Object headers;
    for (const auto& [name, value] : input.headers)
      if (!hidden || g_ascii_strcasecmp(name.c_str(), "authorization") != 0)
        headers.text(name.c_str(), value);
    out.object("headers", std::move(headers));
  }
  return out;
}

json::Object push_object(const config::Push& push, Secrets secrets) {
  json::Object out;
  out.text("url", secrets == Secrets::kHidden ? without_credentials(push.url) : push.url);
  add_fields(out, push, config::kPushSection);
  if (push.pids != config::MpegtsPids{}) out.object("pids", pids_object(push.pids));
  return out;
}

json::Object backup_object(const config::Backup& backup) {
  json::Object out;
  out.text("file", backup.file);
  add_fields(out, backup, config::kBackupSection);
  return out;
}

json::Object protocols_object(const config::Protocols& protocols) {
  json::Object out;
  for (const config::ProtocolName& p : config::kProtocolNames)
    if (p.member && p.name != "mpegts") out.flag(std::string(p.name).c_str(), protocols.*p.member);
  return out;
}

template <typename T, typename Show>
json::Node list(const std::vector<T>& values, Show show) {
  if (values.empty()) return nullptr;
  json::Array out;
  for (const T& value : values) out.add(show(value));
  return node(std::move(out));
}

// Directives of several spellings are one key. Empty: `name` itself.
std::string_view key_of(Form form) {
  switch (form) {
    case Form::kUseTemplate:
      return "template";
    case Form::kInput:
    case Form::kInputs:
    case Form::kPublishEnabled:
      return "inputs";
    case Form::kPush:
    case Form::kPushUdp:
      return "pushes";
    case Form::kProtocols:
    case Form::kProtocolSwitch:
      return "protocols";
    case Form::kNoPrepush:
      return "prepush";
    case Form::kMeta:
      return "program_id";
    case Form::kGroup:
      return "groups";
    default:
      return {};
  }
}

std::string_view key_of(const Field<config::Stream>& field) {
  const Form* form = std::get_if<Form>(&field.member);
  const std::string_view key = form ? key_of(*form) : std::string_view();
  return key.empty() ? field.name : key;
}

}  // namespace

std::string without_credentials(std::string_view url) {
  const size_t scheme = url.find("://");
  if (scheme == std::string_view::npos) return std::string(url);
  const size_t host = scheme + 3, end = std::min(url.find_first_of("/?#", host), url.size());
  const size_t at = url.substr(0, end).rfind('@');
  std::string out(url);
  // udp://eth0@239.0.0.1:1234 names an interface.
  if (at != std::string_view::npos && at >= host && url.substr(0, scheme) != "udp")
    out = std::string(url.substr(0, host)) + std::string(url.substr(at + 1));
  if (url.substr(0, scheme) != "srt") return out;
  constexpr std::string_view kKey = "passphrase=";
  for (size_t begin = out.find('?'); begin != out.npos; begin = out.find('&', begin + 1)) {
    if (out.compare(begin + 1, kKey.size(), kKey) != 0) continue;
    const size_t next = out.find('&', begin + 1);
    // "?passphrase=x&y=z" becomes "?y=z".
    if (next == out.npos)
      out.erase(begin);
    else
      out.erase(begin + 1, next - begin);
    break;
  }
  return out;
}

const std::vector<std::string_view>& stream_keys() {
  static const std::vector<std::string_view> kKeys = [] {
    std::vector<std::string_view> out;
    for (const auto& field : config::kStreamFields)
      if (const auto key = key_of(field); std::find(out.begin(), out.end(), key) == out.end())
        out.push_back(key);
    return out;
  }();
  return kKeys;
}

std::string_view stream_key_of(const config::Directive& directive) {
  const Field<config::Stream>* field = find_field(config::kStreamSection, directive.name.text);
  if (!field) return {};
  const std::string_view key = key_of(*field);
  // `meta` has other keys, too.
  if (key == "program_id" && (directive.args.empty() || directive.args[0].key() != "program_id")) return {};
  return key;
}

json::Node stream_value(const config::Stream& stream, std::string_view key, Secrets secrets) {
  if (key == "template") return value_node(stream.template_name, {});
  if (key == "inputs") return list(stream.inputs, [&](const auto& in) { return input_object(in, secrets); });
  if (key == "pushes")
    return list(stream.pushes, [&](const auto& push) { return push_object(push, secrets); });
  if (key == "backup") return stream.backup ? backup_object(*stream.backup).into_node() : nullptr;
  if (key == "rtp") return text(stream.rtp_udp ? "udp" : "tcp");
  if (key == "protocols") return protocols_object(stream.protocols).into_node();
  if (key == "program_id") return value_node(stream.program_id, {});
  if (key == "groups") return value_node(stream.groups, {});
  if (key == "domains") return value_node(stream.domains, {});
  if (key == "mpegts_pids")
    return stream.mpegts_pids == config::MpegtsPids{} ? nullptr : pids_object(stream.mpegts_pids).into_node();
  if (key == "labels") {
    if (stream.labels.empty()) return nullptr;
    json::Object out;
    for (const auto& [name, value] : stream.labels) out.text(name.c_str(), value);
    return out.into_node();
  }
  if (key == "password" && secrets == Secrets::kHidden) return nullptr;
  const Field<config::Stream>* field = find_field(config::kStreamSection, key);
  return field ? field_node(stream, *field) : nullptr;
}

json::Object input_config_json(const config::Input& input, Secrets secrets) {
  return input_object(input, secrets);
}

void add_values(json::Object& out, const config::Stream& stream, Secrets secrets) {
  static const config::Stream kDefault;
  for (const std::string_view key : stream_keys()) {
    const std::string name(key);
    if (json_object_has_member(out.get(), name.c_str())) continue;
    json::Node value = stream_value(stream, key, secrets);
    if (!json::equal(value.get(), stream_value(kDefault, key, secrets).get()))
      out.node(name.c_str(), std::move(value));
  }
}

std::vector<std::string_view> own_keys(const config::Directive& block) {
  std::vector<std::string_view> out;
  const auto add = [&](std::string_view key) {
    if (!key.empty() && std::find(out.begin(), out.end(), key) == out.end()) out.push_back(key);
  };
  if (block.name.text == "ondemand") add("static");
  if (block.args.size() > 1) add("inputs");
  for (const config::Directive& d : block.body) add(stream_key_of(d));
  return out;
}

json::Object own_values(const config::Stream& stream, const std::vector<std::string_view>& keys,
                        Secrets secrets) {
  json::Object out;
  for (const std::string_view key : keys) {
    const std::string name(key);
    if (json::Node value = stream_value(stream, key, secrets)) {
      out.node(name.c_str(), std::move(value));
      continue;
    }
    // It is set to nothing: `url_prefix false;`, `title "";`.
    const Field<config::Stream>* field = find_field(config::kStreamSection, key);
    if (!field || (key == "password" && secrets == Secrets::kHidden)) continue;
    if (field->limits.can_be_unset)
      out.flag(name.c_str(), false);
    else if (std::holds_alternative<std::string config::Stream::*>(field->member))
      out.text(name.c_str(), "");
  }
  return out;
}

}  // namespace sluice::api
