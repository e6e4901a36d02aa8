#include "m4f/delivery/route.h"

#include <array>
#include <charconv>

#include "m4f/delivery/delivery.h"

namespace m4f {
namespace {

constexpr int kMaxTailComponents = 7;  // tracks-v1/2026/11/20/13/05/37-05000.ts

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

bool take_suffix(std::string_view& text, std::string_view suffix) {
  if (!text.ends_with(suffix)) return false;
  text.remove_suffix(suffix.size());
  return true;
}

// The whole text as a number, without sign, space or superfluous zeros: each resource has one address.
bool whole_number(std::string_view text, uint64_t& value, int base = 10) {
  if (text.empty() || (base == 10 && text.size() > 1 && text[0] == '0')) return false;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return failed == std::errc() && end == text.data() + text.size();
}

bool is_date_path(std::string_view text) {
  constexpr std::string_view kShape = "dddd/dd/dd/dd/dd/dd-";
  if (text.size() < kShape.size() + 5 || text.size() > kShape.size() + 8) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool digit = text[i] >= '0' && text[i] <= '9';
    if (i < kShape.size() && kShape[i] != 'd' ? text[i] != kShape[i] : !digit) return false;
  }
  return true;
}

bool take_media_ending(std::string_view& text, Container& container) {
  if (take_suffix(text, ".ts")) {
    container = Container::kTs;
  } else if (take_suffix(text, ".m4s")) {
    container = Container::kFmp4;
  } else {
    return false;
  }
  return true;
}

Route parse_playlist(std::string_view name) {
  Route route;
  if (take_suffix(name, ".ll")) {
    route.container = Container::kFmp4;
    route.low_latency = true;
  } else if (take_suffix(name, ".fmp4")) {
    route.container = Container::kFmp4;
  } else {
    take_suffix(name, ".ts");
  }
  if (name == "mono") {
    route.kind = Route::Kind::kMedia;
  } else if (name == "index" || name == "playlist" || name == "video") {
    route.kind = Route::Kind::kMaster;
    route.all_audio = name == "video";
  }
  return route;
}

Route parse_media(std::string_view name) {
  Route route;
  if (std::string_view rest = name; take_prefix(rest, "init-")) {
    if (take_suffix(rest, ".mp4") && rest.size() == 16 && rest.find_first_of("ABCDEF") == rest.npos &&
        whole_number(rest, route.number, 16)) {
      route.kind = Route::Kind::kInit;
      route.container = Container::kFmp4;
    }
    return route;
  }
  if (!take_media_ending(name, route.container)) return route;
  if (is_date_path(name)) {
    route.kind = Route::Kind::kSegment;
    route.segment = name;
  } else if (take_prefix(name, "live-")) {
    if (whole_number(name, route.number)) route.kind = Route::Kind::kSegmentByDts;
  } else if (route.container != Container::kFmp4) {
    return route;
  } else if (take_prefix(name, "part-")) {
    const size_t dash = name.find('-');
    if (dash != name.npos && whole_number(name.substr(0, dash), route.number) &&
        whole_number(name.substr(dash + 1), route.part))
      route.kind = Route::Kind::kPart;
  } else if (take_prefix(name, "dash-")) {
    if (whole_number(name, route.number)) route.kind = Route::Kind::kDashSegment;
  }
  return route;
}

struct FixedName {
  std::string_view name;
  Route::Kind kind;
};
constexpr std::array<FixedName, 7> kFixedNames = {{
    {"index.mpd", Route::Kind::kMpd},
    {"Manifest.mpd", Route::Kind::kMpd},
    {"mpegts", Route::Kind::kMpegts},
    {"media_info.json", Route::Kind::kMediaInfo},
    {"info.json", Route::Kind::kInfo},
    {"index.json", Route::Kind::kIndexJson},
    {"embed.html", Route::Kind::kEmbed},
}};

}  // namespace

Route parse_route(std::string_view tail) {
  TrackSelection tracks;
  if (take_prefix(tail, "tracks-")) {
    const size_t slash = tail.find('/');
    if (slash == tail.npos) return {};
    auto selection = TrackSelection::parse(tail.substr(0, slash));
    if (!selection) return {};
    tracks = std::move(*selection);
    tail.remove_prefix(slash + 1);
  }
  Route route;
  if (std::string_view name = tail; take_suffix(name, ".m3u8")) {
    route = parse_playlist(name);
  } else {
    route = parse_media(tail);
    for (const FixedName& fixed : kFixedNames)
      if (tail == fixed.name) route.kind = fixed.kind;
    if (route.kind == Route::Kind::kMpd) route.container = Container::kFmp4;
  }
  route.tracks = std::move(tracks);
  return route;
}

bool Delivery::is_resource(std::string_view tail) {
  return parse_route(tail).kind != Route::Kind::kNone;
}

bool Delivery::is_entrance(std::string_view tail) {
  switch (parse_route(tail).kind) {
    case Route::Kind::kMaster:
    case Route::Kind::kMedia:
    case Route::Kind::kMpd:
    case Route::Kind::kMpegts:
      return true;
    default:
      return false;
  }
}

bool Delivery::split(std::string_view path, std::string_view& name, std::string_view& tail) {
  // The longest tail wins: "a/tracks-v1/mono.m3u8" is a's, not that of a stream "a/tracks-v1".
  bool found = false;
  size_t slash = path.size();
  for (int components = 1; components <= kMaxTailComponents; ++components) {
    if (slash == 0) break;
    slash = path.rfind('/', slash - 1);
    if (slash == path.npos || slash == 0) break;
    const std::string_view candidate = path.substr(slash + 1);
    if (!is_resource(candidate)) continue;
    name = path.substr(0, slash);
    tail = candidate;
    found = true;
  }
  return found;
}

}  // namespace m4f
