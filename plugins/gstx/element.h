// Makes a plain C++ class a GStreamer element. The class T says
//
//   using Base = GstBaseSink; using BaseClass = GstBaseSinkClass;    the C structs that it extends
//   static GType base_type();                                        GST_TYPE_BASE_SINK
//   static constexpr const char* kTypeName;                          the GType's name
//   static void class_init(BaseClass*);                              metadata, pad templates,
//   override<&T::f>(slot) explicit T(Base*);                                               makes always pads;
//   the GObject outlives T static auto fields(), computed(); SettingsStore<…> settings_;    optional:
//   properties (properties.h) static void add_interfaces(GType);                               optional
#pragma once

#include <gst/gst.h>

#include <span>

#include "gstx/properties.h"
#include "gstx/ptr.h"

namespace gstx {

template <typename T>
struct Instance {
  typename T::Base base;
  T* cpp;
};

// The C++ object behind a GObject of T's type.
template <typename T>
T& self(gpointer object) {
  return *reinterpret_cast<Instance<T>*>(object)->cpp;
}

template <typename T>
typename T::BaseClass* parent_class() {
  return static_cast<typename T::BaseClass*>(g_type_class_peek(T::base_type()));
}

template <typename>
struct MethodOf;
template <typename T, typename R, typename... A>
struct MethodOf<R (T::*)(A...)> {
  using Class = T;
};
template <typename T, typename R, typename... A>
struct MethodOf<R (T::*)(A...) const> {
  using Class = T;
};

// Puts a member function into a virtual function's slot; the compiler checks the signature.
template <auto Method, typename R, typename Object, typename... A>
void override(R (*&slot)(Object*, A...)) {
  using T = typename MethodOf<decltype(Method)>::Class;
  slot = [](Object* object, A... args) -> R { return (self<T>(object).*Method)(args...); };
}

// Pad functions as member functions: (GstPad*, Ptr<GstBuffer>), (GstPad*, Ptr<GstEvent>), (GstPad*,
// GstQuery*).
template <auto Method>
void on_chain(GstPad* pad) {
  using T = typename MethodOf<decltype(Method)>::Class;
  gst_pad_set_chain_function(pad, [](GstPad* p, GstObject* parent, GstBuffer* buffer) -> GstFlowReturn {
    return (self<T>(parent).*Method)(p, Ptr<GstBuffer>(buffer));
  });
}
template <auto Method>
void on_event(GstPad* pad) {
  using T = typename MethodOf<decltype(Method)>::Class;
  gst_pad_set_event_function(pad, [](GstPad* p, GstObject* parent, GstEvent* event) -> gboolean {
    return (self<T>(parent).*Method)(p, Ptr<GstEvent>(event)) ? TRUE : FALSE;
  });
}
template <auto Method>
void on_query(GstPad* pad) {
  using T = typename MethodOf<decltype(Method)>::Class;
  gst_pad_set_query_function(pad, [](GstPad* p, GstObject* parent, GstQuery* query) -> gboolean {
    return (self<T>(parent).*Method)(p, query) ? TRUE : FALSE;
  });
}

// Sets T's properties up. Ids: the fields from 1, then the computed ones.
template <typename T>
class Properties {
 public:
  static void install(GObjectClass* klass) {
    klass->set_property = set;
    klass->get_property = get;
    guint id = 1;
    for (const auto& field : T::fields()) g_object_class_install_property(klass, id++, spec_of(field));
    for (const auto& computed : T::computed())
      g_object_class_install_property(klass, id++, spec_of(computed));
  }

 private:
  static void set(GObject* object, guint id, const GValue* value, GParamSpec*) {
    T& element = self<T>(object);
    const std::span fields(T::fields());
    if (id <= fields.size()) return element.settings_.write(fields[id - 1], value);
    (element.*std::span(T::computed())[id - 1 - fields.size()].set)(value);
  }
  static void get(GObject* object, guint id, GValue* value, GParamSpec*) {
    T& element = self<T>(object);
    const std::span fields(T::fields());
    if (id <= fields.size()) return element.settings_.read(fields[id - 1], value);
    (element.*std::span(T::computed())[id - 1 - fields.size()].get)(value);
  }
};

template <typename T>
GType type_of() {
  static const GType type = [] {
    GTypeInfo info{};
    info.class_size = sizeof(typename T::BaseClass);
    info.class_init = [](gpointer klass, gpointer) {
      G_OBJECT_CLASS(klass)->finalize = [](GObject* object) {
        delete reinterpret_cast<Instance<T>*>(object)->cpp;
        G_OBJECT_CLASS(parent_class<T>())->finalize(object);
      };
      if constexpr (requires { T::fields(); }) Properties<T>::install(G_OBJECT_CLASS(klass));
      T::class_init(static_cast<typename T::BaseClass*>(klass));
    };
    info.instance_size = sizeof(Instance<T>);
    info.instance_init = [](GTypeInstance* instance, gpointer) {
      auto* object = reinterpret_cast<Instance<T>*>(instance);
      object->cpp = new T(&object->base);
    };
    const GType made =
        g_type_register_static(T::base_type(), T::kTypeName, &info, static_cast<GTypeFlags>(0));
    if constexpr (requires { T::add_interfaces(made); }) T::add_interfaces(made);
    return made;
  }();
  return type;
}

template <typename T>
bool register_element(GstPlugin* plugin, const char* name, guint rank = GST_RANK_NONE) {
  return gst_element_register(plugin, name, rank, type_of<T>()) != FALSE;
}

inline void add_template(gpointer element_class, const char* name, GstPadDirection direction,
                         GstPadPresence presence, const char* caps) {
  Ptr<GstCaps> parsed(gst_caps_from_string(caps));
  gst_element_class_add_pad_template(GST_ELEMENT_CLASS(element_class),
                                     gst_pad_template_new(name, direction, presence, parsed.get()));
}

// A pad made from the element's template of that name; the caller adds it.
inline GstPad* pad_from_template(gpointer element, const char* template_name, const char* name) {
  GstPadTemplate* made_from = gst_element_get_pad_template(GST_ELEMENT(element), template_name);
  return gst_pad_new_from_template(made_from, name);
}

}  // namespace gstx
