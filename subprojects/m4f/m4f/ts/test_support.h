// For tests: segments made of invented frames, and a plain reader of transport streams to hold the packager
// against.
#pragma once

#include <map>
#include <optional>

#include "m4f/segment/segment.h"
#include "m4f/ts/packager.h"

namespace m4f::ts::testing {

Track h264_track(uint8_t number = 1);
Track aac_track(uint8_t number = 1, std::string language = {});
Track plain_track(Codec codec, uint8_t number = 1);

// Bytes that differ from frame to frame, in the codec's canonical form.
Bytes payload(Codec codec, size_t size, uint32_t seed);

struct TestFrame {
  Frame frame;
  Bytes data;
};
TestFrame test_frame(size_t track, Codec codec, bool key, Ticks dts, size_t size, Ticks cts_offset = {});

SegmentPtr make_segment(SegmentHeader header, const std::vector<TestFrame>& frames, Ticks duration);
// Segments whose counters run on; `edit` may change a header before its segment is made.
class SegmentChain {
 public:
  explicit SegmentChain(std::vector<Track> tracks) { header_.tracks = std::move(tracks); }
  SegmentHeader& header() { return header_; }
  SegmentPtr add(const std::vector<TestFrame>& frames, Ticks duration);

 private:
  SegmentHeader header_;
};

struct Pes {
  uint16_t pid = 0;
  uint8_t stream_id = 0;
  size_t declared_length = 0, packets = 0;
  std::optional<uint64_t> pts, dts, pcr;
  bool random_access = false, discontinuity = false;
  Bytes elementary;
};

// One program clock reference.
struct Clock {
  size_t packet = 0;  // its index
  uint16_t pid = 0;
  uint64_t time = 0;  // 27 MHz
  bool discontinuity = false;
};

// What a transport stream holds. Every broken rule adds a line to `faults`.
struct TsContent {
  std::vector<Pes> pes;  // in order of their first packet
  std::map<uint16_t, std::vector<Bytes>> sections;
  std::map<uint16_t, size_t> packets;
  std::vector<Clock> clocks;
  std::vector<std::string> faults;
  std::vector<const Pes*> of(uint16_t pid) const;
};
TsContent read_ts(ByteView bytes);

}  // namespace m4f::ts::testing
