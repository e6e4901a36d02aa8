// AV1: OBUs, sequence header, av1C ("AV1 Codec ISO Media File Format Binding" 2.3).
#pragma once

#include <optional>
#include <string>

#include "m4f/base/bytes.h"

namespace m4f::av1 {

enum ObuType : uint8_t {
  kSequenceHeader = 1,
  kTemporalDelimiter = 2,
  kFrameHeader = 3,
  kTileGroup = 4,
  kMetadata = 5,
  kFrame = 6,
  kRedundantFrameHeader = 7,
  kTileList = 8,
  kPadding = 15
};

struct Obu {
  uint8_t type = 0;
  ByteView whole;  // header, size and payload
  ByteView payload;
  bool has_size = false;
};

// The OBUs of a temporal unit in the low-overhead format; an OBU without size reaches to the end.
class ObuReader {
 public:
  explicit ObuReader(ByteView in) : in_(in) {}
  bool next(Obu& obu);
  bool ok() const { return ok_; }

 private:
  ByteView in_;
  bool ok_ = true;
};

struct Sequence {
  uint8_t profile = 0, level = 0;  // seq_level_idx_0
  bool high_tier = false;
  uint8_t bit_depth = 8;
  bool monochrome = false, subsampling_x = true, subsampling_y = true;
  uint8_t chroma_sample_position = 0;
  uint8_t color_primaries = 2, transfer = 2, matrix = 2;
  bool full_range = false;
  uint32_t width = 0, height = 0;
  uint32_t fps_num = 0, fps_den = 1;
  bool reduced_still_picture = false;
};

Result<Sequence> parse_sequence(ByteView payload);
Bytes make_av1c(const Sequence& sequence, ByteView sequence_obu);
Result<ByteView> sequence_obu_of(ByteView av1c);  // configOBUs' sequence header, whole
std::string rfc6381(const Sequence& sequence);    // "av01.0.04M.08"

// Whether a frame or frame header OBU's payload begins a shown key frame.
bool is_key_frame(ByteView payload, bool reduced_still_picture = false);

}  // namespace m4f::av1
