// The query string of a media request.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "m4f/base/error.h"
#include "m4f/media/track.h"

namespace m4f {

struct Query {
  TrackSelection tracks;  // filter.tracks=v1a1 or filter=tracks:v1a1; empty = none
  bool separate_audio = false;
  bool skip = false;                  // _HLS_skip=YES or v2
  std::optional<uint64_t> msn, part;  // _HLS_msn, _HLS_part
  std::string carried;                // all but the _HLS_* keys, safe inside a quoted string of a playlist
};

// Unknown keys are carried on. An error: directives that are no numbers, contradict each other or make no
// sense alone (rfc8216bis 6.2.5.2), a selection that cannot be read.
Result<Query> parse_query(std::string_view raw);

}  // namespace m4f
