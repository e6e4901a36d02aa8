#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "common/testing.h"

namespace sluice::testing {
namespace {

using gstx::Ptr;

std::string text_of(const GValue* value) {
  Ptr<gchar> text(gst_value_serialize(value));
  return text ? text.get() : "-";
}

void describe_property(std::ostream& out, GParamSpec* spec) {
  out << "  " << spec->name << ": " << g_type_name(spec->value_type);
  if (auto* u = reinterpret_cast<GParamSpecUInt*>(spec); spec->value_type == G_TYPE_UINT) {
    out << " [" << u->minimum << ", " << u->maximum << "]";
  }
  if (spec->value_type != G_TYPE_POINTER && !G_TYPE_IS_BOXED(spec->value_type)) {
    out << " = " << text_of(g_param_spec_get_default_value(spec));
  }
  out << (spec->flags & G_PARAM_READABLE ? " r" : " ") << (spec->flags & G_PARAM_WRITABLE ? "w" : "")
      << "\n    " << g_param_spec_get_blurb(spec) << "\n";
}

}  // namespace

std::string describe(const char* factory) {
  std::ostringstream out;
  Ptr<GstElement> element(gst_element_factory_make(factory, nullptr));
  if (!element) return std::string(factory) + ": not found\n";
  gst_object_ref_sink(element.get());
  auto* klass = GST_ELEMENT_GET_CLASS(element.get());
  GstElementFactory* made_by = gst_element_get_factory(element.get());
  out << factory << "\n";
  for (const char* key :
       {GST_ELEMENT_METADATA_LONGNAME, GST_ELEMENT_METADATA_KLASS, GST_ELEMENT_METADATA_DESCRIPTION}) {
    out << "  " << gst_element_class_get_metadata(klass, key) << "\n";
  }
  out << "  rank " << gst_plugin_feature_get_rank(GST_PLUGIN_FEATURE(made_by)) << "\n";
  if (GST_IS_URI_HANDLER(element.get())) {
    for (auto* p = gst_uri_handler_get_protocols(GST_URI_HANDLER(element.get())); *p; ++p)
      out << "  uri " << *p << "\n";
  }
  out << " pads\n";
  // The class keeps its templates in a list whose order is not promised.
  std::vector<std::string> pads;
  for (GList* at = gst_element_class_get_pad_template_list(klass); at; at = at->next) {
    auto* pad = GST_PAD_TEMPLATE(at->data);
    std::ostringstream line;
    const char* presence[] = {"always", "sometimes", "request"};
    line << "  " << GST_PAD_TEMPLATE_NAME_TEMPLATE(pad) << " "
         << (GST_PAD_TEMPLATE_DIRECTION(pad) == GST_PAD_SRC ? "src" : "sink") << " "
         << presence[GST_PAD_TEMPLATE_PRESENCE(pad)] << "\n";
    Ptr<GstCaps> caps(gst_pad_template_get_caps(pad));
    for (guint i = 0; i < gst_caps_get_size(caps.get()); ++i) {
      Ptr<gchar> text(gst_structure_to_string(gst_caps_get_structure(caps.get(), i)));
      line << "    " << text.get() << "\n";
    }
    pads.push_back(line.str());
  }
  std::sort(pads.begin(), pads.end());
  for (const std::string& pad : pads) out << pad;
  out << " properties\n";
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_CLASS(klass), &count);
  for (guint i = 0; i < count; ++i) {
    if (specs[i]->owner_type == G_OBJECT_TYPE(element.get())) describe_property(out, specs[i]);
  }
  g_free(specs);
  return out.str();
}

void expect_documented(const char* factory) {
  std::ifstream file(GSTX_ELEMENTS_DOC);
  std::set<std::string> documented, real;
  std::string line;
  for (bool here = false; std::getline(file, line);) {
    if (line.starts_with("## ")) here = line == std::string("## ") + factory;
    if (here && line.starts_with("| `")) documented.insert(line.substr(3, line.find('`', 3) - 3));
  }
  Ptr<GstElement> element(gst_element_factory_make(factory, nullptr));
  ASSERT_TRUE(element) << factory;
  gst_object_ref_sink(element.get());
  guint count = 0;
  GParamSpec** specs = g_object_class_list_properties(G_OBJECT_GET_CLASS(element.get()), &count);
  for (guint i = 0; i < count; ++i) {
    if (specs[i]->owner_type == G_OBJECT_TYPE(element.get())) real.insert(specs[i]->name);
  }
  g_free(specs);
  EXPECT_EQ(documented, real) << "docs/elements.md, ## " << factory;
}

void expect_golden(const std::string& name, const std::string& text) {
  const std::string path = std::string(GSTX_TEST_DATA) + "/" + name;
  if (std::getenv("GSTX_UPDATE")) {
    std::ofstream(path) << text;
    return;
  }
  std::ifstream file(path);
  const std::string golden((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  EXPECT_EQ(text, golden)
      << "If the change is meant: meson test -C build gstm4f gsthlsll --test-args=--update, "
      << "then read the difference with git diff";
}

}  // namespace sluice::testing
