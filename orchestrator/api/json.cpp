#include "orchestrator/api/json.h"

namespace sluice::json {

std::string utf8(std::string_view text) {
  gchar* valid = g_utf8_make_valid(text.data(), static_cast<gssize>(text.size()));
  std::string out(valid);
  g_free(valid);
  return out;
}

std::string write(const Object& object, bool pretty) {
  JsonNode* node = json_node_new(JSON_NODE_OBJECT);
  json_node_set_object(node, object.get());
  gchar* text = json_to_string(node, pretty);
  std::string out(text);
  g_free(text);
  json_node_unref(node);
  return out;
}

}  // namespace sluice::json
