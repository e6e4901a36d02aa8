// Cuts frames into segments and gives them UTC time. The only place that decides; everything downstream
// forwards.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "m4f/record/record.h"
#include "m4f/segment/segment.h"

namespace m4f {

struct SegmenterSettings {
  Ticks segment_duration = Ticks::from_seconds(5);       // cut at the first key frame at or after it
  Ticks part_duration = Ticks::from_ms(200);             // 0 = no LL-HLS parts
  Ticks max_segment_duration = Ticks::from_seconds(30);  // cut without a key frame, counted as an error
  Ticks track_wait = Ticks::from_seconds(3);  // how long a declared but silent track delays the first segment
  // Follow our clock where the source's drifts from it, a little at each segment start. Off for a source that
  // is let through at our clock's pace anyway: its bursts are no drift.
  bool slew = true;
};

// A frame in canonical form (media/track.h) as a demuxer or parser gave it.
struct InputFrame {
  size_t track = 0;  // from add_track()
  bool key = false;
  std::optional<Ticks> dts,
      pts;                       // the source's own clock, continuous over 33-bit wraps; at least one present
  Ticks duration;                // 0 = unknown
  bool discont = false;          // frames were lost before this one
  std::vector<ByteView> pieces;  // payload, concatenated in order
};

struct SegmenterStats {
  uint64_t frames = 0, bytes = 0;
  uint64_t timestamp_jumps = 0;       // discontinuities made
  uint64_t timestamps_corrected = 0;  // missing, repeated or backward timestamps that were mended
  uint64_t frames_dropped = 0;        // before the first key frame, or unusable
  uint64_t forced_cuts = 0;           // no key frame within max_segment_duration
  int64_t drift_ppm = 0;              // the source's clock against ours, as it is being slewed
};

class Segmenter {
 public:
  // `sink` is called in the caller's thread with each event, in order.
  Segmenter(SegmenterSettings settings, std::function<void(const RecordEvent&)> sink);
  ~Segmenter();

  // The stream goes on where another segmenter left it (its source was connected again): numbers,
  // discontinuities, continuity counters and part targets continue from `last`; the next segment is a
  // discontinuity and begins where the last frame of `last` was shown or later. REQUIRES: no segment is open.
  void go_on_after(const SegmentPtr& last);
  // Numbers are above this one, whatever the clock says.
  void number_after(uint64_t number);

  // From now on frames are only followed, so that their tracks and clocks are known; the open segment is
  // sealed and nothing is kept.
  void hold();
  // Ends hold(): the next key frame of the lead track begins a segment.
  void release();
  // From now on no run begins by itself: wants_to_begin() says when one could, and begin() lets it. So a
  // stream that has several segmenters can hand over from one to the other at that moment.
  void ask_before_begin();
  bool wants_to_begin() const;
  // The stream is about to end: what there is must do to begin with.
  void settle();
  // REQUIRES: wants_to_begin()
  void begin();

  // Declares a track; its id is given in order of declaration (v1, v2, a1, ...). More may come later: they
  // appear from the next segment on, with a discontinuity. Returns the index for InputFrame::track. A track
  // whose decoder configuration is not known yet is declared with its codec alone; update_track() completes
  // it before its first frame. Complete or not, it counts as silent until that frame.
  size_t add_track(Track track);
  // A changed decoder configuration; equal formats are no change. Takes effect at the track's next key frame.
  void update_track(size_t index, Track track);
  void remove_track(size_t index);
  // No more tracks are expected: the first segment need not wait for others.
  void tracks_complete();

  // `now`: wall clock (UTC) when the frame arrived; `steady`: monotonic clock in ticks, any origin. The wall
  // clock counts once per run: at the first frame, and at the first one after interrupt(); its later steps do
  // not matter. Within a run jumps are bridged and drift is measured on the steady clock (timeline.h,
  // drift.h). An error concerns this frame alone, which is left out.
  Result<void> push(const InputFrame& frame, Ticks now, Ticks steady);
  // The source broke off (lost, flushed, switched): seals the open segment; what follows is a discontinuity.
  void interrupt();
  // End of stream: seals the open segment.
  void finish();

  const SegmenterStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace m4f
