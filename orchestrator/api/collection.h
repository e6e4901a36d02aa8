// Lists of objects as the API gives them: filtered, sorted, cut into pages, reduced to what was asked for.
// Generic over JSON; knows nothing of streams.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "orchestrator/api/json.h"

namespace sluice::api {

// A value of an object, reduced to what can be compared. Types are ordered: null < number < text < other.
struct Value {
  enum class Type { kNull, kNumber, kText, kOther };
  Type type = Type::kNull;
  double number = 0;
  std::string text;  // kText; of kOther its JSON

  static Value of(JsonNode* node);
  // As written in a query: "null", "12.5", "true", anything else is text.
  static Value parse(std::string_view text);
  int compare(const Value& other) const;
};

// What stands in a query string.
struct Query {
  struct Condition {
    enum class Op { kEqual, kNot, kGreater, kGreaterEqual, kLess, kLessEqual, kLike, kIs, kIsNot };
    std::string field;  // "stats.alive"
    Op op = Op::kEqual;
    std::vector<std::string> values;  // any of them
  };
  struct Key {
    std::string field;
    bool descending = false;
  };

  size_t limit = 100;
  std::vector<Key> sort;
  std::vector<std::string> select;
  std::vector<Condition> conditions;
  std::string text;              // q
  std::vector<Condition> after;  // where the page begins: the last item's sort keys
  bool reversed = false;         // the cursor leads backwards

  // Names the key that it does not understand.
  static std::optional<Query> parse(std::string_view query, std::string& error);
};

struct CollectionRules {
  const char* name;                      // "streams"
  std::vector<std::string> required;     // kept whatever `select` says
  std::vector<std::string> text_fields;  // what q searches
};

// The envelope: {NAME:[…], estimated_count, next, prev, timing}. `items` in their natural order, which is
// what a list without `sort` has.
json::Object page(std::vector<json::Object> items, const Query& query, const CollectionRules& rules);
// The same of a list that may be long: `make` gives the n-th of `count` items, each time anew; few of them
// are there at a time.
json::Object page(size_t count, const std::function<json::Object(size_t)>& make, const Query& query,
                  const CollectionRules& rules);

}  // namespace sluice::api
