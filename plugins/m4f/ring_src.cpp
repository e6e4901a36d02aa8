// m4fringsrc: a stream of this process, from its ring.
#include <gst/base/gstpushsrc.h>

#include <array>
#include <deque>

#include "common/event_meta.h"
#include "gstx/element.h"
#include "m4f/elements.h"
#include "m4f/ring/live_ring.h"
#include "m4f/ring_cursor.h"

namespace sluice {
namespace {

using gstx::Lock;
using gstx::Ptr;
using m4f::RecordEvent;
using m4f::SegmentPtr;
using m4f::Ticks;

// Running times begin so late, since what a ring holds is older than the moment.
constexpr int64_t kPast = 3600 * static_cast<int64_t>(GST_SECOND);

struct Settings {};

// Buffers are the ring's own segments; nothing is copied.
class RingSrc {
 public:
  using Base = GstPushSrc;
  using BaseClass = GstPushSrcClass;
  static constexpr const char* kTypeName = "SluiceM4fRingSrc";
  static GType base_type() { return GST_TYPE_PUSH_SRC; }
  static const auto& fields() {
    static const std::array<gstx::Field<Settings>, 0> kFields{};
    return kFields;
  }
  static const auto& computed() {
    static const std::array kComputed{
        gstx::Computed<RingSrc>{"ring", "std::shared_ptr<m4f::LiveRing>* (copied) that is read",
                                G_TYPE_POINTER, nullptr, &RingSrc::set_ring},
    };
    return kComputed;
  }

  static void class_init(GstPushSrcClass* klass) {
    auto* base = GST_BASE_SRC_CLASS(klass);
    gstx::override<&RingSrc::start>(base->start);
    gstx::override<&RingSrc::stop>(base->stop);
    gstx::override<&RingSrc::unlock>(base->unlock);
    gstx::override<&RingSrc::unlock_stop>(base->unlock_stop);
    gstx::override<&RingSrc::create>(klass->create);
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "M4F ring source", "Source",
                                          "An M4F stream of this process, from its ring", "Sluice");
    gstx::add_template(klass, "src", GST_PAD_SRC, GST_PAD_ALWAYS, kM4fCaps);
  }

  explicit RingSrc(GstPushSrc* element) : element_(element) {
    gst_base_src_set_live(GST_BASE_SRC(element), TRUE);
    gst_base_src_set_format(GST_BASE_SRC(element), GST_FORMAT_TIME);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  gboolean start();
  gboolean stop();
  gboolean unlock();
  gboolean unlock_stop();
  GstFlowReturn create(GstBuffer** out);
  void set_ring(const GValue* value);
  void read_more(const m4f::RingView& view);
  void put_time(GstBuffer* buffer, Ticks utc);

  GstPushSrc* const element_;

  gstx::Mutex mutex_;
  gstx::Condition changed_;
  m4f::RingPtr ring_ GUARDED_BY(mutex_);
  uint64_t woken_ GUARDED_BY(mutex_) = 0;
  bool unlocked_ GUARDED_BY(mutex_) = false;

  // The streaming thread's, between start() and stop().
  m4f::RingPtr source_;
  m4f::LiveRing::Subscription subscription_;
  SegmentPtr segment_;
  size_t sent_ = 0;  // frames of it
  std::deque<RecordEvent> ready_;
  std::optional<int64_t> zero_;  // UTC (ns) that has running time 0
};

gboolean RingSrc::start() {
  Lock lock(mutex_);
  if (!ring_) {
    lock.unlock();
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("m4fringsrc needs a ring of its own process"),
                      (nullptr));
    return FALSE;
  }
  source_ = ring_;
  subscription_ = source_->subscribe(
      [this] {
        Lock woken(mutex_);
        ++woken_;
        changed_.notify_all();
      },
      true);
  return TRUE;
}

gboolean RingSrc::stop() {
  subscription_.reset();
  source_.reset();
  segment_.reset();
  sent_ = 0;
  ready_.clear();
  zero_.reset();
  return TRUE;
}

gboolean RingSrc::unlock() {
  Lock lock(mutex_);
  unlocked_ = true;
  changed_.notify_all();
  return TRUE;
}

gboolean RingSrc::unlock_stop() {
  Lock lock(mutex_);
  unlocked_ = false;
  return TRUE;
}

void RingSrc::read_more(const m4f::RingView& view) {
  for (;;) {
    // In this order: a segment that is sealed after the question gets no further frames.
    const bool sealed = segment_ && segment_->sealed();
    if (segment_) {
      // Only with a frame is it known where the segment begins.
      if (sent_ == 0 && segment_->frame_count() > 0) ready_.push_back(m4f::SegmentOpened{segment_});
      for (const size_t end = segment_->frame_count(); sent_ < end; ++sent_)
        ready_.push_back(m4f::FramesAdded{segment_, sent_ + 1});
    }
    const SegmentPtr next = next_segment(view, segment_);
    if (!next) return;
    if (sealed && sent_ > 0) ready_.push_back(m4f::SegmentSealed{segment_});
    segment_ = next;
    sent_ = 0;
  }
}

void RingSrc::put_time(GstBuffer* buffer, Ticks utc) {
  if (!zero_) {
    Ptr<GstClock> clock(gst_element_get_clock(GST_ELEMENT(element_)));
    const GstClockTime base = gst_element_get_base_time(GST_ELEMENT(element_));
    const int64_t running = clock ? static_cast<int64_t>(gst_clock_get_time(clock.get()) - base) : 0;
    zero_ = g_get_real_time() * 1000 - running - kPast;
  }
  const int64_t at = utc.to_ns() - *zero_;
  if (at >= 0) GST_BUFFER_PTS(buffer) = GST_BUFFER_DTS(buffer) = static_cast<GstClockTime>(at);
}

GstFlowReturn RingSrc::create(GstBuffer** out) {
  while (ready_.empty()) {
    uint64_t seen = 0;
    {
      Lock lock(mutex_);
      if (unlocked_) return GST_FLOW_FLUSHING;
      seen = woken_;
    }
    const auto view = source_->view();
    read_more(*view);
    if (!ready_.empty()) break;
    // A ring that has ended may begin again: only who has read from it was at its end.
    if (view->ended && segment_) return GST_FLOW_EOS;
    Lock lock(mutex_);
    while (!unlocked_ && woken_ == seen) changed_.wait(lock);
  }
  const RecordEvent event = std::move(ready_.front());
  ready_.pop_front();
  Ptr<GstBuffer> buffer = buffer_of(event);
  if (auto* frames = std::get_if<m4f::FramesAdded>(&event)) {
    put_time(buffer.get(), frames->segment->frame(frames->end - 1).dts);
  } else if (auto* opened = std::get_if<m4f::SegmentOpened>(&event)) {
    put_time(buffer.get(), opened->segment->frame(0).dts);
  }
  *out = buffer.release();
  return GST_FLOW_OK;
}

void RingSrc::set_ring(const GValue* value) {
  auto* ring = static_cast<const m4f::RingPtr*>(g_value_get_pointer(value));
  Lock lock(mutex_);
  ring_ = ring ? *ring : nullptr;
}

}  // namespace

bool register_ring_src(GstPlugin* plugin) {
  return gstx::register_element<RingSrc>(plugin, "m4fringsrc");
}

}  // namespace sluice
