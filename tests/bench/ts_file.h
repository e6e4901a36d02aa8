// A TS file cut into the chunks that a live source would send: one per PES, with the time each is due.
#pragma once

#include <cstdint>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <vector>

namespace bench {

constexpr size_t kPacket = 188;

struct Chunk {
  size_t begin = 0, end = 0;  // bytes of the file
  int64_t dts = -1;           // 90 kHz, of the PES that starts it
  uint16_t pid = 0;
  bool video = false;
};

// PTS of a PES that starts in this packet, or -1. DTS where there is one is what paces, so it is preferred
// with `dts`.
inline int64_t pes_time(const uint8_t* p, bool dts) {
  if (!(p[1] & 0x40) || !(p[3] & 0x10)) return -1;
  const size_t at = (p[3] & 0x20) ? 5u + p[4] : 4u;
  if (at + 19 > kPacket || p[at] || p[at + 1] || p[at + 2] != 1) return -1;
  const uint8_t id = p[at + 3];
  if (id < 0xC0 || id > 0xEF || !(p[at + 7] & 0x80)) return -1;
  const uint8_t* t = p + at + ((dts && (p[at + 7] & 0x40)) ? 14 : 9);
  return static_cast<int64_t>(t[0] >> 1 & 7) << 30 | static_cast<int64_t>(t[1]) << 22 |
         static_cast<int64_t>(t[2] >> 1) << 15 | static_cast<int64_t>(t[3]) << 7 | t[4] >> 1;
}

inline bool is_video_start(const uint8_t* p) {
  const size_t at = (p[3] & 0x20) ? 5u + p[4] : 4u;
  return (p[1] & 0x40) && at + 4 < kPacket && !p[at] && !p[at + 1] && p[at + 2] == 1 && p[at + 3] >= 0xE0 &&
         p[at + 3] <= 0xEF;
}

class TsFile {
 public:
  explicit TsFile(const char* path) {
    std::ifstream in(path, std::ios::binary);
    bytes.assign(std::istreambuf_iterator<char>(in), {});
    for (size_t at = 0; at + kPacket <= bytes.size(); at += kPacket) {
      const int64_t dts = pes_time(&bytes[at], true);
      if (dts >= 0 || chunks.empty()) {
        if (!chunks.empty()) chunks.back().end = at;
        chunks.push_back({at, at + kPacket, dts,
                          static_cast<uint16_t>((bytes[at + 1] & 0x1f) << 8 | bytes[at + 2]),
                          is_video_start(&bytes[at])});
      }
      chunks.back().end = at + kPacket;
    }
  }

  std::vector<uint8_t> bytes;
  std::vector<Chunk> chunks;
};

}  // namespace bench
