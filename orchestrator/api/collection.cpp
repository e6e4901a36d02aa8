#include "orchestrator/api/collection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "m4fhttp/path.h"

namespace sluice::api {
namespace {

using Op = Query::Condition::Op;

constexpr size_t kMaxConditions = 64, kMaxValues = 1000;
constexpr const char* kPosition = "$position";  // place in the natural order: breaks every tie
constexpr const char* kNull = "$null";          // in cursors

constexpr std::pair<std::string_view, Op> kSuffixes[] = {
    {"_is_not", Op::kIsNot}, {"_is", Op::kIs},         {"_ne", Op::kNot},  {"_gte", Op::kGreaterEqual},
    {"_gt", Op::kGreater},   {"_lte", Op::kLessEqual}, {"_lt", Op::kLess}, {"_like", Op::kLike}};

std::vector<std::string> split(std::string_view text, char by) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const size_t end = std::min(text.find(by), text.size());
    if (end > 0) out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// "a.b" of an object, or null.
JsonNode* member(JsonObject* object, std::string_view path) {
  while (object) {
    const size_t dot = path.find('.');
    const std::string key(path.substr(0, dot));
    JsonNode* node = json_object_get_member(object, key.c_str());
    if (!node || dot == std::string_view::npos) return node;
    object = JSON_NODE_HOLDS_OBJECT(node) ? json_node_get_object(node) : nullptr;
    path.remove_prefix(dot + 1);
  }
  return nullptr;
}

std::string base64(std::string_view text) {
  gchar* encoded = g_base64_encode(reinterpret_cast<const guchar*>(text.data()), text.size());
  std::string out(encoded);
  g_free(encoded);
  return out;
}

std::string unbase64(const std::string& text) {
  gsize size = 0;
  guchar* decoded = g_base64_decode(text.c_str(), &size);
  std::string out(reinterpret_cast<const char*>(decoded), size);
  g_free(decoded);
  return out;
}

std::string escape(std::string_view text) {
  gchar* escaped = g_uri_escape_bytes(reinterpret_cast<const guint8*>(text.data()), text.size(), nullptr);
  std::string out(escaped);
  g_free(escaped);
  return out;
}

// Calls `use(key, value)`, both decoded, for each pair; false if one is no valid text or `use` says so.
template <typename Use>
bool each_pair(std::string_view query, Use use) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view item = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (item.empty()) continue;
    const size_t equals = std::min(item.find('='), item.size());
    std::string key, value;
    if (!m4fhttp::percent_decode(item.substr(0, equals), true, key) ||
        !m4fhttp::percent_decode(item.substr(std::min(equals + 1, item.size())), true, value) ||
        !use(key, value))
      return false;
  }
  return true;
}

Query::Condition condition(std::string_view key, const std::string& value) {
  Query::Condition out;
  for (const auto& [suffix, op] : kSuffixes)
    if (key.size() > suffix.size() && key.substr(key.size() - suffix.size()) == suffix) {
      out.op = op;
      key.remove_suffix(suffix.size());
      break;
    }
  out.field = key;
  // One text may hold commas where only one makes sense.
  out.values =
      out.op == Op::kEqual || out.op == Op::kNot ? split(value, ',') : std::vector<std::string>{value};
  if (out.values.empty()) out.values.emplace_back();
  return out;
}

// An item of the list and its place in the natural order.
struct Row {
  json::Object object;
  size_t position;
};

Value value_of(const Row& row, const std::string& field) {
  if (field == kPosition) return {Value::Type::kNumber, static_cast<double>(row.position), {}};
  return Value::of(member(row.object.get(), field));
}

// The text of a condition, read as the type of what it is compared with.
int compare(const Value& value, const std::string& text) {
  if (text == kNull) return value.compare({});
  if (value.type == Value::Type::kText) return value.compare({Value::Type::kText, 0, text});
  return value.compare(Value::parse(text));
}

bool holds(const Value& value, const Query::Condition& condition) {
  const auto any = [&](auto test) {
    return std::any_of(condition.values.begin(), condition.values.end(), test);
  };
  const std::string& first = condition.values.front();
  switch (condition.op) {
    case Op::kEqual:
      return any([&](const std::string& v) { return compare(value, v) == 0; });
    case Op::kNot:
      return !any([&](const std::string& v) { return compare(value, v) == 0; });
    case Op::kGreater:
      return compare(value, first) > 0;
    case Op::kGreaterEqual:
      return compare(value, first) >= 0;
    case Op::kLess:
      return compare(value, first) < 0;
    case Op::kLessEqual:
      return compare(value, first) <= 0;
    case Op::kLike:
      return value.type == Value::Type::kText && value.text.find(first) != std::string::npos;
    case Op::kIs:
      return (value.type == Value::Type::kNull) == (first == "null");
    case Op::kIsNot:
      return (value.type == Value::Type::kNull) != (first == "null");
  }
  return false;
}

