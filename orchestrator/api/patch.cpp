#include "orchestrator/api/patch.h"

namespace sluice::json {
namespace {

constexpr int kMaxDepth = 32;

// json-glib descends by recursion: what is nested deeper than this never gets there. It also reads comments
// and strings in single quotes, which are no JSON (RFC 8259) and would hide brackets from this look.
const char* refusal(std::string_view text) {
  int depth = 0;
  bool quoted = false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\')
        ++i;
      else if (c == '"')
        quoted = false;
    } else if (c == '"') {
      quoted = true;
    } else if (c == '/' || c == '\'' || c == '#') {
      return "the body is no JSON: a comment or a single quote";
    } else if (c == '{' || c == '[') {
      if (++depth > kMaxDepth) return "the body is nested too deep";
    } else if (c == '}' || c == ']') {
      --depth;
    }
  }
  return nullptr;
}

}  // namespace

Node parse(std::string_view text, std::string& problem) {
  if (const char* why = refusal(text)) {
    problem = why;
    return nullptr;
  }
  if (text.empty()) {
    problem = "the body is empty";
    return nullptr;
  }
  JsonParser* parser = json_parser_new_immutable();
  GError* error = nullptr;
  Node out;
  if (json_parser_load_from_data(parser, text.data(), static_cast<gssize>(text.size()), &error)) {
    if (JsonNode* root = json_parser_get_root(parser)) out = copy(root);
  } else {
    problem = error->message;
    g_error_free(error);
  }
  g_object_unref(parser);
  if (!out && problem.empty()) problem = "the body is empty";
  return out;
}

Node copy(JsonNode* node) {
  return Node(json_node_copy(node));
}

bool is_null(JsonNode* node) {
  return !node || JSON_NODE_HOLDS_NULL(node);
}

bool equal(JsonNode* a, JsonNode* b) {
  if (is_null(a) || is_null(b)) return is_null(a) == is_null(b);
  return json_node_equal(a, b);
}

void merge_patch(JsonObject* target, JsonObject* patch) {
  JsonObjectIter iter;
  json_object_iter_init(&iter, patch);
  const gchar* name = nullptr;
  JsonNode* value = nullptr;
  while (json_object_iter_next(&iter, &name, &value)) {
    if (JSON_NODE_HOLDS_NULL(value)) {
      json_object_remove_member(target, name);
    } else if (JSON_NODE_HOLDS_OBJECT(value)) {
      // A fresh object, whatever stood there: nulls inside of the patch remove there, too.
      JsonNode* old = json_object_get_member(target, name);
      Object merged;
      if (old && JSON_NODE_HOLDS_OBJECT(old)) merge_patch(merged.get(), json_node_get_object(old));
      merge_patch(merged.get(), json_node_get_object(value));
      json_object_set_object_member(target, name, merged.release());
    } else {
      json_object_set_member(target, name, json_node_copy(value));
    }
  }
}

}  // namespace sluice::json
