// The parameter sets of an H.264 or H.265 stream as they come, and the decoder configuration made of them.
#pragma once

#include <optional>
#include <vector>

#include "m4f/media/track.h"

namespace m4f {

// A set that comes again with the same bytes is no change: encoders repeat theirs at each key frame.
class ParameterSets {
 public:
  // REQUIRES: codec is kH264 or kH265.
  explicit ParameterSets(Codec codec) : h265_(codec == Codec::kH265) {}

  // Keeps the set if it is valid and new. When an SPS changed, the PPS that belonged to it and are not sent
  // again before the access unit's end are forgotten, because they were made for the other picture format.
  void add(ByteView nal);
  // A slice header's pps_id: tells which SPS is in use.
  void use_pps(uint32_t pps_id);
  // Call at the end of each access unit (and after out-of-band sets). The stream's description if it changed
  // and all that is needed is there.
  std::optional<Track> changed_track();

 private:
  enum class Kind : uint8_t { kVps, kSps, kPps };
  struct Set {
    Kind kind;
    uint8_t id, parent;  // parent: SPS of a PPS
    bool fresh;          // came in this access unit
    Bytes bytes;
  };
  std::optional<Set> parse(ByteView nal) const;
  std::vector<ByteView> all(Kind kind) const;
  std::optional<Track> describe() const;

  bool h265_;
  bool dirty_ = false;
  std::optional<uint8_t> changed_sps_;
  std::optional<uint8_t> active_sps_;
  std::vector<Set> sets_;  // by kind, then id
};

}  // namespace m4f
