// Owning pointers for GStreamer's objects.
#pragma once

#include <gst/gst.h>

#include <memory>

namespace sluice::stream {

struct GstRelease {
  void operator()(GstObject* p) const { gst_object_unref(p); }
  void operator()(GstElement* p) const { gst_object_unref(p); }
  void operator()(GstPad* p) const { gst_object_unref(p); }
  void operator()(GstBus* p) const { gst_object_unref(p); }
  void operator()(GstCaps* p) const { gst_caps_unref(p); }
  void operator()(GstSample* p) const { gst_sample_unref(p); }
  void operator()(GstStructure* p) const { gst_structure_free(p); }
  void operator()(GstIterator* p) const { gst_iterator_free(p); }
  void operator()(GError* p) const { g_error_free(p); }
  void operator()(gchar* p) const { g_free(p); }
};

template <typename T>
using Ptr = std::unique_ptr<T, GstRelease>;

// For C functions that return through a pointer: `parse(msg, out(error))`.
template <typename T>
class Out {
 public:
  explicit Out(Ptr<T>& target) : target_(target) {}
  ~Out() { target_.reset(value_); }
  operator T**() { return &value_; }

 private:
  Ptr<T>& target_;
  T* value_ = nullptr;
};
template <typename T>
Out<T> out(Ptr<T>& target) {
  return Out<T>(target);
}

// A new reference to a floating or owned object.
template <typename T>
Ptr<T> ref(T* p) {
  return Ptr<T>(static_cast<T*>(gst_object_ref(p)));
}

}  // namespace sluice::stream
