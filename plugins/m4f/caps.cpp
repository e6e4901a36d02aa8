#include "m4f/caps.h"

#include <gst/pbutils/codec-utils.h>
#include <gst/tag/tag.h>

#include <string_view>

#include "m4f/codec/mpeg_audio.h"
#include "m4f/codec/opus.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Bytes;
using m4f::ByteView;
using m4f::Codec;
using m4f::Errc;
using m4f::Result;
using m4f::Track;

constexpr guint16 kOpusPreSkip = 312;  // 6.5 ms, libopus's look-ahead, where nobody tells it

std::string_view text_field(const GstStructure* s, const char* name) {
  const char* text = gst_structure_get_string(s, name);
  return text ? text : "";
}

uint32_t number_field(const GstStructure* s, const char* name) {
  int value = 0;
  return gst_structure_get_int(s, name, &value) && value > 0 ? static_cast<uint32_t>(value) : 0;
}

void fraction_field(const GstStructure* s, const char* name, uint32_t& num, uint32_t& den) {
  int n = 0, d = 1;
  if (!gst_structure_get_fraction(s, name, &n, &d) || n <= 0 || d <= 0) return;
  num = static_cast<uint32_t>(n);
  den = static_cast<uint32_t>(d);
}

Bytes bytes_of(GstBuffer* buffer) {
  gstx::ReadMap map(buffer);
  return map.ok() ? Bytes(map.data(), map.data() + map.size()) : Bytes();
}

Bytes codec_data(const GstStructure* s) {
  GstBuffer* buffer = nullptr;
  Bytes bytes;
  if (gst_structure_get(s, "codec_data", GST_TYPE_BUFFER, &buffer, nullptr) && buffer) {
    bytes = bytes_of(Ptr<GstBuffer>(buffer).get());
  }
  return bytes;
}

Result<Codec> codec_of(const GstStructure* s) {
  const std::string_view name = gst_structure_get_name(s);
  const uint32_t mpegversion = number_field(s, "mpegversion");
  if (name == "video/x-h264") return Codec::kH264;
  if (name == "video/x-h265") return Codec::kH265;
  if (name == "video/x-av1") return Codec::kAv1;
  if (name == "video/x-vp8") return Codec::kVp8;
  if (name == "video/x-vp9") return Codec::kVp9;
  if (name == "video/mpeg" && mpegversion == 1) return Codec::kMpeg1Video;
  if (name == "video/mpeg" && mpegversion == 2) return Codec::kMpeg2Video;
  if (name == "audio/mpeg" && mpegversion == 1) return Codec::kMpegAudio;
  if (name == "audio/mpeg" && (mpegversion == 2 || mpegversion == 4)) return Codec::kAac;
  if (name == "audio/x-ac3") return Codec::kAc3;
  if (name == "audio/x-eac3") return Codec::kEac3;
  if (name == "audio/x-opus") return Codec::kOpus;
  return m4f::error(Errc::kUnsupported, "{} is not carried in M4F", name);
}

Result<void> read_h26x(const GstStructure* s, InputFormat& format) {
  const std::string_view framing = text_field(s, "stream-format");
  if (framing == "byte-stream") return {};
  format.config = codec_data(s);
  if (!format.config.empty()) return {};
  if (framing == "avc3" || framing == "hev1") {
    format.length_size = 4;
    return {};
  }
  return m4f::error(Errc::kInvalid, "stream-format={} without codec_data: put a parser before m4fmux",
                    framing);
}

// Opus caps carry their header as fields; GStreamer knows how to make an OpusHead of them.
Bytes opus_head(const GstCaps* caps, const GstStructure* s) {
  const GValue* headers = gst_structure_get_value(s, "streamheader");
  if (headers && GST_VALUE_HOLDS_ARRAY(headers) && gst_value_array_get_size(headers) > 0) {
    const GValue* first = gst_value_array_get_value(headers, 0);
    if (GST_VALUE_HOLDS_BUFFER(first)) return bytes_of(gst_value_get_buffer(first));
  }
  guint32 rate = 0;
  guint8 channels = 0, family = 0, streams = 0, coupled = 0, mapping[256];
  if (!gst_codec_utils_opus_parse_caps(const_cast<GstCaps*>(caps), &rate, &channels, &family, &streams,
                                       &coupled, mapping)) {
    return {};
  }
  Ptr<GstBuffer> made(
      gst_codec_utils_opus_create_header(rate, channels, family, streams, coupled, mapping, kOpusPreSkip, 0));
  return made ? bytes_of(made.get()) : Bytes();
}

