#include <algorithm>
#include <array>
#include <limits>

#include "m4f/mp4/packager.h"
#include "m4f/mp4/timing.h"

namespace m4f::mp4 {
namespace {

// The track that a selection's parts follow.
size_t lead_of(const std::vector<Track>& tracks, std::span<const size_t> selection) {
  for (size_t index : selection)
    if (content_of(tracks[index].codec) == Content::kVideo) return index;
  return selection.front();
}

// Walks through the frames of a selection and closes parts as it goes.
class PartCutter {
 public:
  PartCutter(const Segment& segment, std::span<const size_t> selection)
      : segment_(segment), lead_(lead_of(segment.header().tracks, selection)) {
    for (size_t index : selection) selected_[index] = true;
  }

  std::vector<Part> cut() {
    // In this order: only what was counted after the seal is known to be all there is.
    const bool sealed = segment_.sealed();
    const size_t count = segment_.frame_count();
    for (size_t i = 0; i < count; ++i) {
      const Frame& frame = segment_.frame(i);
      if (!selected_[frame.track]) continue;
      any_ = true;
      if (frame.track != lead_) continue;
      add_lead(frame);
      if (frame.part_end) close(i + 1);
    }
    if (sealed) {
      if (any_) close(count);
      end_with_segment();
    }
    return std::move(parts_);
  }

 private:
  void add_lead(const Frame& frame) {
    if (!lead_in_part_) {
      // The part before ends where this one starts.
      if (!parts_.empty()) parts_.back().duration = frame.dts - parts_.back().start;
      open_.start = frame.dts;
    }
    lead_in_part_ = true;
    open_.independent |= frame.key;
    lead_end_ = frame.dts + nominal_duration(frame, segment_.header().tracks[lead_]);
  }

  void close(size_t end) {
    open_.end = end;
    if (!lead_in_part_) open_.start = parts_.empty() ? segment_.header().start : lead_end_;
    open_.duration = lead_in_part_ ? lead_end_ - open_.start : Ticks();
    parts_.push_back(open_);
    open_ = Part();
    open_.first = end;
    lead_in_part_ = any_ = false;
  }

  // The last part reaches to the end of the segment: of the stream's own lead track, where its successor
  // starts; of any other, where its last frame ends.
  void end_with_segment() {
    if (parts_.empty()) return;
    Ticks end = lead_end_;
    if (lead_ == segment_.lead_track() || end == Ticks()) end = segment_.header().start + segment_.duration();
    parts_.back().duration = std::max(end - parts_.back().start, Ticks());
  }

  const Segment& segment_;
  const size_t lead_;
  std::array<bool, std::numeric_limits<uint8_t>::max() + 1> selected_{};
  std::vector<Part> parts_;
  Part open_;
  bool any_ = false;           // the open part has frames
  bool lead_in_part_ = false;  // of the lead track
  Ticks lead_end_;             // of the newest lead frame
};

}  // namespace

std::vector<Part> parts(const Segment& segment, std::span<const size_t> selection) {
  if (selection.empty()) return {};
  return PartCutter(segment, selection).cut();
}

TrackSpan track_span(const Segment& segment, size_t track) {
  TrackSpan span;
  const size_t count = segment.frame_count();
  const Frame* last = nullptr;
  Ticks distance;
  for (size_t i = 0; i < count; ++i) {
    const Frame& frame = segment.frame(i);
    if (frame.track != track) continue;
    if (!last)
      span.start = frame.dts;
    else
      distance = frame.dts - last->dts;
    last = &frame;
    ++span.frames;
    span.bytes += frame.data.size();
  }
  if (last)
    span.duration =
        last->dts + nominal_duration(*last, segment.header().tracks[track], distance) - span.start;
  return span;
}

}  // namespace m4f::mp4
