#include "orchestrator/stream/spine.h"

#include "orchestrator/stream/pipeline_builder.h"

namespace sluice::stream {
namespace {

void hand_ring(GstElement* element, m4f::RingPtr* ring) {
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(element), "ring"))
    g_object_set(element, "ring", ring, nullptr);
}

void hand_ring_to_all(GstElement* pipeline, m4f::RingPtr* ring) {
  Ptr<GstIterator> elements(gst_bin_iterate_elements(GST_BIN(pipeline)));
  // Nobody adds elements while the spine is being made, so the iterator never has to resync.
  gst_iterator_foreach(
      elements.get(),
      [](const GValue* item, gpointer data) {
        hand_ring(GST_ELEMENT(g_value_get_object(item)), static_cast<m4f::RingPtr*>(data));
      },
      ring);
}

}  // namespace

m4f::Result<std::shared_ptr<Spine>> Spine::start(const std::string& name, const plan::Pipeline& plan,
                                                 m4f::RingPtr ring) {
  std::shared_ptr<Spine> spine(new Spine);
  spine->pipeline_.reset(static_cast<GstElement*>(gst_object_ref_sink(gst_pipeline_new(nullptr))));
  auto built = build(plan, GST_BIN(spine->pipeline_.get()), [](std::string) {});
  if (!built) return tl::unexpected(std::move(built.error()).within("spine"));
  spine->ring_ = std::move(ring);
  hand_ring_to_all(spine->pipeline_.get(), &spine->ring_);
  spine->tee_.reset(gst_bin_get_by_name(GST_BIN(spine->pipeline_.get()), "spine"));
  if (!spine->tee_) return m4f::error(m4f::Errc::kInvalid, "the plan's spine has no element named 'spine'");
  spine->entry_.reset(gst_element_get_static_pad(spine->tee_.get(), "sink"));
  if (gst_element_set_state(spine->pipeline_.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
    return m4f::error(m4f::Errc::kInvalid, "the sinks of stream {} do not start", name);
  gst_pad_send_event(spine->entry_.get(), gst_event_new_stream_start("spine"));
  Ptr<GstCaps> caps(gst_caps_new_empty_simple("application/x-m4f"));
  gst_pad_send_event(spine->entry_.get(), gst_event_new_caps(caps.get()));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_pad_send_event(spine->entry_.get(), gst_event_new_segment(&segment));
  return spine;
}

Spine::~Spine() {
  if (pipeline_) gst_element_set_state(pipeline_.get(), GST_STATE_NULL);
}

m4f::Result<Ptr<GstElement>> Spine::attach(const plan::Element& planned,
                                           const std::shared_ptr<m4fudp::Sender>& sender) {
  plan::Pipeline branch;
  branch.chains.push_back({.from = {}, .elements = {planned}, .to = {}});
  // In a bin of its own first: what cannot be made must leave nothing in the spine.
  Ptr<GstElement> nursery(static_cast<GstElement*>(gst_object_ref_sink(gst_bin_new(nullptr))));
  if (auto built = build(branch, GST_BIN(nursery.get()), [](std::string) {}); !built)
    return tl::unexpected(std::move(built.error()));
  Ptr<GstElement> sink = ref(GST_ELEMENT(GST_BIN_CHILDREN(nursery.get())->data));
  gst_bin_remove(GST_BIN(nursery.get()), sink.get());
  if (g_object_class_find_property(G_OBJECT_GET_CLASS(sink.get()), "sender"))
    g_object_set(sink.get(), "sender", &sender, nullptr);

  std::lock_guard lock(mutex_);  // nothing flows meanwhile
  gst_bin_add(GST_BIN(pipeline_.get()), sink.get());
  if (gst_element_link(tee_.get(), sink.get()) && gst_element_sync_state_with_parent(sink.get())) return sink;
  remove(sink.get());
  return m4f::error(m4f::Errc::kInvalid, "the sink does not start");
}

void Spine::detach(GstElement* sink) {
  std::lock_guard lock(mutex_);
  remove(sink);
}

void Spine::remove(GstElement* sink) {
  Ptr<GstPad> pad(gst_element_get_static_pad(sink, "sink"));
  if (Ptr<GstPad> branch(gst_pad_get_peer(pad.get())); branch) {
    gst_pad_unlink(branch.get(), pad.get());
    gst_element_release_request_pad(tee_.get(), branch.get());
  }
  gst_element_set_state(sink, GST_STATE_NULL);
  gst_bin_remove(GST_BIN(pipeline_.get()), sink);
}

void Spine::push(uint64_t ticket, GstBuffer* buffer) {
  std::lock_guard lock(mutex_);
  if (ticket != ticket_.load()) {
    gst_buffer_unref(buffer);
    return;
  }
  buffers_.fetch_add(1, std::memory_order_relaxed);
  bytes_.fetch_add(gst_buffer_get_size(buffer), std::memory_order_relaxed);
  gst_pad_chain(entry_.get(), buffer);  // a sink that fails says so on the spine's bus; the others go on
}

}  // namespace sluice::stream
