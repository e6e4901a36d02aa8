// What a stream is made of: its tracks, in M4F's canonical forms.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "m4f/base/bytes.h"
#include "m4f/base/ticks.h"

namespace m4f {

enum class Content : uint8_t { kVideo = 1, kAudio = 2, kText = 3 };

// The numbers stand in M4F records (docs/m4f.md): append, never renumber.
enum class Codec : uint8_t {
  kH264 = 1,        // frames: 4-byte length-prefixed NAL units without AUD and parameter sets; config: avcC
  kH265 = 2,        // frames: likewise;                                                       config: hvcC
  kMpeg1Video = 3,  // frames: one coded picture with its headers;                             config: empty
  kMpeg2Video = 4,  // likewise
  kAv1 = 5,         // frames: temporal units, low-overhead OBUs without temporal delimiters;  config: av1C
  kVp8 = 6,         // frames: as coded;                                                       config: empty
  kVp9 = 7,   // frames: as coded (superframes whole);                                   config: vpcC payload, version and flags included
  kAac = 32,  // frames: raw_data_block without ADTS header;                             config:
              // AudioSpecificConfig
  kMpegAudio = 33,  // frames: whole MPEG-1/2 layer I-III frames;                              config: empty
  kAc3 = 34,   // frames: whole syncframes;                                               config: dac3 payload
  kEac3 = 35,  // frames: whole access units;                                             config: dec3 payload
  kOpus = 36,  // frames: one packet;                                                     config: dOps payload
};

std::string_view codec_name(
    Codec codec);  // the API's names: h264 hevc mp1v mp2v av1 vp8 vp9 aac mp3 ac3 eac3 opus
constexpr Content content_of(Codec codec) {
  return static_cast<uint8_t>(codec) < 32 ? Content::kVideo : Content::kAudio;
}

// "v1", "a2": kind and number from 1.
struct TrackId {
  Content content = Content::kVideo;
  uint8_t number = 1;

  auto operator<=>(const TrackId&) const = default;
  std::string text() const;
  static std::optional<TrackId> parse(std::string_view text);  // exactly one id
};

struct Track {
  TrackId id = {};
  Codec codec = Codec::kH264;
  std::string rfc6381 = {};   // "avc1.64001f", "mp4a.40.2"
  Bytes config = {};          // decoder configuration, see Codec
  std::string language = {};  // ISO 639-2 three letters, empty = unknown
  std::string title = {};

  // Video. Display size is width x height after the sample aspect ratio is applied by the player.
  uint32_t width = 0, height = 0;  // coded pixels after cropping
  uint32_t sar_width = 1, sar_height = 1;
  uint32_t fps_num = 0, fps_den = 1;  // 0/1 = unknown or variable
  // Audio.
  uint32_t sample_rate = 0, channels = 0;

  uint32_t bitrate = 0;  // bit/s, measured or declared; 0 = unknown yet
  // LL-HLS: no part of this track is longer; constant for the stream's life (rfc8216bis 4.4.3.7); 0 = no
  // parts.
  Ticks part_target = {};
  // Usual duration of a frame; stands in where the next frame's time is not known yet.
  Ticks frame_duration = {};

  bool operator==(const Track&) const = default;
  // True if a decoder set up for *this can go on with `next` (bitrate, title and language may differ).
  bool same_format(const Track& next) const;
};

// An ordered selection of tracks, as in "tracks-v2a1" and "?filter.tracks=v1a1". Empty = all.
struct TrackSelection {
  std::vector<TrackId> ids;

  static std::optional<TrackSelection> parse(std::string_view text);  // "v1a1"; at most 32 ids, no repeats
  std::string text() const;
  bool operator==(const TrackSelection&) const = default;
};

}  // namespace m4f
