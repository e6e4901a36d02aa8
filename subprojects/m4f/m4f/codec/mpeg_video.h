// MPEG-1 and MPEG-2 video (ISO/IEC 11172-2, 13818-2): sequence and picture headers.
#pragma once

#include <optional>
#include <string>

#include "m4f/base/bytes.h"

namespace m4f::mpeg_video {

struct Sequence {
  bool mpeg2 = false;  // a sequence_extension follows
  uint32_t width = 0, height = 0;
  uint32_t sar_width = 1, sar_height = 1;
  uint32_t fps_num = 0, fps_den = 1;
  uint8_t profile_level = 0;
  bool low_delay = false;
  bool operator==(const Sequence&) const = default;
};

enum class PictureType : uint8_t { kI = 1, kP = 2, kB = 3, kD = 4 };

struct Picture {
  std::optional<Sequence> sequence;
  std::optional<PictureType> type;  // of the first picture
};

// Reads the headers before the first slice. A sync frame is an I picture with a sequence header.
Picture parse_picture(ByteView access_unit);

std::string rfc6381(const Sequence& sequence);  // "mp4v.61" (MPEG-2 Main), "mp4v.6a" (MPEG-1)

}  // namespace m4f::mpeg_video
