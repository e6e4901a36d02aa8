// The printed line, read by the shell's rules and by GStreamer's own parser: every value comes back as it
// was.
#include <gst/gst.h>
#include <gtest/gtest.h>

#include "orchestrator/plan/plan.h"

namespace sluice::plan {
namespace {

// A stand-in for a planned input: one element with hostile values, through stock elements only.
StreamPlan plan_with(const std::string& value) {
  StreamPlan plan;
  plan.inputs.emplace_back().pipeline.chains = {
      {.from = {}, .elements = {{"filesrc", "source", {{"location", value}}, {}}}, .to = "mux"},
      {.from = {}, .elements = {{"identity", "mux", {}, {}}}, .to = {}}};
  plan.spine.chains = {{.from = {},
                        .elements = {{"tee", "spine", {}, {}}, {"fakesink", {}, {{"async", false}}, {}}},
                        .to = {}}};
  return plan;
}

// Parses a printed line as the shell and gst-launch-1.0 do. Null on a syntax error.
GstElement* parse(const std::string& line) {
  gchar** argv = nullptr;
  if (!g_shell_parse_argv(line.c_str(), nullptr, &argv, nullptr)) return nullptr;
  EXPECT_STREQ(argv[0], "gst-launch-1.0");
  GError* error = nullptr;
  GstElement* pipeline = gst_parse_launchv(const_cast<const gchar**>(argv + 1), &error);
  g_strfreev(argv);
  if (error) {
    ADD_FAILURE() << line << ": " << error->message;
    g_clear_error(&error);
  }
  return pipeline;
}

TEST(LaunchText, HostileValuesStayData) {
  gst_init(nullptr, nullptr);
  for (const char* value : {"x",
                            "x ! filesink location=y",
                            "x\" ! filesink location=\"y",
                            "\" ! fakesink name=\"x",
                            "a\\",
                            "a\\\" ! \"b",
                            "'q'",
                            "it's",
                            "$HOME `id` $(id)",
                            "#c",
                            " lead and trail ",
                            "\"",
                            "\\\\",
                            "\"\"",
                            "a=b c=d",
                            "(x) [y] {z}",
                            "a,b;c",
                            "caf\xC3\xA9 \"x\"",
                            "mux.",
                            "! !",
                            "a\tb",
                            "a\nb",
                            "%s%n",
                            "--help",
                            "true",
                            "name=x"}) {
    const std::string line = launch_text(plan_with(value), 0);
    GstElement* pipeline = parse(line);
    ASSERT_TRUE(pipeline) << line;
    ASSERT_TRUE(GST_IS_BIN(pipeline));
    EXPECT_EQ(GST_BIN_NUMCHILDREN(GST_BIN(pipeline)), 4) << line;
    GstElement* source = gst_bin_get_by_name(GST_BIN(pipeline), "source");
    ASSERT_TRUE(source) << line;
    gchar* read_back = nullptr;
    g_object_get(source, "location", &read_back, nullptr);
    EXPECT_STREQ(read_back, value) << line;
    g_free(read_back);
    gst_object_unref(source);
    gst_object_unref(pipeline);
  }
}

TEST(LaunchText, HeadersReachTheHttpSource) {
  gst_init(nullptr, nullptr);
  if (GstElementFactory* factory = gst_element_factory_find("souphttpsrc"))
    gst_object_unref(factory);
  else
    GTEST_SKIP() << "GStreamer has no souphttpsrc: install gstreamer1.0-plugins-good";
  config::Stream stream;
  stream.name = "s";
  config::Input& input = stream.inputs.emplace_back();
  input.url = "tshttp://h/x";
  input.headers = {{"Referer", "https://x.example.com/?a=b&c=\"d\""}, {"X-Key", "a b\\ ! y, z=(int)1"}};
  const auto planned = plan(stream);
  const Element& source = std::get<StreamPlan>(planned).inputs.at(0).pipeline.chains.at(0).elements.at(0);
  StreamPlan printed = plan_with("");
  printed.inputs[0].pipeline.chains[0].elements[0] = source;
  GstElement* pipeline = parse(launch_text(printed, 0));
  ASSERT_TRUE(pipeline);
  GstElement* element = gst_bin_get_by_name(GST_BIN(pipeline), "source");
  ASSERT_TRUE(element);
  GstStructure* headers = nullptr;
  g_object_get(element, "extra-headers", &headers, nullptr);
  ASSERT_TRUE(headers);
  for (const auto& [name, value] : input.headers)
    EXPECT_STREQ(gst_structure_get_string(headers, name.c_str()), value.c_str());
  gst_structure_free(headers);
  gst_object_unref(element);
  gst_object_unref(pipeline);
}

}  // namespace
}  // namespace sluice::plan
