// m4fmux: cuts parsed streams into M4F segments. Every frame goes out in the thread that brought it.
#include <algorithm>
#include <array>
#include <chrono>
#include <list>
#include <vector>

#include "common/event_meta.h"
#include "gstx/element.h"
#include "m4f/caps.h"
#include "m4f/elements.h"
#include "m4f/mux_input.h"
#include "m4f/ordered_output.h"
#include "m4f/ring/live_ring.h"
#include "m4f/stats.h"
#include "m4f/track_pads.h"

GST_DEBUG_CATEGORY_STATIC(m4fmux_debug);
#define GST_CAT_DEFAULT m4fmux_debug

namespace sluice {
namespace {

using gstx::Lock;
using gstx::Ptr;
using m4f::Content;
using m4f::RecordEvent;
using m4f::SegmentOpened;
using m4f::Ticks;

// How long pads without caps may hold up the others; the segmenter waits as long for silent tracks.
constexpr Ticks kCapsWait = Ticks::from_seconds(3);
// A demuxer that shows its pads as it finds them shows the other kind within this time, of media or of
// waiting.
constexpr Ticks kPadWait = Ticks::from_seconds(1);
// How long a pad that runs ahead waits for the others before it takes them for silent.
constexpr auto kPatience = std::chrono::seconds(2);
constexpr size_t kMaxHeld = 64u << 20;  // bytes of buffers that wait for it

struct Settings {
  uint32_t segment_duration = 5000;
  uint32_t part_duration = 200;
};

Ticks wall_clock() {
  return Ticks::from(std::chrono::system_clock::now().time_since_epoch());
}
Ticks steady_clock() {
  return Ticks::from(std::chrono::steady_clock::now().time_since_epoch());
}

// What an operator would call the same tracks: measured bitrates differ from segment to segment.
bool same_tracks(const std::vector<m4f::Track>& a, const std::vector<m4f::Track>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const m4f::Track& x, const m4f::Track& y) {
    return x.id == y.id && x.language == y.language && x.same_format(y);
  });
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
    };
    return kComputed;
  }

  static void class_init(GstElementClass* klass) {
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
      : element_(element), src_(gstx::pad_from_template(element, "src", "src")), output_(src_) {
    gst_pad_use_fixed_caps(src_);
    gst_element_add_pad(element_, src_);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  struct Held {
    MuxInput* input;
    Ptr<GstBuffer> buffer;
    Ticks now, steady;
  };

  GstPad* request_new_pad(GstPadTemplate* made_from, const gchar* name, const GstCaps*);
  void release_pad(GstPad* pad);
  GstStateChangeReturn change_state(GstStateChange transition);
  GstFlowReturn chain(GstPad* pad, Ptr<GstBuffer> buffer);
  bool sink_event(GstPad* pad, Ptr<GstEvent> event);
  void get_stats(GValue* value);
  void set_ring(const GValue* value);

  void start();
  void stop();
  void on_record(const RecordEvent& event) REQUIRES_LOCK(mutex_);
  void on_caps(MuxInput& input, GstCaps* caps);
  void on_flush_start();
  void on_flush_stop(MuxInput& input);
  bool all_pads(bool (*is)(const MuxInput&)) const REQUIRES_LOCK(mutex_);
  void peek_caps();
  void declare(Ticks steady) REQUIRES_LOCK(mutex_);
  void complete_if_all_there(Ticks steady) REQUIRES_LOCK(mutex_);
  void sync_track(MuxInput& input) REQUIRES_LOCK(mutex_);
  void ask_source(MuxInput& input);
  void wait_for_others(MuxInput& input, GstBuffer* buffer, Lock& lock) REQUIRES_LOCK(mutex_);
  void hold(MuxInput& input, Ptr<GstBuffer> buffer, Ticks now, Ticks steady) REQUIRES_LOCK(mutex_);
  void push_held() REQUIRES_LOCK(mutex_);
  void push_frame(MuxInput& input, GstBuffer* buffer, Ticks now, Ticks steady) REQUIRES_LOCK(mutex_);
  void finish_if_ended() REQUIRES_LOCK(mutex_);
  void warn_once(MuxInput& input, const m4f::Error& error) REQUIRES_LOCK(mutex_);
  GstFlowReturn let_out(Lock& lock) REQUIRES_LOCK(mutex_);
  void add_segment_event();

  static MuxInput& input_of(GstPad* pad) { return *static_cast<MuxInput*>(gst_pad_get_element_private(pad)); }

  GstElement* const element_;
  GstPad* const src_;
  OrderedOutput output_;

  gstx::Mutex mutex_;
  gstx::Condition moved_;  // a pad came forward, or nobody shall wait any more
  m4f::RingPtr ring_ GUARDED_BY(mutex_);
  std::list<MuxInput> inputs_ GUARDED_BY(mutex_);  // video before audio, each by number
  std::optional<m4f::Segmenter> segmenter_ GUARDED_BY(mutex_);
  bool declared_ GUARDED_BY(mutex_) = false;  // the tracks are known to the segmenter
  bool complete_ GUARDED_BY(mutex_) = false;  // it need not wait for others
  bool flushing_ GUARDED_BY(mutex_) = false;
  bool ended_ GUARDED_BY(mutex_) = false;
  std::vector<Held> held_ GUARDED_BY(mutex_);
  size_t held_bytes_ GUARDED_BY(mutex_) = 0;
  std::optional<Ticks> holding_since_ GUARDED_BY(mutex_);  // steady clock
  GstClockTime running_time_ GUARDED_BY(mutex_) = 0;       // of the buffer that is being taken
  std::vector<m4f::Track> tracks_ GUARDED_BY(mutex_);      // of the newest segment
  uint64_t segments_ GUARDED_BY(mutex_) = 0;
  Ticks last_dts_ GUARDED_BY(mutex_);
  size_t sent_ GUARDED_BY(mutex_) = 0;  // frames of the open segment that went out
  std::vector<Ptr<GstMessage>> messages_ GUARDED_BY(mutex_);
};

GstPad* Mux::request_new_pad(GstPadTemplate* made_from, const gchar* name, const GstCaps*) {
  const bool video = g_str_has_prefix(GST_PAD_TEMPLATE_NAME_TEMPLATE(made_from), "video");
  const Content content = video ? Content::kVideo : Content::kAudio;
  MuxInput* input = nullptr;
  GstPad* pad = nullptr;
  {
    Lock lock(mutex_);
    unsigned number = 0;
    for (const MuxInput& other : inputs_) {
      if (other.content == content) number = std::max(number, other.number + 1);
    }
    if (name) sscanf(name, video ? "video_%u" : "audio_%u", &number);
    Ptr<gchar> pad_name(g_strdup_printf(video ? "video_%u" : "audio_%u", number));
    pad = gst_pad_new_from_template(made_from, pad_name.get());
    auto after = std::find_if(inputs_.begin(), inputs_.end(), [&](const MuxInput& other) {
      return std::pair(other.content, other.number) > std::pair(content, number);
    });
    input = &*inputs_.emplace(after, pad, content, number);
  }
  gst_pad_set_element_private(pad, input);
  gstx::on_chain<&Mux::chain>(pad);
  gstx::on_event<&Mux::sink_event>(pad);
  gst_pad_set_active(pad, TRUE);
  if (gst_element_add_pad(element_, pad)) return pad;
  // The name is taken; the element unreferenced the pad.
  Lock lock(mutex_);
  inputs_.remove_if([&](const MuxInput& i) { return &i == input; });
  return nullptr;
}

void Mux::release_pad(GstPad* pad) {
  MuxInput& input = input_of(pad);
  {
    Lock lock(mutex_);
    input.leaving = true;
    moved_.notify_all();
  }
  gst_pad_set_active(pad, FALSE);  // its thread has left the element after this
  {
    Lock lock(mutex_);
    std::erase_if(held_, [&](const Held& held) { return held.input == &input; });
    if (segmenter_ && input.index) segmenter_->remove_track(*input.index);
    inputs_.remove_if([&](const MuxInput& i) { return &i == &input; });
    finish_if_ended();
    let_out(lock);
  }
  gst_element_remove_pad(element_, pad);
}

GstStateChangeReturn Mux::change_state(GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED) start();
  // A thread that waits in the output has to leave before the pads can be deactivated.
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    output_.set_flushing(true);
    Lock lock(mutex_);
    flushing_ = true;
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
  to.track_wait = kCapsWait;
  {
    Lock lock(mutex_);
    segmenter_.emplace(to, [this](const RecordEvent& event) { on_record(event); });
    if (const auto view = ring_ ? ring_->view() : nullptr; view && !view->segments.empty()) {
      segmenter_->go_on_after(view->segments.back());
    }
    declared_ = complete_ = flushing_ = ended_ = false;
    segments_ = 0;
    last_dts_ = Ticks();
    running_time_ = 0;
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
  // Seals the open segment: whoever holds it sees that nothing will follow.
  if (segmenter_) segmenter_->finish();
  segmenter_.reset();
  held_.clear();
  held_bytes_ = 0;
  holding_since_.reset();
  tracks_.clear();
  messages_.clear();
  for (MuxInput& input : inputs_) {
    input.flush();
    input.index.reset();
    input.asked = false;
  }
}

void Mux::on_record(const RecordEvent& event) {
  if (auto* opened = std::get_if<SegmentOpened>(&event)) {
    const m4f::SegmentHeader& header = opened->segment->header();
    sent_ = 0;
    ++segments_;
    if (!same_tracks(header.tracks, tracks_)) {
      tracks_ = header.tracks;
      messages_.emplace_back(
          gst_message_new_element(GST_OBJECT(element_), tracks_structure(header).release()));
    }
    output_.add(event, running_time_);
  } else if (auto* frames = std::get_if<m4f::FramesAdded>(&event)) {
    for (; sent_ < frames->end; ++sent_) {
      output_.add(m4f::FramesAdded{frames->segment, sent_ + 1}, running_time_);
      last_dts_ = std::max(last_dts_, frames->segment->frame(sent_).dts);
    }
  } else {
    output_.add(event, running_time_);
  }
}

bool Mux::all_pads(bool (*is)(const MuxInput&)) const {
  return std::all_of(inputs_.begin(), inputs_.end(), is);
}

// The caps of pads that have no data yet: their peers usually know.
void Mux::peek_caps() {
  std::vector<Ptr<GstPad>> pads;
  {
    Lock lock(mutex_);
    if (declared_) return;
    for (MuxInput& input : inputs_) {
      if (!input.caps_seen()) pads.push_back(gstx::share(input.pad));
    }
  }
  for (const Ptr<GstPad>& pad : pads) {
    Ptr<GstPad> peer(gst_pad_get_peer(pad.get()));
    if (!peer) continue;
    Ptr<GstCaps> caps(gst_pad_get_current_caps(peer.get()));
    if (!caps) continue;
    Lock lock(mutex_);
    for (MuxInput& input : inputs_) {
      // An error will be told when the caps arrive.
      if (input.pad == pad.get() && !input.caps_seen()) (void)input.set_caps(caps.get());
    }
  }
}

// Declares all tracks at once, in the order of the pads, so that their ids do not depend on which thread came
// first.
void Mux::declare(Ticks steady) {
  if (declared_ || !segmenter_) return;
  const bool complete = all_pads([](const MuxInput& input) { return input.caps_seen() || input.eos; });
  if (!holding_since_) holding_since_ = steady;
  if (!complete && steady - *holding_since_ < kCapsWait && held_bytes_ < kMaxHeld) return;
  declared_ = true;
  for (MuxInput& input : inputs_) {
    if (input.has_caps()) sync_track(input);
  }
  complete_if_all_there(steady);
  push_held();
}

void Mux::complete_if_all_there(Ticks steady) {
  if (complete_ || !declared_ || !segmenter_) return;
  if (!all_pads([](const MuxInput& input) { return input.caps_seen() || input.eos; })) return;
  const bool one_kind = inputs_.empty() || inputs_.front().content == inputs_.back().content;
  const bool waited = steady - *holding_since_ > kPadWait || all_pads([](const MuxInput& input) {
                        return input.lane.position && *input.lane.position - *input.lane.first > kPadWait;
                      });
  const bool through = all_pads([](const MuxInput& input) { return input.eos || !input.may_grow; });
  if (one_kind && !waited && !through) return;
  complete_ = true;
  segmenter_->tracks_complete();
}

void Mux::sync_track(MuxInput& input) {
  const bool changed = input.take_track_changed();
  if (!input.index) {
    input.index = segmenter_->add_track(input.track());
  } else if (changed) {
    segmenter_->update_track(*input.index, input.track());
  }
}

void Mux::hold(MuxInput& input, Ptr<GstBuffer> buffer, Ticks now, Ticks steady) {
  held_bytes_ += gst_buffer_get_size(buffer.get());
  held_.push_back(Held{&input, std::move(buffer), now, steady});
}

void Mux::push_held() {
  std::vector<Held> held = std::move(held_);
  held_.clear();
  held_bytes_ = 0;
  for (const Held& h : held) push_frame(*h.input, h.buffer.get(), h.now, h.steady);
}

void Mux::push_frame(MuxInput& input, GstBuffer* buffer, Ticks now, Ticks steady) {
  gstx::ReadMap map(buffer);
  if (!map.ok() || !input.has_caps()) {
    ++input.unusable;
    return;
  }
  auto frame = input.take(buffer, {map.data(), map.size()});
  sync_track(input);
  if (!frame) return warn_once(input, frame.error());
  if (!*frame) return;
  (*frame)->track = *input.index;
  const Ticks running = (*frame)->dts ? *(*frame)->dts : *(*frame)->pts;
  if (running.count >= 0) running_time_ = static_cast<GstClockTime>(running.to_ns());
  if (auto pushed = segmenter_->push(**frame, now, steady); !pushed) warn_once(input, pushed.error());
}

void Mux::warn_once(MuxInput& input, const m4f::Error& error) {
  ++input.unusable;
  if (input.warned) return;
  input.warned = true;
  Ptr<gchar> text(
      g_strdup_printf("%s: %s; such frames are left out", GST_PAD_NAME(input.pad), error.message().c_str()));
  Ptr<GError> reason(g_error_new_literal(GST_STREAM_ERROR, GST_STREAM_ERROR_DECODE, text.get()));
  messages_.emplace_back(gst_message_new_warning(GST_OBJECT(element_), reason.get(), nullptr));
}

// Ends a call: lets out what the segmenter made and what is to be said, with no lock held.
GstFlowReturn Mux::let_out(Lock& lock) {
  std::vector<Ptr<GstMessage>> messages = std::move(messages_);
  messages_.clear();
  lock.unlock();
  for (Ptr<GstMessage>& message : messages) gst_element_post_message(element_, message.release());
  const GstFlowReturn flow = output_.push_all();
  lock.lock();
  return flow;
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

void Mux::wait_for_others(MuxInput& input, GstBuffer* buffer, Lock& lock) {
  const std::optional<Ticks> at = input.time_of(buffer);
  if (!at) return;
  input.lane.arrive(*at);
  const auto behind = [&](const MuxInput& other) {
    return &other != &input && !other.live && input.lane.waits_for(other.lane, *at);
  };
  const auto until = std::chrono::steady_clock::now() + kPatience;
  while (!flushing_ && !input.leaving && std::any_of(inputs_.begin(), inputs_.end(), behind)) {
    if (moved_.wait_until(lock, until) != std::cv_status::timeout) continue;
    for (MuxInput& other : inputs_) other.lane.silent = other.lane.silent || behind(other);
  }
  // A jump back is progress too.
  input.lane.position = *at;
  moved_.notify_all();
}

GstFlowReturn Mux::chain(GstPad* pad, Ptr<GstBuffer> buffer) {
  MuxInput& input = input_of(pad);
  ask_source(input);
  Lock lock(mutex_);
  if (!input.live && declared_) wait_for_others(input, buffer.get(), lock);
  const Ticks now = wall_clock(), steady = steady_clock();
  if (!segmenter_ || flushing_) return GST_FLOW_FLUSHING;
  if (!input.caps_seen()) return GST_FLOW_NOT_NEGOTIATED;
  if (!declared_) {
    lock.unlock();
    peek_caps();
    lock.lock();
    if (!segmenter_ || flushing_) return GST_FLOW_FLUSHING;
    hold(input, std::move(buffer), now, steady);
    declare(steady);
  } else {
    complete_if_all_there(steady);
    push_frame(input, buffer.get(), now, steady);
  }
  return let_out(lock);
}

// Caps that cannot be used are warned about and their frames left out: the other tracks go on.
void Mux::on_caps(MuxInput& input, GstCaps* caps) {
  Lock lock(mutex_);
  auto set = input.set_caps(caps);
  if (!set) {
    Ptr<GError> reason(g_error_new(GST_STREAM_ERROR, GST_STREAM_ERROR_FORMAT, "%s: %s",
                                   GST_PAD_NAME(input.pad), set.error().message().c_str()));
    Ptr<gchar> detail(gst_caps_to_string(caps));
    messages_.emplace_back(gst_message_new_warning(GST_OBJECT(element_), reason.get(), detail.get()));
  }
  let_out(lock);
}

void Mux::finish_if_ended() {
  if (!segmenter_ || ended_ || flushing_ || inputs_.empty()) return;
  if (!all_pads([](const MuxInput& input) { return input.eos; })) return;
  declare(steady_clock());
  segmenter_->finish();
  ended_ = true;
  output_.add(Ptr<GstEvent>(gst_event_new_eos()));
}

void Mux::on_flush_start() {
  Lock lock(mutex_);
  if (flushing_) return;
  flushing_ = true;
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
  ended_ = false;
  held_.clear();
  held_bytes_ = 0;
  lock.unlock();
  gst_pad_push_event(src_, gst_event_new_flush_stop(TRUE));
  output_.set_flushing(false);
  add_segment_event();
  lock.lock();
  if (segmenter_) segmenter_->interrupt();
  let_out(lock);
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
      finish_if_ended();
      let_out(lock);
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

void Mux::get_stats(GValue* value) {
  MuxStats stats;
  {
    Lock lock(mutex_);
    if (segmenter_) stats.segmenter = segmenter_->stats();
    stats.segments = segments_;
    stats.last_dts = last_dts_;
    for (const MuxInput& input : inputs_) stats.unusable += input.unusable;
  }
  g_value_take_boxed(value, stats_structure(stats).release());
}

}  // namespace

bool register_mux(GstPlugin* plugin) {
  GST_DEBUG_CATEGORY_INIT(m4fmux_debug, "m4fmux", 0, "M4F muxer");
  return gstx::register_element<Mux>(plugin, "m4fmux");
}

}  // namespace sluice
