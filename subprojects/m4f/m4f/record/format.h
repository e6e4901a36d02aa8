// The bytes of M4F records (docs/m4f.md): sizes, numbers, and the three known records to and from memory.
#pragma once

#include <array>
#include <cstdint>

#include "m4f/base/bytes.h"
#include "m4f/segment/segment.h"

namespace m4f::format {

constexpr std::array<uint8_t, 8> kMagic = {0x89, 'M', '4', 'F', '\r', '\n', 0x1a, '\n'};
constexpr uint16_t kVersion = 1;

enum RecordType : uint8_t { kSegmentBegin = 1, kFrame = 2, kSegmentEnd = 3 };

constexpr size_t kRecordHeader = 8;  // size, type, flags, track, head size
constexpr size_t kBeginHead = 64;    // fixed part of a begin record, before the track table
constexpr size_t kTrackHead = 72;    // fixed part of a track entry, before its texts and configuration
constexpr size_t kFrameHead = 24;
constexpr size_t kEndRecord = 32;

constexpr size_t kMaxTextSize = 1024;        // RFC 6381 string, language, title; bytes each
constexpr size_t kMaxConfigSize = 64 << 10;  // decoder configuration
constexpr size_t kMaxBeginSize = kBeginHead + kMaxTracks * (kTrackHead + 3 * kMaxTextSize + kMaxConfigSize);
constexpr size_t kMaxFrames = 1u << 20;  // per segment

constexpr int64_t kMaxTime = int64_t{1}
                             << 49;  // ticks since 1970: the year 2168; fits nanoseconds in 64 bits
constexpr int64_t kMaxDistance = int64_t{1} << 32;  // of a frame's DTS from its segment's start: 13 hours
constexpr int64_t kMaxAge = (int64_t{1} << 48) - 1;  // of a run without discontinuity: 99 years

// A fuzzer does not guess checksums: in its build (the macro is libFuzzer's convention) any will do.
#ifdef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
constexpr bool kVerifyChecksums = false;
#else
constexpr bool kVerifyChecksums = true;
#endif

constexpr size_t padded(size_t size) {
  return (size + 7) & ~size_t{7};
}

struct RecordHead {
  uint32_t size = 0;  // of the record, without the padding after it
  uint8_t type = 0;
  uint8_t flags = 0;
  uint8_t track = 0;      // frame: its track; begin: number of tracks
  uint8_t head_size = 0;  // fixed part, bytes / 8
};
RecordHead read_head(const uint8_t* bytes);  // REQUIRES: kRecordHeader bytes

// Makes the header one that a begin record can hold: long texts are cut, a configuration beyond the limit is
// dropped, ratios without a denominator become their defaults.
// REQUIRES: at most kMaxTracks tracks, no more TS counters than tracks, start in [0, kMaxTime).
SegmentHeader fit(SegmentHeader header);
// REQUIRES: header came from fit().
Bytes write_begin(const SegmentHeader& header);
// `record` is the whole record, without padding. Every field is checked.
Result<SegmentHeader> read_begin(ByteView record);

// Whether the frame's times and track fit its record and segment.
Result<void> check_frame(const SegmentHeader& header, const Frame& frame, size_t size);
std::array<uint8_t, kFrameHead> write_frame_head(const Frame& frame, size_t size);
// `fixed` holds at least kFrameHead bytes. `data` is left empty.
Frame read_frame_head(const uint8_t* fixed);

struct SegmentEnd {
  Ticks duration = {};
  uint64_t frames = 0;
  uint64_t checksum = 0;  // XXH3-64 of all bytes of the segment's records before this field
};
constexpr size_t kEndSummed = kEndRecord - 8;  // bytes of the end record that its checksum covers
std::array<uint8_t, kEndRecord> write_end(const SegmentEnd& end);
SegmentEnd read_end(ByteView record);  // REQUIRES: at least kEndRecord bytes, without padding

}  // namespace m4f::format