Ptr<GstBuffer> buffer_of(const Bytes& bytes) {
  Ptr<GstBuffer> buffer(gst_buffer_new_allocate(nullptr, bytes.size(), nullptr));
  gst_buffer_fill(buffer.get(), 0, bytes.data(), bytes.size());
  return buffer;
}

template <typename... A>
Ptr<GstCaps> make(const char* name, A... fields) {
  return Ptr<GstCaps>(gst_caps_new_simple(name, fields..., nullptr));
}

Ptr<GstCaps> make_opus(const Track& track) {
  auto head = m4f::opus::parse_dops(track.config);
  Ptr<GstCaps> caps;
  if (head) {
    caps.reset(
        gst_codec_utils_opus_create_caps_from_header(buffer_of(m4f::opus::make_head(*head)).get(), nullptr));
  }
  if (!caps) {
    caps = make("audio/x-opus", "channel-mapping-family", G_TYPE_INT, 0, "channels", G_TYPE_INT,
                static_cast<int>(track.channels));
  }
  return caps;
}

Ptr<GstCaps> make_codec_caps(const Track& track, ByteView frame) {
  switch (track.codec) {
    case Codec::kH264: {
      auto caps = make("video/x-h264", "stream-format", G_TYPE_STRING, "avc", "alignment", G_TYPE_STRING,
                       "au", "parsed", G_TYPE_BOOLEAN, TRUE);
      // ISO 14496-15 5.3.3.1.2: profile, compatibility and level are bytes 1 to 3 of avcC.
      if (track.config.size() >= 4) {
        gst_codec_utils_h264_caps_set_level_and_profile(caps.get(), track.config.data() + 1, 3);
      }
      return caps;
    }
    case Codec::kH265: {
      auto caps = make("video/x-h265", "stream-format", G_TYPE_STRING, "hvc1", "alignment", G_TYPE_STRING,
                       "au", "parsed", G_TYPE_BOOLEAN, TRUE);
      // ISO 14496-15 8.3.3.1.2: the twelve bytes of profile, tier and level begin at byte 1 of hvcC.
      if (track.config.size() >= 13) {
        gst_codec_utils_h265_caps_set_level_tier_and_profile(caps.get(), track.config.data() + 1, 12);
      }
      return caps;
    }
    case Codec::kMpeg1Video:
    case Codec::kMpeg2Video:
      return make("video/mpeg", "mpegversion", G_TYPE_INT, track.codec == Codec::kMpeg1Video ? 1 : 2,
                  "systemstream", G_TYPE_BOOLEAN, FALSE, "parsed", G_TYPE_BOOLEAN, TRUE);
    case Codec::kAv1:
      return make("video/x-av1", "stream-format", G_TYPE_STRING, "obu-stream", "alignment", G_TYPE_STRING,
                  "tu", "parsed", G_TYPE_BOOLEAN, TRUE);
    case Codec::kVp8:
      return Ptr<GstCaps>(gst_caps_new_empty_simple("video/x-vp8"));
    case Codec::kVp9:
      return make("video/x-vp9", "alignment", G_TYPE_STRING, "super-frame", "parsed", G_TYPE_BOOLEAN, TRUE);
    case Codec::kAac: {
      auto caps = make("audio/mpeg", "mpegversion", G_TYPE_INT, 4, "stream-format", G_TYPE_STRING, "raw",
                       "framed", G_TYPE_BOOLEAN, TRUE);
      gst_codec_utils_aac_caps_set_level_and_profile(caps.get(), track.config.data(),
                                                     static_cast<guint>(track.config.size()));
      return caps;
    }
    case Codec::kMpegAudio: {
      auto header = m4f::mpeg_audio::parse_header(frame);
      return make("audio/mpeg", "mpegversion", G_TYPE_INT, 1, "layer", G_TYPE_INT, header ? header->layer : 3,
                  "parsed", G_TYPE_BOOLEAN, TRUE);
    }
    case Codec::kAc3:
      return make("audio/x-ac3", "framed", G_TYPE_BOOLEAN, TRUE, "alignment", G_TYPE_STRING, "frame");
    case Codec::kEac3:
      return make("audio/x-eac3", "framed", G_TYPE_BOOLEAN, TRUE, "alignment", G_TYPE_STRING, "frame");
    case Codec::kOpus:
      return make_opus(track);
  }
  return Ptr<GstCaps>(gst_caps_new_empty());
}

