// JSON values on top of json-glib: owned, moved, written once.
#pragma once

#include <json-glib/json-glib.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace sluice::json {

struct NodeFree {
  void operator()(JsonNode* node) const { json_node_unref(node); }
};
using Node = std::unique_ptr<JsonNode, NodeFree>;

// Text from outside may be no valid UTF-8, which JSON must be: such bytes become U+FFFD.
std::string utf8(std::string_view text);

class Array;

class Object {
 public:
  Object() : object_(json_object_new()) {}
  Object(Object&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
  Object& operator=(Object&&) = delete;
  ~Object() {
    if (object_) json_object_unref(object_);
  }

  Object& text(const char* name, std::string_view value) {
    json_object_set_string_member(object_, name, utf8(value).c_str());
    return *this;
  }
  // Left out when empty.
  Object& text_if(const char* name, std::string_view value) {
    return value.empty() ? *this : text(name, value);
  }
  Object& number(const char* name, int64_t value) {
    json_object_set_int_member(object_, name, value);
    return *this;
  }
  Object& real(const char* name, double value) {
    json_object_set_double_member(object_, name, value);
    return *this;
  }
  Object& flag(const char* name, bool value) {
    json_object_set_boolean_member(object_, name, value);
    return *this;
  }
  Object& null(const char* name) {
    json_object_set_null_member(object_, name);
    return *this;
  }
  Object& object(const char* name, Object value) {
    json_object_set_object_member(object_, name, value.release());
    return *this;
  }
  Object& array(const char* name, Array value);
  Object& node(const char* name, Node value) {
    json_object_set_member(object_, name, value.release());
    return *this;
  }

  JsonObject* get() const { return object_; }
  // The same object, not a copy of it.
  Object share() const { return Object(json_object_ref(object_)); }
  JsonObject* release() { return std::exchange(object_, nullptr); }
  Node into_node() {
    JsonNode* node = json_node_new(JSON_NODE_OBJECT);
    json_node_take_object(node, release());
    return Node(node);
  }

 private:
  explicit Object(JsonObject* object) : object_(object) {}

  JsonObject* object_;
};

class Array {
 public:
  Array() : array_(json_array_new()) {}
  Array(Array&& other) noexcept : array_(std::exchange(other.array_, nullptr)) {}
  Array& operator=(Array&&) = delete;
  ~Array() {
    if (array_) json_array_unref(array_);
  }

  Array& add(Object value) {
    json_array_add_object_element(array_, value.release());
    return *this;
  }
  Array& add(Node value) {
    json_array_add_element(array_, value.release());
    return *this;
  }
  Array& add(int64_t value) {
    json_array_add_int_element(array_, value);
    return *this;
  }
  Array& add(std::string_view value) {
    json_array_add_string_element(array_, utf8(value).c_str());
    return *this;
  }
  JsonArray* release() { return std::exchange(array_, nullptr); }

 private:
  JsonArray* array_;
};

inline Object& Object::array(const char* name, Array value) {
  json_object_set_array_member(object_, name, value.release());
  return *this;
}

std::string write(const Object& object, bool pretty = false);

}  // namespace sluice::json
