// The segmenter's state. Internal to this folder: segmenter.cpp takes frames in, segmenter_start.cpp begins
// runs, segmenter_cut.cpp opens and seals segments.
#pragma once

#include <array>
#include <deque>

#include "m4f/segment/frame_clock.h"
#include "m4f/segment/part_pacer.h"
#include "m4f/segment/segmenter.h"
#include "m4f/segment/timeline.h"
#include "m4f/ts/packager.h"

namespace m4f {

constexpr size_t kMaxHeldBytes = 64u << 20;  // of frames that wait

struct Segmenter::Impl {
  struct TrackState {
    Track track;                // as it stands in track tables
    std::optional<Track> next;  // a changed format, until the track's next key frame
    FrameClock clock;
    PartPacer pacer;
    bool removed = false;
    bool seen = false;       // gave a frame in this run
    bool active = false;     // in the track table of the open segment
    bool needs_key = false;  // nothing can be decoded yet
    bool holding = false;    // waits in held_ for a segment that knows its new format
    uint8_t table_index = 0;
    Ticks last_utc;  // of the newest frame that was written under this name, also by an earlier declaration
    Ticks last_duration;
    uint64_t segment_bytes = 0;

    bool video() const { return track.id.content == Content::kVideo; }
    bool complete() const { return !track.rfc6381.empty(); }
  };

  // A frame that the source gave, on its way into a segment.
  struct Arrival {
    size_t track = 0;
    bool key = false, discont = false;
    FrameClock::Stamp stamp;
    std::span<const ByteView> pieces;
    size_t size = 0;
    Ticks now, steady;
  };
  struct Held {
    Arrival arrival;
    Bytes payload;
  };

  Impl(SegmenterSettings s, std::function<void(const RecordEvent&)> to) : settings(s), sink(std::move(to)) {}

  Result<void> push(const InputFrame& frame, Ticks now, Ticks steady);
  // A frame of a run that has begun: cuts where it is due and writes it.
  Result<void> accept(const Arrival& arrival);
  Ticks last_written(TrackId id) const;
  void wrote_before(TrackId id, Ticks utc);
  void drop() { ++stats.frames_dropped; }

  // segmenter_start.cpp
  void hold(const Arrival& arrival);
  Result<void> hold_for_start(const Arrival& arrival);
  bool ready_to_start(Ticks steady) const;
  std::optional<size_t> choose_lead(bool waited) const;
  Result<void> start_or_ask(size_t lead_track);
  Result<void> start_run(size_t lead_track);
  Result<void> release_held();
  Result<void> cut_at_held();
  void end_run();

  // segmenter_cut.cpp
  enum class Cut : uint8_t { kNone, kContinue, kBreak };  // kBreak: with a discontinuity
  Cut decide(const TrackState& t, const Arrival& arrival, const Timeline::Place& place);
  void cut(TrackState& by, const Arrival& arrival, Ticks utc, bool discontinuity);
  void seal(Ticks end);
  Ticks segment_end() const { return lead_in_segment ? lead_end : other_end; }
  std::vector<Track> make_table();
  void choose_part_target(TrackState& t, Ticks frame_duration);
  size_t find_lead() const;
  Ticks max_drift_step() const;
  Result<void> write(TrackState& t, const Arrival& arrival, Ticks utc);
  Result<void> write_once(TrackState& t, const Arrival& arrival, Ticks utc);

  const SegmenterSettings settings;
  const std::function<void(const RecordEvent&)> sink;
  SegmenterStats stats;
  std::deque<TrackState> tracks;
  bool complete = false;                                // tracks_complete()
  std::vector<std::pair<TrackId, Ticks>> part_targets;  // for the stream's life, also of tracks that went

  std::vector<std::pair<TrackId, Ticks>> written_before;  // newest frames of the segment that is continued

  // Before a run: everything since the first frame. Within one: frames of tracks that hold.
  std::deque<Held> held;
  size_t held_bytes = 0;
  std::optional<Ticks> waiting_since;  // steady, first frame before the run
  std::optional<Ticks> holding_since;  // steady, within a run

  bool on_hold = false;
  bool asks = false;
  std::optional<size_t> wanted_lead;  // a run could begin with this track

  bool running = false;
  Timeline timeline;
  size_t lead = 0;
  Ticks run_start;
  // The timestamps of a track other than the lead broke at this steady time; the lead's are awaited.
  std::optional<Ticks> break_since;
  bool break_has_hole = false;

  std::optional<SegmentBuilder> builder;
  SegmentPtr segment;
  std::optional<ts::CounterTracker> counters;
  uint64_t number = 0;
  uint64_t least_number = 0;  // the first one is above
  uint64_t discontinuities = 0;
  Ticks last_break_start;     // of the first segment after the last discontinuity
  Ticks lead_end, other_end;  // of the last frames, for a segment that nothing continues
  bool lead_in_segment = false, any_segment = false;
};

}  // namespace m4f
