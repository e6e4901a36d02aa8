// A list of what a stream plays one after another. Pure: the text of a file in, items out.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "m4f/base/error.h"

namespace sluice {

struct PlayItem {
  std::string name;                                            // as written: LOCATION/FILE
  std::optional<std::chrono::milliseconds> duration;           // play no more of it
  std::optional<std::chrono::system_clock::time_point> start;  // not before
  bool operator==(const PlayItem&) const = default;
};

struct PlayList {
  std::optional<uint64_t> sequence;  // of the first item
  std::vector<PlayItem> items;
  bool operator==(const PlayList&) const = default;
};

inline constexpr size_t kMaxPlayListBytes = 1 << 20, kMaxPlayItems = 10'000;

// `#EXTINF:60`, `#EXT-X-UTC:seconds` and `#EXT-X-PROGRAM-DATE-TIME:...` are of the item that follows,
// `#EXT-X-MEDIA-SEQUENCE:20` of the list; other lines that begin with '#' mean nothing. Errors name the line.
m4f::Result<PlayList> parse_play_list(std::string_view text);

// What is played next, as the list changes.
class PlayOrder {
 public:
  struct Next {
    std::optional<size_t> item;  // of the list; nothing: wait a second and read it again
  };
  // After every item, with the list as it is now. With a sequence the item after the one that was played
  // last, or the first one that is later; without, the next item of the same list and the first of a changed
  // one.
  Next next(const PlayList& list);

 private:
  std::optional<PlayList> last_;
  size_t item_ = 0;  // of it
  std::optional<uint64_t> number_;
};

}  // namespace sluice
