// H.265 (ISO/IEC 23008-2): parameter sets, pictures, hvcC (ISO/IEC 14496-15 8.3.3.1).
#pragma once

#include <span>
#include <string>
#include <vector>

#include "m4f/codec/nal.h"

namespace m4f::h265 {

enum NalType : uint8_t {
  kBlaWLp = 16,
  kIdrWRadl = 19,
  kIdrNLp = 20,
  kCra = 21,
  kLastIrap = 23,
  kVps = 32,
  kSps = 33,
  kPps = 34,
  kAud = 35,
  kEndOfSequence = 36,
  kEndOfBitstream = 37,
  kFiller = 38,
  kPrefixSei = 39,
  kSuffixSei = 40,
};

inline uint8_t nal_type(ByteView nal) {
  return nal.size() < 2 ? 63 : nal[0] >> 1 & 63;
}
inline bool is_slice(uint8_t type) {
  return type < 32;
}
inline bool is_irap(uint8_t type) {
  return type >= kBlaWLp && type <= kLastIrap;
}  // IDR, CRA, BLA: sync frames

// general_* of profile_tier_level() (7.3.3).
struct ProfileTierLevel {
  uint8_t profile_space = 0, profile_idc = 0, level_idc = 0;
  bool high_tier = false;
  uint32_t compatibility = 0;  // first flag in the highest bit
  uint64_t constraints = 0;    // 48 bits
};

struct Vps {
  uint8_t id = 0;
};
struct Sps {
  uint8_t id = 0, vps_id = 0;
  uint8_t max_sub_layers = 1;
  bool temporal_id_nested = false;
  ProfileTierLevel ptl;
  uint8_t chroma_format_idc = 1, bit_depth_luma = 8, bit_depth_chroma = 8;
  uint32_t width = 0, height = 0;  // after cropping
  uint32_t sar_width = 1, sar_height = 1;
  uint32_t fps_num = 0, fps_den = 1;  // 0/1 = not told
  uint32_t max_reorder = 0;
  uint16_t min_spatial_segmentation = 0;
};
struct Pps {
  uint8_t id = 0, sps_id = 0;
  bool tiles = false, wavefront = false;
};

Result<Vps> parse_vps(ByteView nal);  // all with their NAL header
Result<Sps> parse_sps(ByteView nal);
Result<Pps> parse_pps(ByteView nal);

// first_slice_segment_in_pic_flag
inline bool is_first_slice(ByteView nal) {
  return nal.size() > 2 && (nal[2] & 0x80);
}

// Whether a NAL unit begins a new access unit when slices of the current one were seen already (7.4.2.4.4).
bool begins_access_unit(ByteView nal, bool slices_seen);

struct HvcC {
  unsigned length_size = 4;
  std::vector<ByteView> vps, sps, pps;  // views into the hvcC
};
Result<HvcC> parse_hvcc(ByteView hvcc);
// REQUIRES: at least one SPS that parse_sps() takes; each unit at most 65535 bytes.
Bytes make_hvcc(std::span<const ByteView> vps, std::span<const ByteView> sps, std::span<const ByteView> pps);

std::string rfc6381(const Sps& sps);  // "hvc1.1.6.L93.B0" (ISO/IEC 14496-15 E.3)

}  // namespace m4f::h265
