#include "m4f/mp4/sample_entry.h"

#include <cassert>

#include "m4f/mp4/packager.h"

namespace m4f::mp4 {
namespace {

struct Carriage {
  Codec codec;
  FourCc entry, config;
};

// 14496-15 (avc1, hvc1: parameter sets in the entry only), AV1-ISOBMFF, VP-ISOBMFF, 14496-14, ETSI TS 102 366
// annex F, Opus in ISOBMFF.
constexpr Carriage kCarriage[] = {
    {Codec::kH264, fourcc("avc1"), fourcc("avcC")},      {Codec::kH265, fourcc("hvc1"), fourcc("hvcC")},
    {Codec::kAv1, fourcc("av01"), fourcc("av1C")},       {Codec::kVp8, fourcc("vp08"), fourcc("vpcC")},
    {Codec::kVp9, fourcc("vp09"), fourcc("vpcC")},       {Codec::kAac, fourcc("mp4a"), fourcc("esds")},
    {Codec::kMpegAudio, fourcc("mp4a"), fourcc("esds")}, {Codec::kAc3, fourcc("ac-3"), fourcc("dac3")},
    {Codec::kEac3, fourcc("ec-3"), fourcc("dec3")},      {Codec::kOpus, fourcc("Opus"), fourcc("dOps")},
};

const Carriage* carriage(Codec codec) {
  for (const Carriage& c : kCarriage)
    if (c.codec == codec) return &c;
  return nullptr;
}

// VP8 has nothing to configure. Its VPCodecConfigurationBox (version 1) says profile 0, level unknown, 8 bits
// of 4:2:0, colours unspecified.
Bytes vp8_config() {
  return {1, 0, 0, 0, 0, 0, 8 << 4 | 1 << 1, 2, 2, 2, 0, 0};
}

VisualSampleEntry visual_entry(const Track& track, const Carriage& how) {
  VisualSampleEntry entry;
  entry.type = how.entry;
  entry.width = static_cast<uint16_t>(track.width);
  entry.height = static_cast<uint16_t>(track.height);
  entry.config.type = how.config;
  entry.config.payload = track.codec == Codec::kVp8 ? vp8_config() : track.config;
  if (track.sar_width != track.sar_height && track.sar_width != 0 && track.sar_height != 0)
    entry.pasp = Pasp{track.sar_width, track.sar_height};
  return entry;
}

AudioSampleEntry audio_entry(const Track& track, const Carriage& how) {
  AudioSampleEntry entry;
  entry.type = how.entry;
  entry.channels = static_cast<uint16_t>(track.channels);
  entry.sample_rate = track.sample_rate <= 0xffff ? static_cast<uint16_t>(track.sample_rate) : uint16_t{0};
  if (track.codec == Codec::kAac) {
    entry.esds = Esds{Esds::kAac, track.config};
  } else if (track.codec == Codec::kMpegAudio) {
    // ISO 11172-3 knows 32 kHz and above, its low rates come from ISO 13818-3.
    entry.esds = Esds{track.sample_rate >= 32000 ? Esds::kMpeg1Audio : Esds::kMpeg2Audio, {}};
  } else {
    entry.config = ConfigBox{how.config, track.config};
  }
  return entry;
}

}  // namespace

bool carries(Codec codec) {
  return carriage(codec) != nullptr;
}

Stsd sample_description(const Track& track) {
  const Carriage* how = carriage(track.codec);
  assert(how);
  Stsd stsd;
  if (content_of(track.codec) == Content::kVideo)
    stsd.visual = visual_entry(track, *how);
  else
    stsd.audio = audio_entry(track, *how);
  return stsd;
}

}  // namespace m4f::mp4
