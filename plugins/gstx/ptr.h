// Ownership of GLib and GStreamer objects: a unique_ptr that knows how each of them is given back.
#pragma once

#include <gst/base/gstflowcombiner.h>
#include <gst/gst.h>

#include <memory>

namespace gstx {

struct Release {
  void operator()(GstMiniObject* p) const { gst_mini_object_unref(p); }
  void operator()(GstBuffer* p) const { gst_buffer_unref(p); }
  void operator()(GstCaps* p) const { gst_caps_unref(p); }
  void operator()(GstEvent* p) const { gst_event_unref(p); }
  void operator()(GstMessage* p) const { gst_message_unref(p); }
  void operator()(GstQuery* p) const { gst_query_unref(p); }
  void operator()(GstSample* p) const { gst_sample_unref(p); }
  void operator()(GstTagList* p) const { gst_tag_list_unref(p); }
  void operator()(GstStructure* p) const { gst_structure_free(p); }
  void operator()(GstFlowCombiner* p) const { gst_flow_combiner_unref(p); }
  void operator()(GError* p) const { g_error_free(p); }
  void operator()(gchar* p) const { g_free(p); }
  // Every GObject class: its C struct begins with GObject.
  template <typename T>
  void operator()(T* p) const {
    g_object_unref(p);
  }
};

template <typename T>
using Ptr = std::unique_ptr<T, Release>;

using Text = Ptr<gchar>;

// A C out-parameter: `call(&error)` becomes `call(out(error))`. Filled at the end of the full expression.
template <typename T>
class Out {
 public:
  explicit Out(Ptr<T>& to) : to_(to) {}
  ~Out() { to_.reset(raw_); }
  Out(const Out&) = delete;
  Out& operator=(const Out&) = delete;
  operator T**() { return &raw_; }  // NOLINT: the conversion is the point

 private:
  Ptr<T>& to_;
  T* raw_ = nullptr;
};
template <typename T>
Out<T> out(Ptr<T>& to) {
  return Out<T>(to);
}

// A reference of one's own to something that another owner keeps.
inline Ptr<GstBuffer> share(GstBuffer* p) {
  return Ptr<GstBuffer>(gst_buffer_ref(p));
}
inline Ptr<GstCaps> share(GstCaps* p) {
  return Ptr<GstCaps>(gst_caps_ref(p));
}
inline Ptr<GstEvent> share(GstEvent* p) {
  return Ptr<GstEvent>(gst_event_ref(p));
}
template <typename T>
Ptr<T> share(T* object) {
  return Ptr<T>(static_cast<T*>(g_object_ref(object)));
}

// A buffer's bytes while this lives.
class ReadMap {
 public:
  explicit ReadMap(GstBuffer* buffer)
      : buffer_(buffer), ok_(gst_buffer_map(buffer, &info_, GST_MAP_READ) != FALSE) {}
  ~ReadMap() {
    if (ok_) gst_buffer_unmap(buffer_, &info_);
  }
  ReadMap(const ReadMap&) = delete;
  ReadMap& operator=(const ReadMap&) = delete;
  bool ok() const { return ok_; }
  const uint8_t* data() const { return info_.data; }
  size_t size() const { return info_.size; }

 private:
  GstBuffer* buffer_;
  GstMapInfo info_ = GST_MAP_INFO_INIT;
  bool ok_;
};

}  // namespace gstx
