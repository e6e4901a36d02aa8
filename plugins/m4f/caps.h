// GStreamer caps and m4f::Track, in both directions.
#pragma once

#include <string>

#include "gstx/ptr.h"
#include "m4f/codec/canonical.h"
#include "m4f/media/track.h"

namespace sluice {

// What m4fmux takes: whole, parsed access units in every framing that parsers and demuxers give.
inline constexpr const char* kVideoInputCaps =
    "video/x-h264, stream-format=(string){ avc, avc3 }; "
    "video/x-h264, stream-format=(string)byte-stream, alignment=(string)au; "
    "video/x-h265, stream-format=(string){ hvc1, hev1 }; "
    "video/x-h265, stream-format=(string)byte-stream, alignment=(string)au; "
    "video/x-av1, stream-format=(string)obu-stream, alignment=(string)tu; "
    "video/x-vp8; video/x-vp9; "
    "video/mpeg, mpegversion=(int)[ 1, 2 ], systemstream=(boolean)false, parsed=(boolean)true";
inline constexpr const char* kAudioInputCaps =
    "audio/mpeg, mpegversion=(int){ 2, 4 }, stream-format=(string)raw; "
    "audio/mpeg, mpegversion=(int){ 2, 4 }, stream-format=(string)adts, framed=(boolean)true; "
    "audio/mpeg, mpegversion=(int)1, layer=(int)[ 1, 3 ], parsed=(boolean)true; "
    "audio/x-ac3, framed=(boolean)true; audio/x-eac3, framed=(boolean)true; audio/x-opus";

// What the demuxers give: canonical frames.
inline constexpr const char* kVideoOutputCaps =
    "video/x-h264, stream-format=(string)avc, alignment=(string)au; "
    "video/x-h265, stream-format=(string)hvc1, alignment=(string)au; "
    "video/x-av1, stream-format=(string)obu-stream, alignment=(string)tu; "
    "video/x-vp8; video/x-vp9; "
    "video/mpeg, mpegversion=(int)[ 1, 2 ], systemstream=(boolean)false, parsed=(boolean)true";
inline constexpr const char* kAudioOutputCaps =
    "audio/mpeg, mpegversion=(int)4, stream-format=(string)raw, framed=(boolean)true; "
    "audio/mpeg, mpegversion=(int)1, layer=(int)[ 1, 3 ], parsed=(boolean)true; "
    "audio/x-ac3, framed=(boolean)true; audio/x-eac3, framed=(boolean)true; audio/x-opus";

// An input's format as its caps tell it; the stream itself may know better.
struct InputFormat {
  m4f::Codec codec = m4f::Codec::kH264;
  m4f::Bytes config;  // decoder configuration as Canonicalizer::set_config() takes it; empty = in band
  unsigned length_size =
      0;  // H.26x: length-prefixed with parameter sets in band; 0 = byte stream or told by config
  uint32_t width = 0, height = 0, fps_num = 0, fps_den = 1;
  uint32_t sample_rate = 0, channels = 0;

  // Whether a canonicaliser that was set up for *this can go on with `next` after next.apply().
  bool same_framing(const InputFormat& next) const;
  m4f::Result<void> apply(m4f::Canonicalizer& to) const;
  bool operator==(const InputFormat&) const = default;
};

m4f::Result<InputFormat> format_of(const GstCaps* caps);

// The caps of a track's canonical frames. `frame` is one of them if there is one already: MPEG audio's layer
// is told only there.
gstx::Ptr<GstCaps> caps_of(const m4f::Track& track, m4f::ByteView frame = {});

// ISO 639-2 of a tag list, empty if it names no language.
std::string language_of(const GstTagList* tags);

}  // namespace sluice
