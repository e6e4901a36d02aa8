// GObject properties from a table. Their defaults are the member initialisers of the element's Settings.
#pragma once

#include <gst/gst.h>

#include <cstdint>
#include <string>
#include <variant>

#include "gstx/mutex.h"

namespace gstx {

// One member of Settings as a property: readable, writable, taken over at the next READY to PAUSED.
template <typename Settings>
struct Field {
  const char* name;
  const char* blurb;  // with the unit, and what 0 or empty means
  std::variant<bool Settings::*, uint32_t Settings::*, std::string Settings::*> member;
  uint32_t min = 0;
  uint32_t max = UINT32_MAX;
};

// A property that is more than a setting: statistics, a ring handed in. Either accessor may be null.
template <typename T>
struct Computed {
  const char* name;
  const char* blurb;
  GType type;  // G_TYPE_POINTER, G_TYPE_BOOLEAN (false at first, may be set while playing) or a boxed type
  void (T::*get)(GValue*);
  void (T::*set)(const GValue*);
};

// What the user set. Any thread; start() takes a snapshot.
template <typename Settings>
class SettingsStore {
 public:
  Settings get() const {
    Lock lock(mutex_);
    return settings_;
  }
  void write(const Field<Settings>& field, const GValue* value) {
    Lock lock(mutex_);
    if (auto* b = std::get_if<bool Settings::*>(&field.member)) {
      settings_.*(*b) = g_value_get_boolean(value) != FALSE;
    } else if (auto* u = std::get_if<uint32_t Settings::*>(&field.member)) {
      settings_.*(*u) = g_value_get_uint(value);
    } else {
      const char* text = g_value_get_string(value);
      settings_.*std::get<std::string Settings::*>(field.member) = text ? text : "";
    }
  }
  template <typename F>
  void change(F change) {
    Lock lock(mutex_);
    change(settings_);
  }
  void read(const Field<Settings>& field, GValue* value) const {
    Lock lock(mutex_);
    if (auto* b = std::get_if<bool Settings::*>(&field.member)) {
      g_value_set_boolean(value, settings_.*(*b) ? TRUE : FALSE);
    } else if (auto* u = std::get_if<uint32_t Settings::*>(&field.member)) {
      g_value_set_uint(value, settings_.*(*u));
    } else {
      g_value_set_string(value, (settings_.*std::get<std::string Settings::*>(field.member)).c_str());
    }
  }

 private:
  mutable Mutex mutex_;
  Settings settings_ GUARDED_BY(mutex_);
};

template <typename Settings>
GParamSpec* spec_of(const Field<Settings>& field) {
  const Settings defaults{};
  const auto flags =
      static_cast<GParamFlags>(G_PARAM_READWRITE | G_PARAM_STATIC_STRINGS | GST_PARAM_MUTABLE_READY);
  if (auto* b = std::get_if<bool Settings::*>(&field.member)) {
    return g_param_spec_boolean(field.name, field.name, field.blurb, defaults.*(*b) ? TRUE : FALSE, flags);
  }
  if (auto* u = std::get_if<uint32_t Settings::*>(&field.member)) {
    return g_param_spec_uint(field.name, field.name, field.blurb, field.min, field.max, defaults.*(*u),
                             flags);
  }
  const std::string& text = defaults.*std::get<std::string Settings::*>(field.member);
  return g_param_spec_string(field.name, field.name, field.blurb, text.c_str(), flags);
}

template <typename T>
GParamSpec* spec_of(const Computed<T>& computed) {
  int flags = G_PARAM_STATIC_STRINGS;
  if (computed.get) flags |= G_PARAM_READABLE;
  const bool flag = computed.type == G_TYPE_BOOLEAN;
  if (computed.set) flags |= G_PARAM_WRITABLE | (flag ? GST_PARAM_MUTABLE_PLAYING : GST_PARAM_MUTABLE_READY);
  if (flag) {
    return g_param_spec_boolean(computed.name, computed.name, computed.blurb, FALSE,
                                static_cast<GParamFlags>(flags));
  }
  if (computed.type == G_TYPE_POINTER) {
    return g_param_spec_pointer(computed.name, computed.name, computed.blurb,
                                static_cast<GParamFlags>(flags));
  }
  return g_param_spec_boxed(computed.name, computed.name, computed.blurb, computed.type,
                            static_cast<GParamFlags>(flags));
}

}  // namespace gstx
