// A media playlist as a client reads it, for tests.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace m4f::testing {

using Attributes = std::map<std::string, std::string>;  // quotes removed

struct ParsedPart {
  double duration = 0;
  std::string uri;
  bool independent = false;
};

struct ParsedSegment {
  std::string uri;      // empty: the open one, of which only parts are listed
  double duration = 0;  // EXTINF
  bool discontinuity = false, gap = false;
  std::string map;   // EXT-X-MAP that stands before it, if one does
  std::string date;  // EXT-X-PROGRAM-DATE-TIME likewise
  std::vector<ParsedPart> parts;

  double parts_duration() const;
};

struct ParsedPlaylist {
  int target_duration = 0, version = 0;
  uint64_t media_sequence = 0, discontinuity_sequence = 0, skipped = 0;
  bool independent_segments = false, ended = false;
  std::optional<Attributes> server_control;
  std::optional<double> part_target;
  std::vector<ParsedSegment> segments;  // skipped ones not counted
  std::vector<Attributes> hints, reports;
  std::vector<std::string> tags;  // names of all tags in order

  double duration() const;  // of all that is listed
  // Number of segments[i].
  uint64_t number(size_t i) const { return media_sequence + skipped + i; }
  std::vector<ParsedPart> all_parts() const;
};

// Throws std::runtime_error with the line that breaks the syntax or the order of tags.
ParsedPlaylist parse_playlist(std::string_view text);
Attributes parse_attributes(std::string_view list);

// The file testdata/playlist/NAME is what `text` must be; M4F_UPDATE_GOLDENS=1 in the environment rewrites
// it.
void expect_golden(const std::string& name, std::string_view text);

}  // namespace m4f::testing
