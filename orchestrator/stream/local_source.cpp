#include "orchestrator/stream/local_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "orchestrator/config/local_streams.h"

namespace sluice::stream {
namespace {

struct Clients {
  ~Clients() {
    for (const auto& stream : streams) stream->session_closed();
  }
  std::vector<std::shared_ptr<StreamHandle>> streams;
};

// Whose list it is, and what it may ask.
struct Finder {
  FindStream find;
  m4f::RingPtr own;

  bool is_part_of(const std::string& name, std::set<std::string>& seen) const {
    if (!seen.insert(name).second) return false;
    const auto stream = find(name);
    if (!stream) return false;
    if (stream->ring() == own) return true;
    for (const config::Input& input : stream->shared_config()->inputs)
      for (const std::string& other : config::local_streams(input.url))
        if (is_part_of(other, seen)) return true;
    return false;
  }

  // A problem, or empty.
  std::string answer(const std::string& name, m4f::RingPtr& out) const {
    const auto stream = find ? find(name) : nullptr;
    const m4f::RingPtr ring = stream ? stream->ring() : nullptr;
    if (!ring) return {};
    if (std::set<std::string> seen; is_part_of(name, seen))
      return fmt::format("the item '{}' is left out: that stream is made of this one", name);
    auto clients = std::make_shared<Clients>();
    stream->session_opened();
    clients->streams.push_back(stream);
    if (stream->demand() == Presence::kOff)
      return fmt::format("the item '{}' is left out: that stream is switched off, or it cannot run", name);
    struct Kept {
      m4f::RingPtr ring;
      std::shared_ptr<Clients> clients;
    };
    out = m4f::RingPtr(std::make_shared<Kept>(Kept{ring, std::move(clients)}), ring.get());
    return {};
  }

  static gchar* on_find(GstElement*, const gchar* name, gpointer out, gpointer finder) {
    const std::string problem =
        static_cast<const Finder*>(finder)->answer(name, *static_cast<m4f::RingPtr*>(out));
    return problem.empty() ? nullptr : g_strdup(problem.c_str());
  }
  static void drop(gpointer finder, GClosure*) { delete static_cast<Finder*>(finder); }
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

m4f::Result<void> let_list_find(GstElement* pipeline, FindStream find, m4f::RingPtr own) {
  Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline), "source"));
  if (!source) return m4f::error(m4f::Errc::kInvalid, "the pipeline has no element 'source'");
  g_signal_connect_data(source.get(), "find-stream", G_CALLBACK(Finder::on_find),
                        new Finder{std::move(find), std::move(own)}, Finder::drop, GConnectFlags(0));
  return {};
}

}  // namespace sluice::stream
