#include "orchestrator/stream/publish_feed.h"

#include <utility>

namespace sluice::stream {
namespace {

constexpr int64_t kMostBytes = 1 << 20;
constexpr int64_t kAskAt = 50;  // percent of it

}  // namespace

plan::Pipeline with_publish_source(plan::Pipeline pipeline) {
  for (plan::Chain& chain : pipeline.chains)
    for (plan::Element& element : chain.elements) {
      if (element.name != "source") continue;
      element.factory = "appsrc";
      element.properties = {{"is-live", true},
                            {"do-timestamp", true},
                            {"format", "time"},
                            {"max-bytes", kMostBytes},
                            {"min-percent", kAskAt}};
    }
  return pipeline;
}

PublishFeed::PublishFeed(Ptr<GstElement> source, std::weak_ptr<Publication> publication)
    : source_(std::move(source)) {
  using Weak = std::weak_ptr<Publication>;
  GstAppSrcCallbacks callbacks{};
  callbacks.need_data = [](GstAppSrc*, guint, gpointer data) {
    if (auto of = static_cast<Weak*>(data)->lock()) of->room();
  };
  gst_app_src_set_callbacks(GST_APP_SRC(source_.get()), &callbacks, new Weak(std::move(publication)),
                            [](gpointer data) { delete static_cast<Weak*>(data); });
}

PublishFeed::~PublishFeed() {
  GstAppSrcCallbacks none{};
  gst_app_src_set_callbacks(GST_APP_SRC(source_.get()), &none, nullptr, nullptr);
}

bool PublishFeed::take(std::string_view bytes) {
  GstBuffer* buffer = gst_buffer_new_memdup(bytes.data(), bytes.size());
  // Refused while the pipeline comes down: somebody else is attached soon.
  if (gst_app_src_push_buffer(GST_APP_SRC(source_.get()), buffer) != GST_FLOW_OK) return true;
  return gst_app_src_get_current_level_bytes(GST_APP_SRC(source_.get())) < static_cast<guint64>(kMostBytes);
}

void PublishFeed::end() {
  gst_app_src_end_of_stream(GST_APP_SRC(source_.get()));
}

}  // namespace sluice::stream
