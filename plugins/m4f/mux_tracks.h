// What m4fmux knows of its inputs and tracks: which are there, which are awaited, and the segmenter that they
// feed.
#pragma once

#include <functional>
#include <list>
#include <optional>
#include <vector>

#include "m4f/mux_input.h"
#include "m4f/ring/live_ring.h"
#include "m4f/segment/segmenter.h"
#include "m4f/stats.h"

namespace sluice {

// Not thread-safe: m4fmux calls it with its lock held. Blocks nowhere and calls nobody but `out`.
class MuxTracks {
 public:
  // One call per record, with the running time of the buffer that caused it.
  using Out = std::function<void(const m4f::RecordEvent& event, GstClockTime running_time)>;

  // `owner` is the source of messages.
  MuxTracks(GstElement* owner, Out out) : owner_(owner), out_(std::move(out)) {}

  // A new run. `asks`: no segment begins but by begin().
  void start(const m4f::SegmenterSettings& settings, bool on_hold, bool asks);
  // On hold frames are counted and their tracks followed; an open segment is sealed and none is cut.
  void set_hold(bool hold);
  // A segment could begin, and waits for begin(). It goes on after the newest of `ring` (may be null).
  bool wants_to_begin() const { return segmenter_ && segmenter_->wants_to_begin(); }
  void begin(const m4f::LiveRing* ring);
  // Seals the open segment and forgets the run, but not the inputs.
  void stop();
  bool running() const { return segmenter_.has_value(); }

  // Numbers of one kind rise; video comes before audio. A reference stays valid until the input is removed.
  unsigned next_number(m4f::Content content) const;
  MuxInput& add_input(GstPad* pad, m4f::Content content, unsigned number);
  void remove_input(MuxInput& input);
  std::list<MuxInput>& inputs() { return inputs_; }

  // Until the tracks are declared, buffers are only kept.
  bool declared() const { return declared_; }
  void take_caps(MuxInput& input, const GstCaps* caps);
  // REQUIRES: running(), input.caps_seen()
  void take(MuxInput& input, gstx::Ptr<GstBuffer> buffer, m4f::Ticks now, m4f::Ticks steady);
  // Everything that was kept and not declared is lost; what follows is a discontinuity.
  void interrupt();
  // If every input ended: what there is must do to begin with. To be called before finish_if_ended().
  void settle_if_ended(m4f::Ticks steady);
  // If every input ended: seals the last segment and says so, once.
  bool finish_if_ended(m4f::Ticks steady);

  MuxStats stats() const;
  // What is to be posted since the last call.
  std::vector<gstx::Ptr<GstMessage>> take_messages() { return std::exchange(messages_, {}); }

 private:
  struct Held {
    MuxInput* input;
    gstx::Ptr<GstBuffer> buffer;
    m4f::Ticks now, steady;
  };

  bool all_inputs(bool (*is)(const MuxInput&)) const;
  void declare(m4f::Ticks steady);
  void complete_if_all_there(m4f::Ticks steady);
  void sync_track(MuxInput& input);
  void push(MuxInput& input, GstBuffer* buffer, m4f::Ticks now, m4f::Ticks steady);
  void on_record(const m4f::RecordEvent& event);
  void warn(const MuxInput& input, const std::string& text, const GstCaps* caps);
  void warn_once(MuxInput& input, const m4f::Error& error);

  GstElement* const owner_;
  const Out out_;
  std::list<MuxInput> inputs_;
  std::optional<m4f::Segmenter> segmenter_;
  uint64_t newest_ = 0;    // number of its newest segment
  bool declared_ = false;  // the tracks are known to the segmenter
  bool complete_ = false;  // it need not wait for others
  bool ended_ = false;
  std::vector<Held> held_;
  size_t held_bytes_ = 0;
  std::optional<m4f::Ticks> holding_since_;  // steady clock
  GstClockTime running_time_ = 0;            // of the buffer that is being taken
  std::vector<m4f::Track> tracks_;           // of the newest segment
  uint64_t segments_ = 0;
  m4f::Ticks last_dts_;
  MuxStats::Kind video_, audio_;
  size_t sent_ = 0;  // frames of the open segment that went out
  std::vector<gstx::Ptr<GstMessage>> messages_;
};

}  // namespace sluice
