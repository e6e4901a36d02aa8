// How frames of a track become PES packets: everything that sizes and packet counts depend on, in one place,
// so that the packager (which writes them) and the counter tracker (which only counts them) cannot disagree.
#pragma once

#include "m4f/segment/segment.h"

namespace m4f::ts {

constexpr size_t kPacketSize = 188;
constexpr size_t kPayloadSize = 184;   // of a packet without adaptation field
constexpr size_t kPcrFieldSize = 8;    // adaptation field with PCR: length, flags, 6 bytes
constexpr size_t kFlagsFieldSize = 2;  // adaptation field with flags alone
constexpr uint64_t kClockMask = (uint64_t{1} << 33) - 1;

// PAT and PMT are repeated at least this often, and PCR runs this far behind DTS: the time a receiver has to
// take in a frame, and the most that audio may lag behind video in the stream.
constexpr Ticks kPsiInterval = Ticks::from_ms(500);
constexpr Ticks kPcrLead = Ticks::from_ms(100);

class TrackLayout {
 public:
  explicit TrackLayout(const Track& track);

  uint8_t stream_id() const { return stream_id_; }
  bool carried() const { return carried_; }  // MPEG-TS can hold this track
  bool length_prefixed() const { return length_prefixed_; }
  // What stands before the canonical payload in the elementary stream (access unit delimiter and parameter
  // sets, ADTS header, Opus control header). Appends prefix_size() bytes.
  void write_prefix(bool key, size_t payload_size, Bytes& out) const;
  size_t prefix_size(bool key, size_t payload_size) const;
  // False for a frame that the elementary stream's own length fields cannot express.
  bool fits(size_t payload_size) const;

  // Bytes of the adaptation field that a frame's first packet needs, stuffing apart.
  size_t adaptation_size(bool key, bool pcr) const {
    return pcr ? kPcrFieldSize : key && video_ ? kFlagsFieldSize : 0;
  }
  static size_t pes_header_size(const Frame& frame) { return frame.cts_offset > Ticks() ? 19 : 14; }
  // Transport packets of one frame; 0 if it does not fit().
  size_t packets(const Frame& frame, size_t payload_size, bool pcr) const {
    if (!fits(payload_size)) return 0;
    const size_t bytes = adaptation_size(frame.key, pcr) + pes_header_size(frame) +
                         prefix_size(frame.key, payload_size) + payload_size;
    return (bytes + kPayloadSize - 1) / kPayloadSize;
  }

 private:
  Codec codec_;
  bool video_, carried_;
  bool length_prefixed_ = false;
  uint8_t stream_id_;
  Bytes delimiter_;       // before every frame
  Bytes parameter_sets_;  // after it, before a key frame; Annex B
  uint8_t adts_[7] = {};  // with a frame length of 0
};

// PAT and PMT stand at the segment's start, before each key frame of the lead track and at least every
// kPsiInterval of media time: asked for every frame of the segment in order, selected or not.
class PsiSchedule {
 public:
  explicit PsiSchedule(const SegmentHeader& header);
  bool due(const Frame& frame) {
    if (any_ && !(frame.track == lead_ && frame.key) && frame.dts - last_ < kPsiInterval) return false;
    any_ = true;
    last_ = frame.dts;
    return true;
  }

 private:
  size_t lead_ = 0;
  bool any_ = false;
  Ticks last_;
};

}  // namespace m4f::ts
