#include <xxhash.h>

#include <algorithm>
#include <cassert>

#include "m4f/mp4/boxes/init_boxes.h"
#include "m4f/mp4/packager.h"
#include "m4f/mp4/sample_entry.h"

namespace m4f::mp4 {
namespace {

constexpr uint32_t kTimescale = Ticks::kPerSecond;

uint16_t packed_language(const std::string& language) {
  const bool valid = language.size() == 3 && std::all_of(language.begin(), language.end(),
                                                         [](char c) { return c >= 'a' && c <= 'z'; });
  uint16_t packed = 0;
  for (char c : valid ? language : std::string("und"))
    packed = static_cast<uint16_t>(packed << 5 | (c - 0x60));
  return packed;
}

// 16.16, the largest whole number at most.
uint32_t fixed(uint64_t pixels, uint64_t num, uint64_t den) {
  if (num == 0 || den == 0) num = den = 1;
  return static_cast<uint32_t>(std::min<uint64_t>((pixels & 0xffff) * num * 0x10000 / den, 0xffff0000));
}

Trak trak(const Track& track, uint32_t track_id) {
  const bool video = content_of(track.codec) == Content::kVideo;
  Trak out;
  out.tkhd.track_id = track_id;
  if (video) {
    out.tkhd.width = fixed(track.width, track.sar_width, track.sar_height);
    out.tkhd.height = fixed(track.height, 1, 1);
    out.mdia.minf.vmhd.emplace();
  } else {
    out.tkhd.volume = 0x100;
    out.mdia.minf.smhd.emplace();
  }
  out.mdia.mdhd = {kTimescale, packed_language(track.language)};
  const std::string_view name = video ? "video" : "sound";
  out.mdia.hdlr.handler = video ? fourcc("vide") : fourcc("soun");
  out.mdia.hdlr.name.assign(name.begin(), name.end());
  out.mdia.hdlr.name.push_back(0);
  out.mdia.minf.stbl.stsd = sample_description(track);
  return out;
}

}  // namespace

Bytes init_segment(const std::vector<Track>& tracks, std::span<const size_t> selection) {
  Ftyp ftyp;
  ftyp.major_brand = fourcc("iso6");
  ftyp.compatible_brands = {fourcc("iso6"), fourcc("dash")};
  // A CMAF track file holds one track (ISO/IEC 23000-19 7.3.2).
  if (selection.size() == 1)
    ftyp.compatible_brands.insert(ftyp.compatible_brands.begin() + 1, fourcc("cmfc"));

  Moov moov;
  moov.mvhd = {kTimescale, static_cast<uint32_t>(selection.size() + 1)};
  for (size_t index : selection) {
    assert(index < tracks.size());
    const uint32_t id = static_cast<uint32_t>(moov.trak.size() + 1);
    moov.trak.push_back(trak(tracks[index], id));
    moov.mvex.trex.push_back({id});
  }

  Bytes out;
  out.reserve(box_size(ftyp) + box_size(moov));
  write_box(out, ftyp);
  write_box(out, moov);
  return out;
}

uint64_t init_hash(const std::vector<Track>& tracks, std::span<const size_t> selection) {
  const Bytes init = init_segment(tracks, selection);
  return XXH3_64bits(init.data(), init.size());
}

}  // namespace m4f::mp4