std::string folded(std::string_view text) {
  gchar* out = g_utf8_casefold(text.data(), static_cast<gssize>(text.size()));
  std::string copy(out);
  g_free(out);
  return copy;
}

bool mentions(const Row& row, const std::string& wanted, const CollectionRules& rules) {
  return std::any_of(rules.text_fields.begin(), rules.text_fields.end(), [&](const std::string& field) {
    const Value value = value_of(row, field);
    return value.type == Value::Type::kText && folded(value.text).find(wanted) != std::string::npos;
  });
}

// Where a row stands towards a cursor, in the order of the list: below zero = before it.
int side(const Row& row, const std::vector<Query::Condition>& cursor) {
  for (const Query::Condition& key : cursor) {
    const int order = compare(value_of(row, key.field), key.values.front());
    if (order != 0) return key.op == Op::kLess ? -order : order;
  }
  return 0;
}

std::string cursor_text(const Row& row, const std::vector<Query::Key>& keys, bool reversed) {
  std::string out;
  for (const Query::Key& key : keys) {
    const Value value = value_of(row, key.field);
    std::string text = value.text;
    if (value.type == Value::Type::kNull) text = kNull;
    if (value.type == Value::Type::kNumber) {
      std::array<char, 32> digits;
      text.assign(digits.data(),
                  std::to_chars(digits.data(), digits.data() + digits.size(), value.number).ptr);
    }
    if (!out.empty()) out += '&';
    out += escape(key.field) + (key.descending ? "_lt=" : "_gt=") + escape(text);
  }
  if (reversed) out += "&$reversed=true";
  return base64(out);
}

// The object with the chosen members only; what was asked for and is not there is null.
json::Object chosen(const json::Object& object, const std::vector<std::string>& paths) {
  json::Object out;
  for (const std::string& path : paths) {
    JsonObject* to = out.get();
    std::string_view rest = path;
    for (size_t dot; (dot = rest.find('.')) != std::string_view::npos; rest.remove_prefix(dot + 1)) {
      const std::string key(rest.substr(0, dot));
      JsonNode* inner = json_object_get_member(to, key.c_str());
      if (!inner || !JSON_NODE_HOLDS_OBJECT(inner)) {
        json_object_set_object_member(to, key.c_str(), json_object_new());
        inner = json_object_get_member(to, key.c_str());
      }
      to = json_node_get_object(inner);
    }
    JsonNode* value = member(object.get(), path);
    json_object_set_member(to, std::string(rest).c_str(),
                           value ? json_node_copy(value) : json_node_new(JSON_NODE_NULL));
  }
  return out;
}

class Stopwatch {
 public:
  int64_t lap() {
    const auto now = std::chrono::steady_clock::now();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - std::exchange(begun_, now)).count();
  }

 private:
  std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
};

}  // namespace

Value Value::of(JsonNode* node) {
  if (!node || JSON_NODE_HOLDS_NULL(node)) return {};
  if (JSON_NODE_HOLDS_VALUE(node)) {
    const GType type = json_node_get_value_type(node);
    if (type == G_TYPE_STRING) return {Type::kText, 0, json_node_get_string(node)};
    if (type == G_TYPE_INT64) return {Type::kNumber, static_cast<double>(json_node_get_int(node)), {}};
    if (type == G_TYPE_DOUBLE) return {Type::kNumber, json_node_get_double(node), {}};
    return {Type::kOther, 0, json_node_get_boolean(node) ? "true" : "false"};
  }
  gchar* text = json_to_string(node, FALSE);
  Value out{Type::kOther, 0, text};
  g_free(text);
  return out;
}

Value Value::parse(std::string_view text) {
  if (text == "null") return {};
  if (text == "true" || text == "false") return {Type::kOther, 0, std::string(text)};
  double number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return {Type::kNumber, number, {}};
  return {Type::kText, 0, std::string(text)};
}

int Value::compare(const Value& other) const {
  if (type != other.type) return type < other.type ? -1 : 1;
  if (type == Type::kNumber) return number < other.number ? -1 : number > other.number;
  return text.compare(other.text);
}

