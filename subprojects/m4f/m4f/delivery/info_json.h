// What a stream is made of, as JSON (flussonic's media_info, index.json and public stream).
#pragma once

#include <string>

#include "m4f/ring/live_ring.h"

namespace m4f {

struct InfoOptions {
  std::string name, title, provider;
};

std::string media_info_json(const RingView& view, const InfoOptions& options);
std::string info_json(const RingView& view, const InfoOptions& options);
// The abstract manifest; `first` and `end`: the listed segments of the view.
std::string index_json(const RingView& view, size_t first, size_t end, const InfoOptions& options);

// A JSON string with its quotes. Bytes that are no valid UTF-8 stand as U+FFFD.
std::string json_string(std::string_view text);

}  // namespace m4f
