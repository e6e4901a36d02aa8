// The source pads of a demuxer: one per track, with full caps and one clock for all.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gstx/ptr.h"
#include "m4f/media/track.h"

namespace sluice {

// A custom event that M4F's demuxers send on each pad before its first frame: all of the source's pads are
// there, so that m4fmux need not wait for others.
inline constexpr const char* kTracksComplete = "m4f-tracks-complete";

inline constexpr const char* kTracksBlurb =
    "Which tracks are shown: v or a = those of one kind, v1 or a1 = the first of it; empty = all";

struct TrackFrame {
  size_t track = 0;  // the key given to set_track()
  bool key = false;
  bool discont = false;           // frames were lost before it
  m4f::Ticks dts, pts, duration;  // the source's clock
  gstx::Ptr<GstBuffer> data;
};

// Timestamps: the smallest of the first frames becomes running time `base`; from there on every difference
// stays as the source has it, also where it jumps. Buffer times begin at one hour (as does the TIME segment),
// so that a jump backward stays a positive GstClockTime.
//
// Belongs to the streaming thread; stop() also to who has stopped that thread.
class TrackPads {
 public:
  explicit TrackPads(GstElement* element) : element_(element) {}

  // Running time at which the first frame is due: when the source came to life in a running pipeline.
  void set_base(GstClockTime running_time) { base_running_ = running_time; }
  // Which tracks are shown: "" all, "v" and "a" those of one kind, "v1" and "a1" the first of it. The others
  // count for the clock alone. False: it is none of these; the element has said so.
  bool set_choice(const std::string& choice);
  // A track is there, or its format or language changed.
  void set_track(size_t key, const m4f::Track& track);
  // No more tracks are expected: the pads appear (video first), then no-more-pads, then the frames that
  // waited for it.
  GstFlowReturn complete();
  bool completed() const { return completed_; }
  bool empty() const { return tracks_.empty(); }
  // The track ended: EOS, and its pad goes.
  void remove_track(size_t key);
  template <typename F>
  void remove_tracks_if(F gone) {
    std::vector<size_t> keys;
    for (const auto& [key, track] : tracks_) {
      if (gone(key)) keys.push_back(key);
    }
    for (size_t key : keys) remove_track(key);
  }

  GstFlowReturn push(TrackFrame frame);
  // To every pad. True if there was one.
  bool push_event(GstEvent* event);
  void flush();  // after flush-stop: segments again, a new clock
  void stop();   // removes all pads

 private:
  struct Output {
    m4f::Track track;
    gstx::Ptr<GstPad> pad;   // null until complete()
    bool caps_sent = false;  // of `track`
    bool fresh = true;       // the next buffer is a DISCONT
  };

  bool chosen(size_t key, const m4f::Track& track) const;
  void show(Output& output, m4f::ByteView frame);
  void send_format(Output& output, m4f::ByteView frame);
  GstEvent* segment_event() const;
  GstClockTime time_of(m4f::Ticks t);
  GstFlowReturn push_now(TrackFrame frame);

  GstElement* const element_;
  std::string choice_;
  std::map<size_t, Output> tracks_;
  std::vector<TrackFrame> held_;
  size_t held_bytes_ = 0;
  bool completed_ = false;
  std::optional<m4f::Ticks> origin_;
  GstClockTime base_running_ = 0;
  guint group_ = 0;
  unsigned shown_video_ = 0, shown_audio_ = 0;
  gstx::Ptr<GstFlowCombiner> flow_{gst_flow_combiner_new()};
};

}  // namespace sluice