std::optional<Query> Query::parse(std::string_view query, std::string& error) {
  Query out;
  const bool valid = each_pair(query, [&](const std::string& key, const std::string& value) {
    error = key;
    if (key == "limit") {
      const auto [end, bad] = std::from_chars(value.data(), value.data() + value.size(), out.limit);
      return bad == std::errc() && end == value.data() + value.size();
    }
    if (key == "sort") {
      for (std::string& field : split(value, ',')) {
        const bool descending = field.front() == '-';
        out.sort.push_back({descending ? field.substr(1) : std::move(field), descending});
      }
      return out.sort.size() <= kMaxConditions;
    }
    if (key == "select") {
      out.select = split(value, ',');
      return out.select.size() <= kMaxValues;
    }
    if (key == "q") {
      out.text = value;
      return true;
    }
    if (key == "cursor") {
      return each_pair(unbase64(value), [&](const std::string& name, const std::string& at) {
        if (name == "$reversed")
          out.reversed = at == "true";
        else
          out.after.push_back(condition(name, at));
        return out.after.size() <= kMaxConditions;
      });
    }
    if (key == "format") return value == "json";
    out.conditions.push_back(condition(key, value));
    return out.conditions.size() <= kMaxConditions && out.conditions.back().values.size() <= kMaxValues;
  });
  if (!valid) return std::nullopt;
  return out;
}

json::Object page(std::vector<json::Object> items, const Query& query, const CollectionRules& rules) {
  return page(
      items.size(), [&items](size_t i) { return items[i].share(); }, query, rules);
}

json::Object page(size_t count, const std::function<json::Object(size_t)>& make, const Query& query,
                  const CollectionRules& rules) {
  Stopwatch watch;
  const auto row_at = [&make](size_t position) { return Row{make(position), position}; };
  std::vector<Query::Key> keys = query.sort;
  keys.push_back({kPosition, false});
  std::vector<size_t> rows;                // the positions that stay
  std::vector<std::vector<Value>> values;  // of their sort keys, if they are sorted
  const std::string wanted = folded(query.text);
  const bool all = query.conditions.empty() && wanted.empty() && query.sort.empty();
  for (size_t i = 0; i < count; ++i) {
    if (!all) {
      const Row row = row_at(i);
      const bool kept =
          std::all_of(query.conditions.begin(), query.conditions.end(),
                      [&](const Query::Condition& c) { return holds(value_of(row, c.field), c); });
      if (!kept || (!wanted.empty() && !mentions(row, wanted, rules))) continue;
      if (!query.sort.empty()) {
        std::vector<Value>& of_row = values.emplace_back();
        for (const Query::Key& key : keys) of_row.push_back(value_of(row, key.field));
      }
    }
    rows.push_back(i);
  }
  const int64_t filter_ms = watch.lap();

  std::vector<size_t> order(rows.size());
  for (size_t i = 0; i < order.size(); ++i) order[i] = i;
  if (!query.sort.empty()) {
    std::sort(order.begin(), order.end(), [&](size_t a, size_t b) {
      for (size_t k = 0; k < keys.size(); ++k)
        if (const int c = values[a][k].compare(values[b][k])) return keys[k].descending ? c > 0 : c < 0;
      return false;
    });
  }
  const int64_t sort_ms = watch.lap();

  // The page is [first, last).
  size_t first = 0, last = order.size();
  if (!query.after.empty()) {
    const auto at = std::partition_point(order.begin(), order.end(), [&](size_t i) {
      const int where = side(row_at(rows[i]), query.after);
      return query.reversed ? where < 0 : where <= 0;
    });
    const size_t border = static_cast<size_t>(at - order.begin());
    (query.reversed ? last : first) = border;
  }
  if (query.reversed)
    first = last - std::min(last - first, query.limit);
  else
    last = first + std::min(last - first, query.limit);
  const int64_t limit_ms = watch.lap();

  json::Array list;
  std::vector<std::string> paths;
  if (!query.select.empty()) {
    paths = rules.required;
    for (const std::string& path : query.select)
      if (std::find(paths.begin(), paths.end(), path) == paths.end()) paths.push_back(path);
  }
  json::Object out;
  json::Node next, prev;
  const auto cursor = [&](size_t place, bool reversed) {
    JsonNode* node = json_node_new(JSON_NODE_VALUE);
    json_node_set_string(node, cursor_text(row_at(rows[order[place]]), keys, reversed).c_str());
    return json::Node(node);
  };
  if (last < order.size() && last > first) next = cursor(last - 1, false);
  if (first > 0 && last > first) prev = cursor(first, true);
  for (size_t i = first; i < last; ++i) {
    json::Object object = make(rows[order[i]]);
    list.add(paths.empty() ? std::move(object) : chosen(object, paths));
  }
  const int64_t select_ms = watch.lap();

  out.array(rules.name, std::move(list)).number("estimated_count", static_cast<int64_t>(rows.size()));
  next ? out.node("next", std::move(next)) : out.null("next");
  prev ? out.node("prev", std::move(prev)) : out.null("prev");
  json::Object timing;
  timing.number("load", 0)
      .number("filter", filter_ms)
      .number("sort", sort_ms)
      .number("limit", limit_ms)
      .number("select", select_ms);
  out.object("timing", std::move(timing));
  return out;
}

}  // namespace sluice::api
