// For tests: what a demuxer gave, and the clips of testdata/ts with ffprobe's view of them.
#pragma once

#include "m4f/ts/demuxer.h"
#include "m4f/ts/test_support.h"

namespace m4f::ts::testing {

struct Received {
  size_t track = 0;
  Ticks pts, dts, duration;
  bool key = false, discont = false;
  Bytes data;
  // Equal but for the discontinuity mark.
  bool same(const Received& o) const {
    return track == o.track && pts == o.pts && dts == o.dts && key == o.key && data == o.data;
  }
  bool operator==(const Received& o) const = default;
};

class Collector : public DemuxerSink {
 public:
  void on_track(size_t index, const Track& track) override;
  void on_tracks_complete() override { ++complete; }
  void on_frame(const InputFrame& frame) override;
  void on_unsupported(uint16_t pid, uint8_t type, std::string_view what) override {
    unsupported.push_back(fmt::format("{:#x} {:#x} {}", pid, type, what));
  }

  std::map<size_t, Track> tracks;
  size_t announcements = 0;
  int complete = 0;
  std::vector<Received> frames;
  std::vector<std::string> unsupported;
};

struct Demuxed : Collector {
  DemuxerStats stats;
  std::vector<Received> of(size_t track) const;
};
// Fed in pieces of `piece` bytes (0 = all at once), then flushed.
Demuxed demux(ByteView bytes, size_t piece = 0, DemuxerSettings settings = {});

Bytes read_file(const std::string& path);
inline Bytes clip(const std::string& name) {
  return read_file(M4F_TEST_DATA "/ts/" + name + ".ts");
}
struct Listed {
  size_t stream;
  int64_t pts, dts;
  bool key;
};
// Lines "stream,pts,dts,flags" as testdata/ts/make.sh has ffprobe write them.
std::vector<Listed> parse_list(std::string_view text);

// `frames` of the first track table entry and so on as one segment; DTS moved by `offset`.
std::vector<TestFrame> to_segment_frames(const std::vector<Received>& frames, Ticks offset);

}  // namespace m4f::ts::testing
