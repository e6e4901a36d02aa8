// The sequence parameter set of H.265 (7.3.2.2): long, because the VUI stands behind everything else.
#include <array>

#include "m4f/codec/h265.h"
#include "m4f/codec/vui.h"

namespace m4f::h265 {
namespace {

constexpr uint32_t kMaxSide = 16384;

ProfileTierLevel read_profile_tier_level(BitReader& in, unsigned max_sub_layers) {  // 7.3.3
  ProfileTierLevel ptl;
  ptl.profile_space = static_cast<uint8_t>(in.bits(2));
  ptl.high_tier = in.flag();
  ptl.profile_idc = static_cast<uint8_t>(in.bits(5));
  ptl.compatibility = in.bits(32);
  ptl.constraints = in.bits64(48);
  ptl.level_idc = static_cast<uint8_t>(in.bits(8));
  std::array<bool, 8> profile{}, level{};
  for (unsigned i = 0; i + 1 < max_sub_layers; ++i) {
    profile[i] = in.flag();
    level[i] = in.flag();
  }
  if (max_sub_layers > 1) in.skip(2 * (8 - (max_sub_layers - 1)));
  for (unsigned i = 0; i + 1 < max_sub_layers; ++i) {
    if (profile[i]) in.skip(88);
    if (level[i]) in.skip(8);
  }
  return ptl;
}

void skip_scaling_list_data(BitReader& in) {  // 7.3.4
  for (unsigned size = 0; size < 4; ++size) {
    for (unsigned matrix = 0; matrix < 6 && in.ok(); matrix += size == 3 ? 3 : 1) {
      if (!in.flag()) {
        in.ue();
        continue;
      }
      const unsigned coefficients = size == 0 ? 16 : 64;
      if (size > 1) in.se();
      for (unsigned i = 0; i < coefficients && in.ok(); ++i) in.se();
    }
  }
}

void skip_short_term_sets(BitReader& in, uint32_t count) {  // 7.3.7
  std::array<uint32_t, 65> deltas{};                        // NumDeltaPocs
  for (uint32_t set = 0; set < count && in.ok(); ++set) {
    if (set > 0 && in.flag()) {
      in.skip(1);
      in.ue();
      const uint32_t reference = deltas[set - 1];
      uint32_t kept = 0;
      for (uint32_t j = 0; j <= reference && in.ok(); ++j) {
        const bool used = in.flag();
        if (used || in.flag()) ++kept;  // use_delta_flag
      }
      deltas[set] = kept;
    } else {
      const uint32_t negative = in.ue(), positive = in.ue();
      if (negative > 16 || positive > 16) return in.fail();
      for (uint32_t i = 0; i < negative + positive && in.ok(); ++i) {
        in.ue();
        in.skip(1);
      }
      deltas[set] = negative + positive;
    }
    if (deltas[set] > 32) return in.fail();
  }
}

void read_vui(BitReader& in, Sps& sps) {  // E.2.1
  if (in.flag()) read_aspect_ratio(in, sps.sar_width, sps.sar_height);
  if (in.flag()) in.skip(1);
  if (in.flag()) {
    in.skip(4);
    if (in.flag()) in.skip(24);
  }
  if (in.flag()) {
    in.ue();
    in.ue();
  }
  in.skip(3);       // neutral_chroma, field_seq, frame_field_info
  if (in.flag()) {  // default display window
    for (int i = 0; i < 4; ++i) in.ue();
  }
  if (in.flag()) {  // timing info
    const uint32_t units = in.bits(32), scale = in.bits(32);
    if (in.ok()) set_frame_rate(scale, units, sps.fps_num, sps.fps_den);
    if (in.flag()) in.ue();
    if (in.flag()) return;  // HRD parameters: what stands behind them is not worth reading them
  }
  if (in.flag()) {  // bitstream_restriction
    in.skip(3);
    const uint32_t segmentation = in.ue();
    if (in.ok() && segmentation < 4096) sps.min_spatial_segmentation = static_cast<uint16_t>(segmentation);
  }
}

}  // namespace

Result<Sps> parse_sps(ByteView nal) {
  if (nal_type(nal) != kSps) return error(Errc::kInvalid, "not an SPS");
  Sps sps;
  BitReader in(nal.subspan(2), true);
  sps.vps_id = static_cast<uint8_t>(in.bits(4));
  sps.max_sub_layers = static_cast<uint8_t>(in.bits(3) + 1);
  if (sps.max_sub_layers > 7)
    return error(Errc::kInvalid, "{} temporal layers of at most 7", sps.max_sub_layers);
  sps.temporal_id_nested = in.flag();
  sps.ptl = read_profile_tier_level(in, sps.max_sub_layers);
  const uint32_t id = in.ue(), chroma = in.ue();
  if (id > 15) return error(Errc::kInvalid, "sps_seq_parameter_set_id {} of at most 15", id);
  if (chroma > 3) return error(Errc::kInvalid, "chroma_format_idc {} of at most 3", chroma);
  sps.id = static_cast<uint8_t>(id);
  sps.chroma_format_idc = static_cast<uint8_t>(chroma);
  const bool separate_planes = chroma == 3 && in.flag();

  const uint32_t width = in.ue(), height = in.ue();
  uint64_t crop_x = 0, crop_y = 0;
  if (in.flag()) {  // conformance window, in chroma units (7.4.3.2.1)
    const uint64_t unit_x = !separate_planes && (chroma == 1 || chroma == 2) ? 2 : 1;
    const uint64_t unit_y = !separate_planes && chroma == 1 ? 2 : 1;
    const uint64_t left = in.ue(), right = in.ue(), top = in.ue(), bottom = in.ue();
    crop_x = (left + right) * unit_x;
    crop_y = (top + bottom) * unit_y;
  }
  const uint32_t luma = in.ue(), chroma_depth = in.ue();
  const uint32_t log2_poc = in.ue();
  if (!in.ok()) return error(Errc::kTruncated, "the SPS ends within its fields");
  if (width > kMaxSide || height > kMaxSide || width == 0 || height == 0)
    return error(Errc::kInvalid, "{}x{} pixels, at most {} a side", width, height, kMaxSide);
  if (crop_x >= width || crop_y >= height)
    return error(Errc::kInvalid, "cropping leaves nothing of {}x{}", width, height);
  if (luma > 8 || chroma_depth > 8) return error(Errc::kInvalid, "bit depth over 16");
  if (log2_poc > 12)
    return error(Errc::kInvalid, "log2_max_pic_order_cnt_lsb {} of at most 16", log2_poc + 4);
  sps.width = static_cast<uint32_t>(width - crop_x);
  sps.height = static_cast<uint32_t>(height - crop_y);
  // Only 8 to 15 bits have a place in the hvcC.
  if (luma > 7 || chroma_depth > 7) return error(Errc::kUnsupported, "16 bits per sample");
  sps.bit_depth_luma = static_cast<uint8_t>(8 + luma);
  sps.bit_depth_chroma = static_cast<uint8_t>(8 + chroma_depth);

  const bool all_layers = in.flag();
  for (unsigned i = all_layers ? 0 : sps.max_sub_layers - 1u; i < sps.max_sub_layers; ++i) {
    in.ue();
    const uint32_t reorder = in.ue();  // of the highest layer in the end
    if (reorder <= 16) sps.max_reorder = reorder;
    in.ue();
  }
  for (int i = 0; i < 6; ++i) in.ue();
  if (in.flag() && in.flag()) skip_scaling_list_data(in);
  in.skip(2);
  if (in.flag()) {  // pcm
    in.skip(8);
    in.ue();
    in.ue();
    in.skip(1);
  }
  const uint32_t short_term_sets = in.ue();
  if (short_term_sets > 64)
    return error(Errc::kInvalid, "{} reference picture sets of at most 64", short_term_sets);
  skip_short_term_sets(in, short_term_sets);
  if (in.flag()) {
    const uint32_t long_term = in.ue();
    if (long_term > 32) return error(Errc::kInvalid, "{} long-term references of at most 32", long_term);
    for (uint32_t i = 0; i < long_term && in.ok(); ++i) in.skip(log2_poc + 4 + 1);
  }
  in.skip(2);
  if (!in.ok()) return error(Errc::kTruncated, "the SPS ends within its reference sets");
  if (in.flag()) read_vui(in, sps);
  return sps;
}

}  // namespace m4f::h265
