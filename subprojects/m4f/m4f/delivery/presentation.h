// What a stream's playlists declare once and keep: target duration, part hold-back, the oldest number still
// listed.
#pragma once

#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "m4f/playlist/playlist.h"

namespace m4f {

// Thread-safe.
class Presentation {
 public:
  struct Limits {
    unsigned target_duration = 0;  // seconds
    Ticks part_hold_back;          // 0 = no parts
    uint64_t first_number = 0;
    ListedWindow window;  // of the view that was asked about
  };

  // Decides at the first call with segments; later calls keep what was decided. A segment that breaks it
  // (players take a longer one for an error, rfc8216bis 4.4.3.1) raises the limit, with head room and a
  // warning.
  Limits limits(const RingView& view, Ticks segment_duration);

  // Notes that a container leaves out tracks of the view, once per track.
  void warn_left_out(const RingView& view, Container container, std::string_view output);
  std::vector<std::string> take_warnings();

 private:
  void warn(std::string text);  // REQUIRES: mutex_ held

  std::mutex mutex_;
  unsigned target_duration_ = 0;
  Ticks hold_back_;
  uint64_t first_number_ = 0, newest_version_ = 0;
  uint64_t checked_number_ = 0;  // segments up to this one kept the target duration
  std::set<std::string> warned_;
  std::vector<std::string> warnings_;
};

}  // namespace m4f
