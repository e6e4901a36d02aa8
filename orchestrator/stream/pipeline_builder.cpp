#include "orchestrator/stream/pipeline_builder.h"

#include <memory>
#include <utility>
#include <vector>

namespace sluice::stream {
namespace {

using m4f::Errc;
using m4f::error;
using m4f::Result;
using Report = std::function<void(std::string)>;

std::string package_hint(const std::string& factory) {
  static const std::pair<std::string_view, std::string_view> kPackages[] = {
      {"x264enc", "gstreamer1.0-plugins-ugly"},
      {"avenc_", "gstreamer1.0-libav"},
      {"rtspsrc", "gstreamer1.0-plugins-good"},
      {"souphttpsrc", "gstreamer1.0-plugins-good"},
      {"udpsrc", "gstreamer1.0-plugins-good"},
      {"srt", "gstreamer1.0-plugins-bad"},
      {"rtmp", "gstreamer1.0-plugins-bad"},
      {"hls", "gstreamer1.0-plugins-bad"},
      {"m4f", "sluice's own plugins: set GST_PLUGIN_PATH to where they were installed"},
  };
  for (const auto& [prefix, package] : kPackages)
    if (std::string_view(factory).starts_with(prefix)) return fmt::format(" (install {})", package);
  return {};
}

Result<void> set_property(GstElement* element, const std::string& factory, const plan::Property& property) {
  GParamSpec* spec = g_object_class_find_property(G_OBJECT_GET_CLASS(element), property.name.c_str());
  if (!spec) return error(Errc::kInvalid, "element {} has no property '{}'", factory, property.name);
  if (const auto* text = std::get_if<std::string>(&property.value)) {
    if (G_PARAM_SPEC_VALUE_TYPE(spec) == G_TYPE_STRING) {
      g_object_set(element, property.name.c_str(), text->c_str(), nullptr);
      return {};
    }
    GValue value = G_VALUE_INIT;
    g_value_init(&value, G_PARAM_SPEC_VALUE_TYPE(spec));
    const bool ok = gst_value_deserialize_with_pspec(&value, text->c_str(), spec);
    if (ok) g_object_set_property(G_OBJECT(element), property.name.c_str(), &value);
    g_value_unset(&value);
    if (!ok) return error(Errc::kInvalid, "'{}' is no value for {} of {}", *text, property.name, factory);
    return {};
  }
  // Numbers and booleans reach properties of any width by GLib's value transformation.
  GValue value = G_VALUE_INIT;
  if (const auto* flag = std::get_if<bool>(&property.value)) {
    g_value_init(&value, G_TYPE_BOOLEAN);
    g_value_set_boolean(&value, *flag);
  } else if (const auto* number = std::get_if<int64_t>(&property.value)) {
    g_value_init(&value, G_TYPE_INT64);
    g_value_set_int64(&value, *number);
  } else {
    g_value_init(&value, G_TYPE_DOUBLE);
    g_value_set_double(&value, std::get<double>(property.value));
  }
  GValue typed = G_VALUE_INIT;
  g_value_init(&typed, G_PARAM_SPEC_VALUE_TYPE(spec));
  const bool ok = g_value_transform(&value, &typed);
  if (ok) g_object_set_property(G_OBJECT(element), property.name.c_str(), &typed);
  g_value_unset(&typed);
  g_value_unset(&value);
  if (!ok) return error(Errc::kInvalid, "property {} of {} takes no such value", property.name, factory);
  return {};
}

// A link that waits for pads of `from`.
struct PendingLink {
  GstElement* to;  // in the same bin, lives as long as `from`
  bool all;
  Report unlinked;
};

void on_pad_added(GstElement* from, GstPad* pad, gpointer data) {
  auto* link = static_cast<PendingLink*>(data);
  if (GST_PAD_DIRECTION(pad) != GST_PAD_SRC || gst_pad_is_linked(pad)) return;
  Ptr<gchar> name(gst_pad_get_name(pad));
  if (gst_element_link_pads(from, name.get(), link->to, nullptr)) return;
  if (!link->all) return;  // a chain takes the first pad that fits; the others are meant for other chains
  Ptr<GstCaps> caps(gst_pad_get_current_caps(pad));
  if (!caps) caps.reset(gst_pad_query_caps(pad, nullptr));
  const char* kind = caps && !gst_caps_is_empty(caps.get()) && !gst_caps_is_any(caps.get())
                         ? gst_structure_get_name(gst_caps_get_structure(caps.get(), 0))
                         : "unknown data";
  link->unlinked(fmt::format("left out a track that nothing here carries: {}", kind));
}

bool has_sometimes_source(GstElement* element) {
  const GList* templates = gst_element_class_get_pad_template_list(GST_ELEMENT_GET_CLASS(element));
  for (const GList* l = templates; l; l = l->next) {
    auto* t = static_cast<GstPadTemplate*>(l->data);
    if (GST_PAD_TEMPLATE_DIRECTION(t) == GST_PAD_SRC && GST_PAD_TEMPLATE_PRESENCE(t) == GST_PAD_SOMETIMES)
      return true;
  }
  return false;
}

Result<void> link(GstElement* from, GstElement* to, const std::string& caps_text, bool all,
                  const Report& unlinked) {
  if (has_sometimes_source(from)) {
    auto* pending = new PendingLink{to, all, unlinked};
    g_signal_connect_data(
        from, "pad-added", G_CALLBACK(on_pad_added), pending,
        [](gpointer p, GClosure*) { delete static_cast<PendingLink*>(p); }, GConnectFlags(0));
    return {};
  }
  Ptr<GstCaps> caps;
  if (!caps_text.empty()) {
    caps.reset(gst_caps_from_string(caps_text.c_str()));
    if (!caps) return error(Errc::kInvalid, "'{}' are no caps", caps_text);
  }
  if (!gst_element_link_filtered(from, to, caps.get()))
    return error(Errc::kInvalid, "{} does not link to {}", GST_OBJECT_NAME(from), GST_OBJECT_NAME(to));
  return {};
}

Result<GstElement*> find(GstBin* bin, const std::string& name) {
  Ptr<GstElement> element(gst_bin_get_by_name(bin, name.c_str()));
  if (!element) return error(Errc::kInvalid, "the plan names no element '{}'", name);
  return element.get();  // the bin keeps it
}

Result<GstElement*> make(const plan::Element& element, GstBin* bin) {
  GstElement* made = gst_element_factory_make(element.factory.c_str(),
                                              element.name.empty() ? nullptr : element.name.c_str());
  if (!made)
    return error(Errc::kNotFound, "GStreamer has no element '{}'{}", element.factory,
                 package_hint(element.factory));
  gst_bin_add(bin, made);
  for (const plan::Property& property : element.properties)
    if (auto set = set_property(made, element.factory, property); !set) return tl::unexpected(set.error());
  return made;
}

}  // namespace

Result<void> build(const plan::Pipeline& plan, GstBin* bin, Report unlinked) {
  // Elements first: a chain may name one that a later chain brings.
  std::vector<std::vector<GstElement*>> made(plan.chains.size());
  for (size_t c = 0; c < plan.chains.size(); ++c)
    for (const plan::Element& element : plan.chains[c].elements) {
      auto one = make(element, bin);
      if (!one) return tl::unexpected(one.error());
      made[c].push_back(*one);
    }
  for (size_t c = 0; c < plan.chains.size(); ++c) {
    const plan::Chain& chain = plan.chains[c];
    GstElement* last = nullptr;
    std::string caps;
    if (!chain.from.empty()) {
      auto from = find(bin, chain.from);
      if (!from) return tl::unexpected(from.error());
      last = *from;
    }
    for (size_t i = 0; i < made[c].size(); ++i) {
      if (last)
        if (auto linked = link(last, made[c][i], caps, false, unlinked); !linked) return linked;
      last = made[c][i];
      caps = chain.elements[i].caps;
    }
    if (!chain.to.empty() && last) {
      auto to = find(bin, chain.to);
      if (!to) return tl::unexpected(to.error());
      if (auto linked = link(last, *to, caps, chain.all, unlinked); !linked) return linked;
    }
  }
  return {};
}

}  // namespace sluice::stream
