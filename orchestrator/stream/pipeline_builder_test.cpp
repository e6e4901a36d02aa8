#include "orchestrator/stream/pipeline_builder.h"

#include <gtest/gtest.h>

#include "orchestrator/stream/gst_ptr.h"

namespace sluice::stream {
namespace {

using plan::Chain;
using plan::Element;

Ptr<GstElement> new_pipeline() {
  gst_init(nullptr, nullptr);
  return Ptr<GstElement>(static_cast<GstElement*>(gst_object_ref_sink(gst_pipeline_new(nullptr))));
}

// Runs to the end; the error's text if one came.
std::string play(GstElement* pipeline) {
  gst_element_set_state(pipeline, GST_STATE_PLAYING);
  Ptr<GstBus> bus(gst_element_get_bus(pipeline));
  GstMessage* message = gst_bus_timed_pop_filtered(bus.get(), 10 * GST_SECOND,
                                                   GstMessageType(GST_MESSAGE_EOS | GST_MESSAGE_ERROR));
  std::string text = message ? "" : "neither end nor error came";
  if (message && GST_MESSAGE_TYPE(message) == GST_MESSAGE_ERROR) {
    Ptr<GError> error;
    gst_message_parse_error(message, out(error), nullptr);
    text = error->message;
  }
  if (message) gst_message_unref(message);
  gst_element_set_state(pipeline, GST_STATE_NULL);
  return text;
}

TEST(PipelineBuilder, PropertiesOfEveryTypeAndCapsArriveTyped) {
  auto pipeline = new_pipeline();
  plan::Pipeline plan{
      {Chain{"",
             {Element{"videotestsrc",
                      "source",
                      {{"pattern", std::string("ball")}, {"num-buffers", int64_t{3}}, {"is-live", false}},
                      "video/x-raw,width=32,height=16"},
              Element{"fakesink", "sink", {{"name", std::string("sink")}}, ""}},
             "",
             false}}};
  auto built = build(plan, GST_BIN(pipeline.get()), [](std::string) {});
  ASSERT_TRUE(built) << built.error().message();
  Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "source"));
  gint pattern = -1, buffers = 0;
  g_object_get(source.get(), "pattern", &pattern, "num-buffers", &buffers, nullptr);
  EXPECT_EQ(pattern, 18);  // ball
  EXPECT_EQ(buffers, 3);
  EXPECT_EQ(play(pipeline.get()), "");
}

TEST(PipelineBuilder, TextIsDataAndNeverPipeline) {
  auto pipeline = new_pipeline();
  const std::string evil = "x ! filesink location=/tmp/y";
  plan::Pipeline plan{
      {Chain{"",
             {Element{"filesrc", "source", {{"location", evil}}, ""}, Element{"fakesink", "", {}, ""}},
             "",
             false}}};
  ASSERT_TRUE(build(plan, GST_BIN(pipeline.get()), [](std::string) {}));
  Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "source"));
  Ptr<gchar> location;
  g_object_get(source.get(), "location", static_cast<gchar**>(out(location)), nullptr);
  EXPECT_EQ(location.get(), evil);
}

TEST(PipelineBuilder, SaysWhatIsMissingAndWhichValueIsWrong) {
  const auto problem = [](Element element) {
    auto pipeline = new_pipeline();
    auto built =
        build({{Chain{"", {std::move(element)}, "", false}}}, GST_BIN(pipeline.get()), [](std::string) {});
    return built ? std::string() : built.error().message();
  };
  EXPECT_EQ(problem({"nosuchelement", "", {}, ""}), "GStreamer has no element 'nosuchelement'");
  EXPECT_EQ(problem({"fakesink", "", {{"nosuch", true}}, ""}), "element fakesink has no property 'nosuch'");
  EXPECT_EQ(problem({"videotestsrc", "", {{"pattern", std::string("nosuch")}}, ""}),
            "'nosuch' is no value for pattern of videotestsrc");
}

TEST(PipelineBuilder, PadsThatAppearLaterAreLinkedEachToItsChain) {
  auto pipeline = new_pipeline();
  // parsebin shows its pad only when it knows what it is.
  plan::Pipeline plan{
      {Chain{
           "",
           {Element{"audiotestsrc", "", {{"num-buffers", int64_t{20}}}, "audio/x-raw,rate=48000,channels=1"},
            Element{"wavenc", "", {}, ""}, Element{"parsebin", "parse", {}, ""}},
           "sink",
           true},
       Chain{"", {Element{"fakesink", "sink", {}, ""}}, "", false}}};
  std::string left_out;
  ASSERT_TRUE(build(plan, GST_BIN(pipeline.get()), [&](std::string text) { left_out = std::move(text); }));
  EXPECT_EQ(play(pipeline.get()), "");
  EXPECT_EQ(left_out, "");
}

}  // namespace
}  // namespace sluice::stream
