// H.264 (ISO/IEC 14496-10): parameter sets, slices, avcC (ISO/IEC 14496-15 5.3.3.1).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "m4f/codec/nal.h"

namespace m4f::h264 {

enum NalType : uint8_t {
  kSlice = 1,
  kPartitionA = 2,
  kIdr = 5,
  kSei = 6,
  kSps = 7,
  kPps = 8,
  kAud = 9,
  kEndOfSequence = 10,
  kEndOfStream = 11,
  kFiller = 12,
  kSpsExtension = 13,
  kPrefix = 14,
  kSubsetSps = 15,
  kAuxSlice = 19,
  kSliceExtension = 20,
};

inline uint8_t nal_type(ByteView nal) {
  return nal.empty() ? 0 : nal[0] & 31;
}
inline bool is_slice(uint8_t type) {
  return type >= 1 && type <= 5;
}

struct Sps {
  uint8_t id = 0;
  uint8_t profile_idc = 0, constraints = 0, level_idc = 0;
  uint8_t chroma_format_idc = 1, bit_depth_luma = 8, bit_depth_chroma = 8;
  bool separate_colour_plane = false;
  uint32_t width = 0, height = 0;  // after cropping
  uint32_t sar_width = 1, sar_height = 1;
  uint32_t fps_num = 0, fps_den = 1;  // frames, not fields; 0/1 = not told
  bool frame_mbs_only = true;
  uint8_t log2_max_frame_num = 4, poc_type = 0;
  // Pictures that may precede in decoding and follow in output order: from the VUI, else the most the level
  // allows.
  uint32_t max_reorder = 0;
};

Result<Sps> parse_sps(ByteView nal);  // with its NAL header

struct Pps {
  uint8_t id = 0, sps_id = 0;
};
Result<Pps> parse_pps(ByteView nal);

enum class SliceType : uint8_t { kP, kB, kI, kSp, kSi };
struct SliceHeader {
  uint32_t first_mb = 0;
  SliceType type = SliceType::kP;
  uint32_t pps_id = 0;
};
Result<SliceHeader> parse_slice_header(ByteView nal);

// recovery_frame_cnt of a recovery point SEI message (D.1.8), if the SEI NAL unit holds one.
std::optional<uint32_t> recovery_point(ByteView sei_nal);

// Whether a NAL unit begins a new access unit when slices of the current one were seen already (7.4.1.2.3; a
// slice does if it holds the picture's first macroblock).
bool begins_access_unit(ByteView nal, bool slices_seen);

// Gathers what decides whether an access unit is a sync frame: an IDR picture, or I slices only after a
// recovery point.
class KeyDetector {
 public:
  void add(ByteView nal);
  bool key() const { return idr_ || (recovery_point_ && intra_ && !inter_); }
  bool has_slices() const { return idr_ || intra_ || inter_; }

 private:
  bool idr_ = false, recovery_point_ = false, intra_ = false, inter_ = false, second_field_ = false;
};

struct AvcC {
  unsigned length_size = 4;
  std::vector<ByteView> sps, pps;  // views into the avcC
};
Result<AvcC> parse_avcc(ByteView avcc);
// REQUIRES: at least one SPS that parse_sps() takes; at most 31 SPS and 255 PPS, each at most 65535 bytes.
Bytes make_avcc(std::span<const ByteView> sps, std::span<const ByteView> pps);

std::string rfc6381(ByteView sps_nal);  // "avc1.64001f"; REQUIRES: sps_nal.size() >= 4

}  // namespace m4f::h264
