#include "common/event_meta.h"

#include <new>

namespace sluice {
namespace {

using m4f::ByteView;
using m4f::FramesAdded;
using m4f::RecordEvent;
using m4f::SegmentOpened;
using m4f::SegmentPtr;
using m4f::SegmentSealed;

struct EventMeta {
  GstMeta meta;
  RecordEvent event;
};

const GstMetaInfo* meta_info();

gboolean init_meta(GstMeta* meta, gpointer event, GstBuffer*) {
  new (&reinterpret_cast<EventMeta*>(meta)->event) RecordEvent(*static_cast<const RecordEvent*>(event));
  return TRUE;
}

void free_meta(GstMeta* meta, GstBuffer*) {
  reinterpret_cast<EventMeta*>(meta)->event.~RecordEvent();
}

void add_meta(GstBuffer* buffer, const RecordEvent& event) {
  gst_buffer_add_meta(buffer, meta_info(), const_cast<RecordEvent*>(&event));
}

// A copy of the whole buffer means the same records; a part of one does not.
gboolean copy_meta(GstBuffer* to, GstMeta* meta, GstBuffer*, GQuark type, gpointer data) {
  if (!GST_META_TRANSFORM_IS_COPY(type)) return FALSE;
  if (data && static_cast<GstMetaTransformCopy*>(data)->region) return FALSE;
  add_meta(to, reinterpret_cast<EventMeta*>(meta)->event);
  return TRUE;
}

const GstMetaInfo* meta_info() {
  static const GstMetaInfo* info = [] {
    static const gchar* tags[] = {nullptr};
    const GType api = gst_meta_api_type_register("M4fEventMetaAPI", tags);
    return gst_meta_register(api, "M4fEventMeta", sizeof(EventMeta), init_meta, free_meta, copy_meta);
  }();
  return info;
}

const SegmentPtr& segment_of(const RecordEvent& event) {
  return std::visit([](const auto& e) -> const SegmentPtr& { return e.segment; }, event);
}

ByteView record_of(const RecordEvent& event) {
  if (auto* frames = std::get_if<FramesAdded>(&event)) return frames->segment->frame_record(frames->end - 1);
  const SegmentPtr& segment = segment_of(event);
  return std::holds_alternative<SegmentOpened>(event) ? segment->begin_record() : segment->end_record();
}

}  // namespace

GstMemory* wrap(ByteView bytes, const SegmentPtr& owner) {
  return gst_memory_new_wrapped(GST_MEMORY_FLAG_READONLY, const_cast<uint8_t*>(bytes.data()), bytes.size(), 0,
                                bytes.size(), new SegmentPtr(owner),
                                [](gpointer p) { delete static_cast<SegmentPtr*>(p); });
}

gstx::Ptr<GstBuffer> buffer_of(const RecordEvent& event) {
  gstx::Ptr<GstBuffer> buffer(gst_buffer_new());
  const SegmentPtr& segment = segment_of(event);
  gst_buffer_append_memory(buffer.get(), wrap(record_of(event), segment));
  const bool opens = std::holds_alternative<SegmentOpened>(event);
  if (!opens || !segment->header().key_start) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DELTA_UNIT);
  if (opens && segment->header().discontinuity) GST_BUFFER_FLAG_SET(buffer.get(), GST_BUFFER_FLAG_DISCONT);
  add_meta(buffer.get(), event);
  return buffer;
}

const RecordEvent* event_of(GstBuffer* buffer) {
  GstMeta* meta = gst_buffer_get_meta(buffer, meta_info()->api);
  return meta ? &reinterpret_cast<EventMeta*>(meta)->event : nullptr;
}

}  // namespace sluice
