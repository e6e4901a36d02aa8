#include "m4f/codec/h264.h"

#include <algorithm>
#include <cassert>

#include "m4f/codec/vui.h"

namespace m4f::h264 {
namespace {

constexpr uint32_t kMaxSide = 16384;

bool has_chroma_info(uint8_t profile) {
  for (uint8_t p : {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135})
    if (p == profile) return true;
  return false;
}

void skip_scaling_list(BitReader& in, unsigned size) {  // 7.3.2.1.1.1
  int last = 8, next = 8;
  for (unsigned i = 0; i < size && in.ok(); ++i) {
    if (next != 0) next = static_cast<int>((last + int64_t{in.se()} + 256) % 256);
    if (next != 0) last = next;
  }
}

// MaxDpbMbs of table A-1.
uint32_t max_dpb_mbs(const Sps& sps) {
  switch (sps.level_idc) {
    case 9:
    case 10:
      return 396;
    case 11:
      return (sps.constraints & 0x10) && sps.profile_idc < 100 ? 396 : 900;
    case 12:
    case 13:
    case 20:
      return 2376;
    case 21:
      return 4752;
    case 22:
    case 30:
      return 8100;
    case 31:
      return 18000;
    case 32:
      return 20480;
    case 40:
    case 41:
      return 32768;
    case 42:
      return 34816;
    case 50:
      return 110400;
    case 51:
    case 52:
      return 184320;
    default:
      return 696320;
  }
}

void skip_hrd(BitReader& in) {  // E.1.2
  const uint32_t count = in.ue();
  if (count > 31) return in.fail();
  in.skip(8);
  for (uint32_t i = 0; i <= count && in.ok(); ++i) {
    in.ue();
    in.ue();
    in.skip(1);
  }
  in.skip(20);
}

void read_vui(BitReader& in, Sps& sps) {  // E.1.1
  if (in.flag()) read_aspect_ratio(in, sps.sar_width, sps.sar_height);
  if (in.flag()) in.skip(1);  // overscan
  if (in.flag()) {            // video_signal_type
    in.skip(4);
    if (in.flag()) in.skip(24);
  }
  if (in.flag()) {  // chroma_loc_info
    in.ue();
    in.ue();
  }
  if (in.flag()) {
    const uint32_t units = in.bits(32), scale = in.bits(32);
    in.skip(1);  // fixed_frame_rate_flag
    if (in.ok())
      set_frame_rate(scale, uint64_t{units} * 2, sps.fps_num, sps.fps_den);  // the clock counts fields
  }
  const bool nal_hrd = in.flag();
  if (nal_hrd) skip_hrd(in);
  const bool vcl_hrd = in.flag();
  if (vcl_hrd) skip_hrd(in);
  if (nal_hrd || vcl_hrd) in.skip(1);
  in.skip(1);       // pic_struct_present_flag
  if (in.flag()) {  // bitstream_restriction
    in.skip(1);
    for (int i = 0; i < 4; ++i) in.ue();
    const uint32_t reorder = in.ue();
    if (in.ok() && reorder <= 16) sps.max_reorder = reorder;
  }
}

void write_units(ByteWriter& out, std::span<const ByteView> units) {
  for (ByteView nal : units) {
    out.u16(nal.size());
    out.bytes(nal);
  }
}

}  // namespace

Result<Sps> parse_sps(ByteView nal) {
  const uint8_t type = nal_type(nal);
  if (type != kSps && type != kSubsetSps) return error(Errc::kInvalid, "not an SPS");
  if (nal.size() < 5) return error(Errc::kTruncated, "the SPS ends within its profile");
  Sps sps;
  BitReader in(nal.subspan(1), true);
  sps.profile_idc = static_cast<uint8_t>(in.bits(8));
  sps.constraints = static_cast<uint8_t>(in.bits(8));
  sps.level_idc = static_cast<uint8_t>(in.bits(8));
  const uint32_t id = in.ue();
  if (id > 31) return error(Errc::kInvalid, "seq_parameter_set_id {} of at most 31", id);
  sps.id = static_cast<uint8_t>(id);

  if (has_chroma_info(sps.profile_idc)) {
    const uint32_t chroma = in.ue();
    if (chroma > 3) return error(Errc::kInvalid, "chroma_format_idc {} of at most 3", chroma);
    sps.chroma_format_idc = static_cast<uint8_t>(chroma);
    if (chroma == 3) sps.separate_colour_plane = in.flag();
    const uint32_t luma = in.ue(), chroma_depth = in.ue();
    if (luma > 6 || chroma_depth > 6) return error(Errc::kInvalid, "bit depth over 14");
    sps.bit_depth_luma = static_cast<uint8_t>(8 + luma);
    sps.bit_depth_chroma = static_cast<uint8_t>(8 + chroma_depth);
    in.skip(1);
    if (in.flag())
      for (unsigned i = 0; i < (chroma == 3 ? 12u : 8u) && in.ok(); ++i)
        if (in.flag()) skip_scaling_list(in, i < 6 ? 16 : 64);
  }

  const uint32_t log2_frame_num = in.ue();
  if (log2_frame_num > 12)
    return error(Errc::kInvalid, "log2_max_frame_num {} of at most 16", log2_frame_num + 4);
  sps.log2_max_frame_num = static_cast<uint8_t>(log2_frame_num + 4);
  const uint32_t poc_type = in.ue();
  if (poc_type > 2) return error(Errc::kInvalid, "pic_order_cnt_type {} of at most 2", poc_type);
  sps.poc_type = static_cast<uint8_t>(poc_type);
  if (poc_type == 0) {
    in.ue();
  } else if (poc_type == 1) {
    in.skip(1);
    in.se();
    in.se();
    const uint32_t cycle = in.ue();
    if (cycle > 255) return error(Errc::kInvalid, "{} frames in the order cycle, at most 255", cycle);
    for (uint32_t i = 0; i < cycle && in.ok(); ++i) in.se();
  }
  in.ue();  // max_num_ref_frames
  in.skip(1);
  const uint64_t mbs_wide = uint64_t{in.ue()} + 1, units_high = uint64_t{in.ue()} + 1;
  sps.frame_mbs_only = in.flag();
  if (!sps.frame_mbs_only) in.skip(1);
  in.skip(1);
  const uint64_t fields = sps.frame_mbs_only ? 1 : 2;
  const uint64_t width = mbs_wide * 16, height = units_high * 16 * fields;
  if (width > kMaxSide || height > kMaxSide)
    return error(Errc::kInvalid, "{}x{} pixels, at most {} a side", width, height, kMaxSide);
  uint64_t crop_x = 0, crop_y = 0;
  if (in.flag()) {  // 7.4.2.1.1: in units of chroma samples
    const bool has_chroma = sps.chroma_format_idc != 0 && !sps.separate_colour_plane;
    const uint64_t unit_x = has_chroma && sps.chroma_format_idc < 3 ? 2 : 1;
    const uint64_t unit_y = (has_chroma && sps.chroma_format_idc == 1 ? 2 : 1) * fields;
    const uint64_t left = in.ue(), right = in.ue(), top = in.ue(), bottom = in.ue();
    crop_x = (left + right) * unit_x;
    crop_y = (top + bottom) * unit_y;
  }
  if (!in.ok()) return error(Errc::kTruncated, "the SPS ends within its fields");
  if (crop_x >= width || crop_y >= height)
    return error(Errc::kInvalid, "cropping leaves nothing of {}x{}", width, height);
  sps.width = static_cast<uint32_t>(width - crop_x);
  sps.height = static_cast<uint32_t>(height - crop_y);

  const uint64_t frame_mbs = mbs_wide * units_high * fields;
  // A.3.1: with constraint_set3 the intra profiles have no reordering; nor have Baseline and poc type 2.
  const bool intra_only =
      (sps.constraints & 0x10) && sps.profile_idc != 66 && sps.profile_idc != 77 && sps.profile_idc != 88;
  if (sps.profile_idc != 66 && poc_type != 2 && !intra_only)
    sps.max_reorder = static_cast<uint32_t>(std::min<uint64_t>(max_dpb_mbs(sps) / frame_mbs, 16));
  if (in.flag()) read_vui(in, sps);  // a broken VUI spoils nothing that is needed
  return sps;
}

Result<Pps> parse_pps(ByteView nal) {
  if (nal_type(nal) != kPps) return error(Errc::kInvalid, "not a PPS");
  BitReader in(nal.subspan(1), true);
  const uint32_t id = in.ue(), sps_id = in.ue();
  if (!in.ok()) return error(Errc::kTruncated, "the PPS ends within its ids");
  if (id > 255 || sps_id > 31) return error(Errc::kInvalid, "PPS {} for SPS {}", id, sps_id);
  return Pps{static_cast<uint8_t>(id), static_cast<uint8_t>(sps_id)};
}

Result<SliceHeader> parse_slice_header(ByteView nal) {
  const uint8_t nal_unit_type = nal_type(nal);
  if (nal_unit_type != kSlice && nal_unit_type != kPartitionA && nal_unit_type != kIdr)
    return error(Errc::kInvalid, "NAL unit type {} has no slice header", nal_unit_type);
  BitReader in(nal.subspan(1), true);
  SliceHeader slice;
  slice.first_mb = in.ue();
  const uint32_t type = in.ue();
  slice.pps_id = in.ue();
  if (!in.ok()) return error(Errc::kTruncated, "the slice ends within its header");
  if (type > 9) return error(Errc::kInvalid, "slice_type {} of at most 9", type);
  slice.type = static_cast<SliceType>(type % 5);
  return slice;
}

std::optional<uint32_t> recovery_point(ByteView sei_nal) {
  if (nal_type(sei_nal) != kSei) return std::nullopt;
  BitReader in(sei_nal.subspan(1), true);
  while (in.more_rbsp_data()) {  // 7.3.2.3.1
    size_t number[2] = {0, 0};   // payloadType, payloadSize
    for (size_t& n : number) {
      uint32_t byte;
      do {
        byte = in.bits(8);
        n += byte;
      } while (byte == 255 && in.ok());
    }
    if (!in.ok() || number[1] * 8 > in.bits_left()) return std::nullopt;
    if (number[0] == 6) {
      const uint32_t count = in.ue();
      return in.ok() ? std::optional(count) : std::nullopt;
    }
    in.skip(number[1] * 8);
  }
  return std::nullopt;
}

bool begins_access_unit(ByteView nal, bool slices_seen) {
  if (!slices_seen || nal.empty()) return false;
  const uint8_t type = nal_type(nal);
  if (type == kSlice || type == kPartitionA || type == kIdr) return nal.size() > 1 && (nal[1] & 0x80);
  return (type >= kSei && type <= kAud) || (type >= kPrefix && type <= 18);
}

void KeyDetector::add(ByteView nal) {
  const uint8_t type = nal_type(nal);
  if (type == kSei) {
    recovery_point_ = recovery_point_ || recovery_point(nal).has_value();
    return;
  }
  if (type != kSlice && type != kPartitionA && type != kIdr) return;
  if (type == kIdr) idr_ = true;
  if (idr_ || second_field_) return;
  auto slice = parse_slice_header(nal);
  if (!slice) return;
  // A second picture in the access unit is the second field, which may be predicted from the first.
  if (slice->first_mb == 0 && has_slices()) {
    second_field_ = true;
    return;
  }
  (slice->type == SliceType::kI || slice->type == SliceType::kSi ? intra_ : inter_) = true;
}

Result<AvcC> parse_avcc(ByteView avcc) {
  ByteReader in(avcc);
  if (in.u8() != 1) return error(Errc::kInvalid, "avcC version is not 1");
  in.skip(3);
  AvcC out;
  out.length_size = (in.u8() & 3) + 1;
  for (auto* list : {&out.sps, &out.pps}) {
    const size_t count = list == &out.sps ? in.u8() & 31 : in.u8();
    for (size_t i = 0; i < count && in.ok(); ++i) {
      ByteView nal = in.bytes(in.u16());
      if (!nal.empty()) list->push_back(nal);
    }
  }
  if (!in.ok()) return error(Errc::kTruncated, "the avcC ends within its parameter sets");
  if (out.length_size == 3) return error(Errc::kInvalid, "avcC with 3-byte lengths");
  return out;
}

Bytes make_avcc(std::span<const ByteView> sps, std::span<const ByteView> pps) {
  assert(!sps.empty() && sps.size() <= 31 && pps.size() <= 255);
  auto first = parse_sps(sps[0]);
  assert(first);
  Bytes out;
  ByteWriter w(out);
  w.u8(1);
  w.bytes(sps[0].subspan(1, 3));
  w.u8(0xfc | 3);
  w.u8(0xe0 | sps.size());
  write_units(w, sps);
  w.u8(pps.size());
  write_units(w, pps);
  if (has_chroma_info(first->profile_idc)) {
    w.u8(0xfc | first->chroma_format_idc);
    w.u8(0xf8 | (first->bit_depth_luma - 8));
    w.u8(0xf8 | (first->bit_depth_chroma - 8));
    w.u8(0);  // no SPS extensions
  }
  return out;
}

std::string rfc6381(ByteView sps_nal) {
  return fmt::format("avc1.{:02x}{:02x}{:02x}", sps_nal[1], sps_nal[2], sps_nal[3]);
}

}  // namespace m4f::h264