bool has_codec_data(Codec codec) {
  return codec == Codec::kH264 || codec == Codec::kH265 || codec == Codec::kAv1 || codec == Codec::kAac;
}

void set_positive(GstCaps* caps, const char* name, uint32_t value) {
  if (value > 0) gst_caps_set_simple(caps, name, G_TYPE_INT, static_cast<int>(value), nullptr);
}

}  // namespace

bool InputFormat::same_framing(const InputFormat& next) const {
  return codec == next.codec && length_size == next.length_size && config.empty() == next.config.empty();
}

Result<void> InputFormat::apply(m4f::Canonicalizer& to) const {
  if (length_size > 0) to.set_length_size(length_size);
  to.set_video_hint(width, height, fps_num, fps_den);
  to.set_audio_hint(sample_rate, channels);
  if (config.empty()) return {};
  return to.set_config(config);
}

Result<InputFormat> format_of(const GstCaps* caps) {
  const GstStructure* s = gst_caps_get_structure(caps, 0);
  auto codec = codec_of(s);
  if (!codec) return tl::unexpected(codec.error());
  InputFormat format;
  format.codec = *codec;
  format.width = number_field(s, "width");
  format.height = number_field(s, "height");
  fraction_field(s, "framerate", format.fps_num, format.fps_den);
  format.sample_rate = number_field(s, "rate");
  format.channels = number_field(s, "channels");
  switch (*codec) {
    case Codec::kH264:
    case Codec::kH265:
      if (auto read = read_h26x(s, format); !read) return tl::unexpected(read.error());
      break;
    case Codec::kAac:
      if (text_field(s, "stream-format") != "adts") format.config = codec_data(s);
      break;
    case Codec::kAv1:
      format.config = codec_data(s);
      break;
    case Codec::kOpus:
      format.config = opus_head(caps, s);
      break;
    default:
      break;
  }
  return format;
}

Ptr<GstCaps> caps_of(const Track& track, ByteView frame) {
  Ptr<GstCaps> caps = make_codec_caps(track, frame);
  if (has_codec_data(track.codec) && !track.config.empty()) {
    gst_caps_set_simple(caps.get(), "codec_data", GST_TYPE_BUFFER, buffer_of(track.config).get(), nullptr);
  }
  if (m4f::content_of(track.codec) == m4f::Content::kVideo) {
    set_positive(caps.get(), "width", track.width);
    set_positive(caps.get(), "height", track.height);
    if (track.fps_num > 0 && track.fps_den > 0) {
      gst_caps_set_simple(caps.get(), "framerate", GST_TYPE_FRACTION, static_cast<int>(track.fps_num),
                          static_cast<int>(track.fps_den), nullptr);
    }
    if (track.sar_width > 0 && track.sar_height > 0) {
      gst_caps_set_simple(caps.get(), "pixel-aspect-ratio", GST_TYPE_FRACTION,
                          static_cast<int>(track.sar_width), static_cast<int>(track.sar_height), nullptr);
    }
  } else {
    set_positive(caps.get(), "rate", track.sample_rate);
    set_positive(caps.get(), "channels", track.channels);
  }
  return caps;
}

std::string language_of(const GstTagList* tags) {
  gstx::Text code;
  gst_tag_list_get_string(tags, GST_TAG_LANGUAGE_CODE, gstx::out(code));
  if (!code) return {};
  const char* three = gst_tag_get_language_code_iso_639_2T(code.get());
  return three ? three : "";
}

}  // namespace sluice
