// One sink pad of m4fmux: its caps, its clock, and its buffers as canonical frames.
#pragma once

#include <optional>
#include <string>

#include "gstx/ptr.h"
#include "m4f/caps.h"
#include "m4f/lane.h"
#include "m4f/segment/segmenter.h"
#include "m4f/tick_clock.h"

namespace sluice {

// Not thread-safe: the mux calls it with its lock held.
class MuxInput {
 public:
  MuxInput(GstPad* pad, m4f::Content content, unsigned number) : pad(pad), content(content), number(number) {}

  // Takes over a new format. An error means that the pad's frames cannot be used until the next caps.
  m4f::Result<void> set_caps(const GstCaps* caps);
  void set_segment(const GstSegment& segment) { clock_.set_segment(segment); }
  void set_language(std::string language);
  // What follows does not continue what was before.
  void flush();
  // A GAP event: nothing comes up to its end, or, if it has none, for the time being. Nobody waits for it.
  void skip(GstEvent* gap);

  bool caps_seen() const { return caps_seen_; }
  bool has_caps() const { return canonicalizer_.has_value(); }  // and they can be used
  // As far as it is known; the configuration may still be missing.
  m4f::Track track() const;
  // Whether track() is another one than at the last call.
  bool take_track_changed();

  // Running time of a buffer; nothing if it has no timestamp.
  std::optional<m4f::Ticks> time_of(GstBuffer* buffer);
  // The frame in `bytes`, which are `buffer`'s. Null: no error, but no frame to send (the decoder
  // configuration is not known yet, or only parameter sets). Valid until the next call and while `bytes` are.
  // REQUIRES: has_caps()
  m4f::Result<m4f::InputFrame*> take(GstBuffer* buffer, m4f::ByteView bytes);

  // The mux's own notes.
  GstPad* const pad;
  const m4f::Content content;
  const unsigned number;
  std::optional<size_t> index;  // in the segmenter
  bool eos = false;
  bool live = false;  // its source is, as far as it says
  bool asked = false;
  bool may_grow = false;        // its source shows pads as it finds them, and has not said that it is through
  bool leaving = false;         // its pad is being released
  GstClockID pacing = nullptr;  // its thread waits for this time
  Lane lane;
  uint64_t unusable = 0;  // buffers that gave no frame because of an error
  bool warned = false;    // about the present caps' frames

 private:
  bool set_times(GstBuffer* buffer, const m4f::AccessUnit& unit);

  std::optional<InputFormat> format_;
  std::optional<m4f::Canonicalizer> canonicalizer_;
  std::string language_;
  TickClock clock_;
  m4f::InputFrame frame_;               // kept for its vector's memory
  std::optional<m4f::Ticks> next_dts_;  // where a frame without timestamps belongs
  bool caps_seen_ = false;
  bool track_changed_ = false;
  bool lost_ = false;  // frames before the next one did not come through
};

}  // namespace sluice
