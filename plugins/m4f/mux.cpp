// m4fmux: cuts parsed streams into M4F segments. Every frame goes out in the thread that brought it.
#include <algorithm>
#include <array>
#include <chrono>
#include <vector>

#include "common/event_meta.h"
#include "gstx/element.h"
#include "m4f/caps.h"
#include "m4f/elements.h"
#include "m4f/mux_tracks.h"
#include "m4f/ordered_output.h"
#include "m4f/ring/live_ring.h"
#include "m4f/stats.h"
#include "m4f/track_pads.h"

namespace sluice {
namespace {

using gstx::Lock;
using gstx::Ptr;
using m4f::Content;
using m4f::RecordEvent;
using m4f::Ticks;

// How long a pad that runs ahead waits for the others before it takes them for silent.
constexpr auto kPatience = std::chrono::seconds(2);

struct Settings {
  uint32_t segment_duration = 5000;
  uint32_t part_duration = 200;
  bool slew = true;
  bool pace = false;
  uint32_t pace_ahead = 0;
};

Ticks wall_clock() {
  return Ticks::from(std::chrono::system_clock::now().time_since_epoch());
}
Ticks steady_clock() {
  return Ticks::from(std::chrono::steady_clock::now().time_since_epoch());
}

// Locks: mutex_ before OrderedOutput's; neither is held while pushing, querying or posting.
class Mux {
 public:
  using Base = GstElement;
  using BaseClass = GstElementClass;
  static constexpr const char* kTypeName = "SluiceM4fMux";
  static GType base_type() { return GST_TYPE_ELEMENT; }
  static const auto& fields() {
    static constexpr std::array kFields{
        gstx::Field<Settings>{"segment-duration",
                              "Shortest segment (ms): it ends before the first key frame after that",
                              &Settings::segment_duration, 100, 60000},
        gstx::Field<Settings>{"part-duration", "LL-HLS parts (ms); 0 = none", &Settings::part_duration, 0,
                              5000},
        gstx::Field<Settings>{
            "slew",
            "Follow this machine's clock where the source's drifts from it, a little at each segment; "
            "off for what is paced by it anyway",
            &Settings::slew},
        gstx::Field<Settings>{"pace",
                              "Let every frame in at its running time, for sources that give them faster",
                              &Settings::pace},
        gstx::Field<Settings>{
            "pace-ahead",
            "With pace: so much earlier (ms), for sources that keep their own pace and must "
            "only not run away",
            &Settings::pace_ahead, 0, 3600'000},
    };
    return kFields;
  }
  static const auto& computed() {
    static const std::array kComputed{
        gstx::Computed<Mux>{"stats", "Frames, bytes and timestamp faults so far", GST_TYPE_STRUCTURE,
                            &Mux::get_stats, nullptr},
        gstx::Computed<Mux>{
            "ring", "std::shared_ptr<m4f::LiveRing>* (copied) whose newest segment the first one continues",
            G_TYPE_POINTER, nullptr, &Mux::set_ring},
        gstx::Computed<Mux>{"hold",
                            "Take frames and cut none: the open segment is sealed; false = begin at the next "
                            "key frame",
                            G_TYPE_BOOLEAN, &Mux::get_hold, &Mux::set_hold},
    };
    return kComputed;
  }

  static void class_init(GstElementClass* klass) {
    begin_signal = g_signal_new("begin", G_TYPE_FROM_CLASS(klass), G_SIGNAL_RUN_LAST, 0, nullptr, nullptr,
                                nullptr, G_TYPE_NONE, 0);
    gstx::override<&Mux::request_new_pad>(klass->request_new_pad);
    gstx::override<&Mux::release_pad>(klass->release_pad);
    gstx::override<&Mux::change_state>(klass->change_state);
    gst_element_class_set_static_metadata(klass, "M4F muxer", "Codec/Muxer",
                                          "Cuts parsed video and audio into M4F segments with UTC timestamps",
                                          "Sluice");
    gstx::add_template(klass, "video_%u", GST_PAD_SINK, GST_PAD_REQUEST, kVideoInputCaps);
    gstx::add_template(klass, "audio_%u", GST_PAD_SINK, GST_PAD_REQUEST, kAudioInputCaps);
    gstx::add_template(klass, "src", GST_PAD_SRC, GST_PAD_ALWAYS, kM4fCaps);
  }

  explicit Mux(GstElement* element)
      : element_(element),
        src_(gstx::pad_from_template(element, "src", "src")),
        output_(src_),
        tracks_(element, [this](const RecordEvent& event, GstClockTime running_time) {
          output_.add(event, running_time);
        }) {
    gst_pad_use_fixed_caps(src_);
    gst_element_add_pad(element_, src_);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  static inline guint begin_signal = 0;

  GstPad* request_new_pad(GstPadTemplate* made_from, const gchar* name, const GstCaps*);
  void release_pad(GstPad* pad);
  GstStateChangeReturn change_state(GstStateChange transition);
  GstFlowReturn chain(GstPad* pad, Ptr<GstBuffer> buffer);
  bool sink_event(GstPad* pad, Ptr<GstEvent> event);
  void get_stats(GValue* value);
  void set_ring(const GValue* value);
  void get_hold(GValue* value);
  void set_hold(const GValue* value);

  void start();
  void stop();
  void on_caps(MuxInput& input, GstCaps* caps);
  void on_flush_start();
  void on_flush_stop(MuxInput& input);
  void peek_caps();
  void ask_source(MuxInput& input);
  void wait_for_time(MuxInput& input, GstBuffer* buffer) EXCLUDES_LOCK(mutex_);
  void stop_pacing() REQUIRES_LOCK(mutex_);
  void begin_if_ready() EXCLUDES_LOCK(mutex_);
  void wait_for_others(MuxInput& input, GstBuffer* buffer, Lock& lock) REQUIRES_LOCK(mutex_);
  void finish_if_ended() REQUIRES_LOCK(mutex_);
  GstFlowReturn let_out() EXCLUDES_LOCK(mutex_);
  void add_segment_event();

  static MuxInput& input_of(GstPad* pad) { return *static_cast<MuxInput*>(gst_pad_get_element_private(pad)); }

  GstElement* const element_;
  GstPad* const src_;
  OrderedOutput output_;

  gstx::Mutex mutex_;
  gstx::Condition moved_;  // a pad came forward, or nobody shall wait any more
  m4f::RingPtr ring_ GUARDED_BY(mutex_);
  MuxTracks tracks_ GUARDED_BY(mutex_);
  bool flushing_ GUARDED_BY(mutex_) = false;
  bool pace_ GUARDED_BY(mutex_) = false;
  Ticks pace_ahead_ GUARDED_BY(mutex_);
  bool hold_ GUARDED_BY(mutex_) = false;
  bool beginning_ GUARDED_BY(mutex_) = false;  // a thread is emitting the signal
};

GstPad* Mux::request_new_pad(GstPadTemplate* made_from, const gchar* name, const GstCaps*) {
  const bool video = g_str_has_prefix(GST_PAD_TEMPLATE_NAME_TEMPLATE(made_from), "video");
  const Content content = video ? Content::kVideo : Content::kAudio;
  MuxInput* input = nullptr;
  GstPad* pad = nullptr;
  {
    Lock lock(mutex_);
    unsigned number = tracks_.next_number(content);
    if (name) sscanf(name, video ? "video_%u" : "audio_%u", &number);
    Ptr<gchar> pad_name(g_strdup_printf(video ? "video_%u" : "audio_%u", number));
    pad = gst_pad_new_from_template(made_from, pad_name.get());
    input = &tracks_.add_input(pad, content, number);
  }
  gst_pad_set_element_private(pad, input);
  gstx::on_chain<&Mux::chain>(pad);
  gstx::on_event<&Mux::sink_event>(pad);
  gst_pad_set_active(pad, TRUE);
  if (gst_element_add_pad(element_, pad)) return pad;
  // The name is taken; the element unreferenced the pad.
  Lock lock(mutex_);
  tracks_.remove_input(*input);
  return nullptr;
}

void Mux::release_pad(GstPad* pad) {
  MuxInput& input = input_of(pad);
  {
    Lock lock(mutex_);
    input.leaving = true;
    stop_pacing();
    moved_.notify_all();
  }
  gst_pad_set_active(pad, FALSE);  // its thread has left the element after this
  {
    Lock lock(mutex_);
    tracks_.remove_input(input);
    moved_.notify_all();
    finish_if_ended();
  }
  let_out();
  gst_element_remove_pad(element_, pad);
}

GstStateChangeReturn Mux::change_state(GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) start();
  // A thread that waits in the output has to leave before the pads can be deactivated.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    output_.set_flushing(true);
    Lock lock(mutex_);
    flushing_ = true;
    stop_pacing();
    moved_.notify_all();
  }
  const GstStateChangeReturn result = gstx::parent_class<Mux>()->change_state(element_, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) stop();
  return result;
}

void Mux::start() {
  const Settings settings = settings_.get();
  m4f::SegmenterSettings to;
  to.segment_duration = Ticks::from_ms(settings.segment_duration);
  to.part_duration = Ticks::from_ms(settings.part_duration);
  to.slew = settings.slew;
  {
    Lock lock(mutex_);
    tracks_.start(to, hold_, ring_ || g_signal_has_handler_pending(element_, begin_signal, 0, FALSE));
    pace_ = settings.pace;
    pace_ahead_ = Ticks::from_ms(settings.pace_ahead);
    flushing_ = false;
  }
  output_.set_flushing(false);
  Ptr<gchar> stream_id(g_strdup_printf("m4f-%08x%08x", g_random_int(), g_random_int()));
  output_.add(Ptr<GstEvent>(gst_event_new_stream_start(stream_id.get())));
  Ptr<GstCaps> caps(gst_caps_new_empty_simple(kM4fCaps));
  output_.add(Ptr<GstEvent>(gst_event_new_caps(caps.get())));
  add_segment_event();
}

void Mux::add_segment_event() {
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  output_.add(Ptr<GstEvent>(gst_event_new_segment(&segment)));
}

void Mux::stop() {
  Lock lock(mutex_);
  tracks_.stop();
}

// The caps of pads that have no data yet: their peers usually know.
void Mux::peek_caps() {
  std::vector<Ptr<GstPad>> pads;
  {
    Lock lock(mutex_);
    if (tracks_.declared()) return;
    for (MuxInput& input : tracks_.inputs()) {
      if (!input.caps_seen()) pads.push_back(gstx::share(input.pad));
    }
  }
  for (const Ptr<GstPad>& pad : pads) {
    Ptr<GstPad> peer(gst_pad_get_peer(pad.get()));
    if (!peer) continue;
    Ptr<GstCaps> caps(gst_pad_get_current_caps(peer.get()));
    if (!caps) continue;
    Lock lock(mutex_);
    for (MuxInput& input : tracks_.inputs()) {
      // An error will be told when the caps arrive.
      if (input.pad == pad.get() && !input.caps_seen()) (void)input.set_caps(caps.get());
    }
  }
}

// Ends a call: lets out what the segmenter made and what is to be said.
GstFlowReturn Mux::let_out() {
  std::vector<Ptr<GstMessage>> messages;
  {
    Lock lock(mutex_);
    messages = tracks_.take_messages();
  }
  for (Ptr<GstMessage>& message : messages) gst_element_post_message(element_, message.release());
  return output_.push_all();
}

// Once per pad and run: whether its source sets the pace by itself, and whether more pads may come.
void Mux::ask_source(MuxInput& input) {
  {
    Lock lock(mutex_);
    if (std::exchange(input.asked, true)) return;
  }
  Ptr<GstQuery> query(gst_query_new_latency());
  gboolean live = FALSE;
  if (gst_pad_peer_query(input.pad, query.get())) {
    gst_query_parse_latency(query.get(), &live, nullptr, nullptr);
  }
  Ptr<GstPad> peer(gst_pad_get_peer(input.pad));
  GstPadTemplate* made_from = peer ? GST_PAD_PAD_TEMPLATE(peer.get()) : nullptr;
  Lock lock(mutex_);
  input.live = live != FALSE;
  input.may_grow = input.may_grow && made_from && GST_PAD_TEMPLATE_PRESENCE(made_from) == GST_PAD_SOMETIMES;
}

// Any thread of a pad; others unschedule it.
void Mux::wait_for_time(MuxInput& input, GstBuffer* buffer) {
  Ptr<GstClock> clock(gst_element_get_clock(element_));
  if (!clock) return;
  GstClockID id = nullptr;
  {
    Lock lock(mutex_);
    std::optional<Ticks> at = input.time_of(buffer);
    if (at) *at -= pace_ahead_;
    if (!pace_ || flushing_ || input.leaving || !at || at->count <= 0) return;
    id = gst_clock_new_single_shot_id(
        clock.get(), gst_element_get_base_time(element_) + static_cast<GstClockTime>(at->to_ns()));
    input.pacing = id;
  }
  gst_clock_id_wait(id, nullptr);
  {
    Lock lock(mutex_);
    input.pacing = nullptr;
  }
  gst_clock_id_unref(id);
}

void Mux::stop_pacing() {
  for (MuxInput& input : tracks_.inputs())
    if (input.pacing) gst_clock_id_unschedule(input.pacing);
}

// A segment may begin: whoever listens ends what is in the ring before it.
void Mux::begin_if_ready() {
  {
    Lock lock(mutex_);
    if (beginning_ || !tracks_.wants_to_begin()) return;
    beginning_ = true;
  }
  g_signal_emit(element_, begin_signal, 0);
  Lock lock(mutex_);
  beginning_ = false;
  if (tracks_.wants_to_begin() && !flushing_) tracks_.begin(ring_.get());
}

void Mux::wait_for_others(MuxInput& input, GstBuffer* buffer, Lock& lock) {
  const std::optional<Ticks> at = input.time_of(buffer);
  if (!at) return;
  input.lane.arrive(*at);
  std::list<MuxInput>& inputs = tracks_.inputs();
  const auto behind = [&](const MuxInput& other) {
    return &other != &input && !other.live && input.lane.waits_for(other.lane, *at);
  };
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!flushing_ && !input.leaving && std::any_of(inputs.begin(), inputs.end(), behind)) {
    if (moved_.wait_until(lock, until) != std::cv_status::timeout) continue;
    for (MuxInput& other : inputs) other.lane.silent = other.lane.silent || behind(other);
  }
  // A jump back is progress too.
  input.lane.position = *at;
  moved_.notify_all();
}

GstFlowReturn Mux::chain(GstPad* pad, Ptr<GstBuffer> buffer) {
  MuxInput& input = input_of(pad);
  ask_source(input);
  wait_for_time(input, buffer.get());
  Lock lock(mutex_);
  if (!tracks_.declared()) {
    lock.unlock();
    peek_caps();
    lock.lock();
  }
  if (!input.live) wait_for_others(input, buffer.get(), lock);
  if (!tracks_.running() || flushing_) return GST_FLOW_FLUSHING;
  if (!input.caps_seen()) return GST_FLOW_NOT_NEGOTIATED;
  tracks_.take(input, std::move(buffer), wall_clock(), steady_clock());
  lock.unlock();
  begin_if_ready();
  return let_out();
}

void Mux::on_caps(MuxInput& input, GstCaps* caps) {
  Lock lock(mutex_);
  tracks_.take_caps(input, caps);
  lock.unlock();
  let_out();
}

void Mux::finish_if_ended() {
  if (!flushing_ && tracks_.finish_if_ended(steady_clock())) {
    output_.add(Ptr<GstEvent>(gst_event_new_eos()));
  }
}

void Mux::on_flush_start() {
  Lock lock(mutex_);
  if (flushing_) return;
  flushing_ = true;
  stop_pacing();
  moved_.notify_all();
  lock.unlock();
  output_.set_flushing(true);
  gst_pad_push_event(src_, gst_event_new_flush_start());
}

void Mux::on_flush_stop(MuxInput& input) {
  Lock lock(mutex_);
  input.flush();
  if (!flushing_) return;
  flushing_ = false;
  lock.unlock();
  gst_pad_push_event(src_, gst_event_new_flush_stop(TRUE));
  output_.set_flushing(false);
  add_segment_event();
  lock.lock();
  tracks_.interrupt();
  lock.unlock();
  let_out();
}

bool Mux::sink_event(GstPad* pad, Ptr<GstEvent> event) {
  MuxInput& input = input_of(pad);
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_CAPS: {
      GstCaps* caps = nullptr;
      gst_event_parse_caps(event.get(), &caps);
      on_caps(input, caps);
      return true;
    }
    case GST_EVENT_SEGMENT: {
      const GstSegment* segment = nullptr;
      gst_event_parse_segment(event.get(), &segment);
      if (segment->format != GST_FORMAT_TIME) {
        GST_ELEMENT_WARNING(element_, STREAM, FORMAT,
                            ("%s: the source gives no time; put a parser before m4fmux", GST_PAD_NAME(pad)),
                            (nullptr));
        return false;
      }
      Lock lock(mutex_);
      input.set_segment(*segment);
      return true;
    }
    case GST_EVENT_TAG: {
      GstTagList* tags = nullptr;
      gst_event_parse_tag(event.get(), &tags);
      std::string language = language_of(tags);
      Lock lock(mutex_);
      input.set_language(std::move(language));
      return true;
    }
    case GST_EVENT_EOS: {
      Lock lock(mutex_);
      input.eos = true;
      input.lane.ended = true;
      moved_.notify_all();
      tracks_.settle_if_ended(steady_clock());
      lock.unlock();
      begin_if_ready();
      lock.lock();
      finish_if_ended();
      lock.unlock();
      let_out();
      return true;
    }
    case GST_EVENT_GAP: {
      Lock lock(mutex_);
      input.skip(event.get());
      moved_.notify_all();
      return true;
    }
    case GST_EVENT_CUSTOM_DOWNSTREAM:
      if (gst_event_has_name(event.get(), kTracksComplete)) {
        Lock lock(mutex_);
        input.may_grow = false;
      }
      return true;
    case GST_EVENT_FLUSH_START:
      on_flush_start();
      return true;
    case GST_EVENT_FLUSH_STOP:
      on_flush_stop(input);
      return true;
    case GST_EVENT_STREAM_START: {
      Lock lock(mutex_);
      input.eos = false;
      input.may_grow = true;
      input.asked = false;
      return true;
    }
    // Everything else describes one input and means nothing for the whole.
    default:
      return true;
  }
}

void Mux::set_ring(const GValue* value) {
  auto* ring = static_cast<const m4f::RingPtr*>(g_value_get_pointer(value));
  Lock lock(mutex_);
  ring_ = ring ? *ring : nullptr;
}

void Mux::get_hold(GValue* value) {
  Lock lock(mutex_);
  g_value_set_boolean(value, hold_ ? TRUE : FALSE);
}

// What was sealed is downstream when this returns.
void Mux::set_hold(const GValue* value) {
  constexpr std::chrono::milliseconds kPatience(500);  // with a downstream that is stuck
  const bool hold = g_value_get_boolean(value) != FALSE;
  {
    Lock lock(mutex_);
    if (std::exchange(hold_, hold) == hold) return;
    tracks_.set_hold(hold);
  }
  let_out();
  if (hold) output_.wait_until_pushed(kPatience);
}

void Mux::get_stats(GValue* value) {
  MuxStats stats;
  {
    Lock lock(mutex_);
    stats = tracks_.stats();
  }
  g_value_take_boxed(value, stats_structure(stats).release());
}

}  // namespace

bool register_mux(GstPlugin* plugin) {
  return gstx::register_element<Mux>(plugin, "m4fmux");
}

}  // namespace sluice
