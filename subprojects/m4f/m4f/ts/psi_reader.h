// Reads program specific information (ISO/IEC 13818-1 2.4.4): sections out of packets, PAT and PMT out of
// sections.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "m4f/media/track.h"

namespace m4f::ts {

// Puts sections of one PID together. At most one section is held.
class SectionReader {
 public:
  // Feeds a packet's payload and gives each whole section, CRC_32 not yet checked, to `on_section(ByteView)`.
  template <typename F>
  void feed(ByteView payload, bool unit_start, F&& on_section) {
    if (unit_start) {
      if (payload.empty() || payload[0] >= payload.size()) return reset();
      const size_t pointer = payload[0];
      continue_with(payload.subspan(1, pointer), on_section);
      payload = payload.subspan(1 + pointer);
      reset();
      running_ = true;
    }
    continue_with(payload, on_section);
  }
  // Bytes were lost: what is held cannot be completed.
  void reset() {
    bytes_.clear();
    running_ = false;
  }

 private:
  static constexpr size_t kMaxSection = 4096;

  template <typename F>
  void continue_with(ByteView in, F&& on_section) {
    while (running_ && !in.empty()) {
      if (bytes_.empty() && in[0] == 0xff) return reset();  // stuffing to the end of the packet (2.4.4)
      const size_t want = bytes_.size() < 3 ? 3 : total();
      const size_t n = std::min(want - bytes_.size(), in.size());
      bytes_.insert(bytes_.end(), in.begin(), in.begin() + static_cast<ptrdiff_t>(n));
      in = in.subspan(n);
      if (bytes_.size() < 3) return;
      if (total() > kMaxSection) return reset();
      if (bytes_.size() < total()) continue;
      on_section(ByteView(bytes_));
      bytes_.clear();
    }
  }
  size_t total() const { return 3 + (static_cast<size_t>(bytes_[1] & 15) << 8 | bytes_[2]); }

  Bytes bytes_;
  bool running_ = false;
};

struct PatEntry {
  uint16_t program, pmt_pid;
};
// A PAT section that is current, CRC right. Programs with number 0 (the network PID) are left out.
std::optional<std::vector<PatEntry>> parse_pat(ByteView section);

struct PmtEntry {
  uint16_t pid = 0;
  uint8_t stream_type = 0;
  std::optional<Codec> codec;  // what it is, where something here carries it
  std::string what;            // otherwise its name for an operator
  std::string language;        // three letters, or empty
  uint8_t opus_channels = 0;   // channel_config_code
  bool operator==(const PmtEntry&) const = default;
};
struct Pmt {
  uint16_t program = 0, pcr_pid = 0;
  std::vector<PmtEntry> streams;
};
std::optional<Pmt> parse_pmt(ByteView section);

}  // namespace m4f::ts
