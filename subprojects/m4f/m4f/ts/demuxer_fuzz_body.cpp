#include <algorithm>
#include <cstdlib>

#include "m4f/ts/demuxer.h"
#include "m4f/ts/demuxer_fuzz.h"

namespace m4f::ts {
namespace {

void require(bool promise) {
  if (!promise) std::abort();
}

class Reader : public DemuxerSink {
 public:
  void on_track(size_t index, const Track& track) override {
    require(index < kMaxTracks && track.id.number > 0);
    known_[index] = true;
  }
  void on_tracks_complete() override { require(!std::exchange(complete_, true)); }
  void on_frame(const InputFrame& frame) override {
    require(frame.track < kMaxTracks && known_[frame.track] && frame.dts && frame.pts &&
            !frame.pieces.empty());
    size_t size = 0;
    for (ByteView piece : frame.pieces) {
      size += piece.size();
      for (uint8_t byte : piece) sum_ = sum_ ^ byte;  // the sanitizers notice what must not be there
    }
    require(size <= 2 * kMaxFrameSize);
  }
  void on_unsupported(uint16_t, uint8_t, std::string_view what) override { require(!what.empty()); }

 private:
  bool known_[kMaxTracks] = {};
  bool complete_ = false;
  volatile uint8_t sum_ = 0;
};

}  // namespace

void fuzz_demuxer(ByteView input) {
  if (input.empty()) return;
  const bool datagrams = input[0] & 0x80;
  const size_t piece = size_t{1} + (input[0] & 0x7f) * 47;  // 188 among them
  Reader reader;
  Demuxer demuxer({}, reader);
  for (ByteView rest = input.subspan(1); !rest.empty(); rest = rest.subspan(std::min(piece, rest.size()))) {
    const ByteView part = rest.first(std::min(piece, rest.size()));
    datagrams ? demuxer.feed_datagram(part) : demuxer.feed(part);
  }
  demuxer.flush();
  require(demuxer.stats().bytes == demuxer.stats().packets * 188);
}

}  // namespace m4f::ts
