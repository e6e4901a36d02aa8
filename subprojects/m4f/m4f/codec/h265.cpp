#include "m4f/codec/h265.h"

#include <cassert>

namespace m4f::h265 {

Result<Vps> parse_vps(ByteView nal) {
  if (nal_type(nal) != kVps) return error(Errc::kInvalid, "not a VPS");
  if (nal.size() < 3) return error(Errc::kTruncated, "the VPS ends within its id");
  return Vps{static_cast<uint8_t>(nal[2] >> 4)};
}

Result<Pps> parse_pps(ByteView nal) {  // 7.3.2.3.1
  if (nal_type(nal) != kPps) return error(Errc::kInvalid, "not a PPS");
  BitReader in(nal.subspan(2), true);
  const uint32_t id = in.ue(), sps_id = in.ue();
  if (id > 63 || sps_id > 15) return error(Errc::kInvalid, "PPS {} for SPS {}", id, sps_id);
  Pps pps{static_cast<uint8_t>(id), static_cast<uint8_t>(sps_id)};
  in.skip(1 + 1 + 3 + 1 + 1);
  in.ue();
  in.ue();
  in.se();
  in.skip(2);
  if (in.flag()) in.ue();  // diff_cu_qp_delta_depth
  in.se();
  in.se();
  in.skip(4);
  pps.tiles = in.flag();
  pps.wavefront = in.flag();
  if (!in.ok()) return error(Errc::kTruncated, "the PPS ends within its fields");
  return pps;
}

bool begins_access_unit(ByteView nal, bool slices_seen) {
  if (!slices_seen) return false;
  const uint8_t type = nal_type(nal);
  if (is_slice(type)) return is_first_slice(nal);
  return (type >= kVps && type <= kAud) || type == kPrefixSei || (type >= 41 && type <= 44) ||
         (type >= 48 && type <= 55);
}

Result<HvcC> parse_hvcc(ByteView hvcc) {
  ByteReader in(hvcc);
  // Some writers leave the version at 0.
  if (in.u8() > 1) return error(Errc::kInvalid, "hvcC version is not 1");
  in.skip(20);
  HvcC out;
  out.length_size = (in.u8() & 3) + 1;
  const size_t arrays = in.u8();
  for (size_t a = 0; a < arrays && in.ok(); ++a) {
    const uint8_t type = in.u8() & 63;
    const size_t count = in.u16();
    for (size_t i = 0; i < count && in.ok(); ++i) {
      ByteView nal = in.bytes(in.u16());
      if (nal.empty()) continue;
      if (type == kVps) out.vps.push_back(nal);
      if (type == kSps) out.sps.push_back(nal);
      if (type == kPps) out.pps.push_back(nal);
    }
  }
  if (!in.ok()) return error(Errc::kTruncated, "the hvcC ends within its parameter sets");
  if (out.length_size == 3) return error(Errc::kInvalid, "hvcC with 3-byte lengths");
  return out;
}

namespace {

// parallelismType of the hvcC: how every picture can be decoded in parallel; 0 = mixed or unknown.
uint8_t parallelism(const Sps& sps, std::span<const ByteView> pps) {
  if (sps.min_spatial_segmentation == 0 || pps.empty()) return 0;
  std::optional<uint8_t> all;
  for (ByteView nal : pps) {
    auto p = parse_pps(nal);
    if (!p || (p->tiles && p->wavefront)) return 0;
    const uint8_t kind = p->wavefront ? 3 : p->tiles ? 2 : 1;
    if (all && *all != kind) return 0;
    all = kind;
  }
  return *all;
}

void write_array(ByteWriter& out, uint8_t type, std::span<const ByteView> units) {
  out.u8(0x80 | type);  // array_completeness: none of this type in the samples
  out.u16(units.size());
  for (ByteView nal : units) {
    out.u16(nal.size());
    out.bytes(nal);
  }
}

}  // namespace

Bytes make_hvcc(std::span<const ByteView> vps, std::span<const ByteView> sps, std::span<const ByteView> pps) {
  assert(!sps.empty());
  auto first = parse_sps(sps[0]);
  assert(first);
  const ProfileTierLevel& ptl = first->ptl;
  Bytes out;
  ByteWriter w(out);
  w.u8(1);
  w.u8(ptl.profile_space << 6 | (ptl.high_tier ? 0x20 : 0) | ptl.profile_idc);
  w.u32(ptl.compatibility);
  w.u16(ptl.constraints >> 32);
  w.u32(ptl.constraints & 0xffffffff);
  w.u8(ptl.level_idc);
  w.u16(0xf000 | first->min_spatial_segmentation);
  w.u8(0xfc | parallelism(*first, pps));
  w.u8(0xfc | first->chroma_format_idc);
  w.u8(0xf8 | (first->bit_depth_luma - 8));
  w.u8(0xf8 | (first->bit_depth_chroma - 8));
  w.u16(0);  // avgFrameRate: unspecified
  w.u8(first->max_sub_layers << 3 | (first->temporal_id_nested ? 4 : 0) | 3);
  w.u8((vps.empty() ? 0 : 1) + 1 + (pps.empty() ? 0 : 1));
  if (!vps.empty()) write_array(w, kVps, vps);
  write_array(w, kSps, sps);
  if (!pps.empty()) write_array(w, kPps, pps);
  return out;
}

std::string rfc6381(const Sps& sps) {
  const ProfileTierLevel& ptl = sps.ptl;
  uint32_t reversed = 0;
  for (unsigned i = 0; i < 32; ++i) reversed |= (ptl.compatibility >> i & 1) << (31 - i);
  std::string out = "hvc1.";
  if (ptl.profile_space > 0) out += static_cast<char>('A' + ptl.profile_space - 1);
  out += fmt::format("{}.{:X}.{}{}", ptl.profile_idc, reversed, ptl.high_tier ? 'H' : 'L', ptl.level_idc);
  for (uint64_t rest = ptl.constraints << 16; rest != 0; rest <<= 8) out += fmt::format(".{:X}", rest >> 56);
  return out;
}

}  // namespace m4f::h265
