// MPEG-TS to frames in canonical form, with the source's timestamps to the tick. Survives any input.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "m4f/media/track.h"
#include "m4f/segment/segmenter.h"

namespace m4f::ts {

struct DemuxerSettings {
  uint16_t program = 0;        // 0 = the first one in the PAT
  std::vector<uint16_t> pids;  // empty = all of the program
};

struct DemuxerStats {
  uint64_t packets = 0, bytes = 0;
  uint64_t continuity_errors = 0;  // breaks of the continuity counter
  uint64_t transport_errors = 0;   // transport_error_indicator
  uint64_t sync_losses = 0;        // bytes skipped to find 0x47 again: occurrences
  uint64_t crc_errors = 0;         // PSI sections
  uint64_t broken_pes = 0;
  uint64_t scrambled = 0;  // packets that cannot be used
  uint64_t rtp_lost = 0;   // RTP sequence gaps (TS in RTP)
  uint64_t pat_count = 0, pmt_count = 0;
};

// Receives what the demuxer finds. Called from feed() and flush(), in stream order.
class DemuxerSink {
 public:
  virtual ~DemuxerSink() = default;
  // The tracks of the program are known: decoder configuration complete. Called again when a track's format
  // changes; `index` is stable for a PID. Tracks without data yet are announced when their first frame came.
  virtual void on_track(size_t index, const Track& track) = 0;
  virtual void
  on_tracks_complete() = 0;  // every carriable stream of the PMT has been announced, or 1 s of media passed
  // `frame.track` is that index; timestamps are unwrapped over 33 bits, both present. Pieces are valid during
  // the call.
  virtual void on_frame(const InputFrame& frame) = 0;
  // A stream in the PMT that nothing here carries; once per PID. `what` names it for an operator.
  virtual void on_unsupported(uint16_t pid, uint8_t stream_type, std::string_view what) = 0;
};

class Demuxer {
 public:
  Demuxer(DemuxerSettings settings, DemuxerSink& sink);
  ~Demuxer();
  void feed(ByteView bytes);              // any chunking
  void feed_datagram(ByteView datagram);  // whole TS packets, or RTP with TS inside (recognised by itself)
  void flush();                           // end of input: what is complete comes out
  const DemuxerStats& stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace m4f::ts
