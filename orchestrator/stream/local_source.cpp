#include "orchestrator/stream/local_source.h"

#include <algorithm>

namespace sluice::stream {
namespace {

struct Clients {
  ~Clients() {
    for (const auto& stream : streams) stream->session_closed();
  }
  std::vector<std::shared_ptr<StreamHandle>> streams;
};

}  // namespace

plan::Pipeline with_local_sources(plan::Pipeline pipeline, const std::vector<plan::LocalSource>& local) {
  for (plan::Chain& chain : pipeline.chains)
    for (size_t i = 0; i + 1 < chain.elements.size(); ++i) {
      plan::Element& source = chain.elements[i];
      if (std::none_of(local.begin(), local.end(),
                       [&](const plan::LocalSource& l) { return l.element == source.name; }))
        continue;
      source.factory = "m4fringsrc";
      source.properties.clear();
      chain.elements[i + 1].factory = "m4fdemux";  // which knows the same choice of tracks
    }
  return pipeline;
}

m4f::Result<std::shared_ptr<void>> join_local(GstElement* pipeline,
                                              const std::vector<plan::LocalSource>& local,
                                              const FindStream& find) {
  auto clients = std::make_shared<Clients>();
  for (const plan::LocalSource& one : local) {
    const auto stream = find ? find(one.stream) : nullptr;
    m4f::RingPtr ring = stream ? stream->ring() : nullptr;
    if (!ring) return m4f::error(m4f::Errc::kNotFound, "there is no stream '{}' here", one.stream);
    Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline), one.element.c_str()));
    if (!source) return m4f::error(m4f::Errc::kInvalid, "the pipeline has no element '{}'", one.element);
    g_object_set(source.get(), "ring", &ring, nullptr);
    stream->session_opened();
    clients->streams.push_back(stream);
    stream->demand();
  }
  return clients;
}

}  // namespace sluice::stream
