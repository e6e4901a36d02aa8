#include "m4f/playlist/testing/parsed_playlist.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace m4f::testing {

double ParsedSegment::parts_duration() const {
  double sum = 0;
  for (const ParsedPart& part : parts) sum += part.duration;
  return sum;
}

double ParsedPlaylist::duration() const {
  double sum = 0;
  for (const ParsedSegment& segment : segments)
    sum += segment.uri.empty() ? segment.parts_duration() : segment.duration;
  return sum;
}

std::vector<ParsedPart> ParsedPlaylist::all_parts() const {
  std::vector<ParsedPart> all;
  for (const ParsedSegment& segment : segments)
    all.insert(all.end(), segment.parts.begin(), segment.parts.end());
  return all;
}

Attributes parse_attributes(std::string_view list) {
  Attributes out;
  while (!list.empty()) {
    const size_t equals = list.find('=');
    if (equals == list.npos) throw std::runtime_error("attribute without value: " + std::string(list));
    const std::string name(list.substr(0, equals));
    list.remove_prefix(equals + 1);
    size_t end = list.find(',');
    std::string value;
    if (list.starts_with('"')) {
      end = list.find('"', 1);
      if (end == list.npos) throw std::runtime_error("open quote: " + name);
      value = list.substr(1, end - 1);
      ++end;
    } else {
      value = list.substr(0, end);
    }
    if (!out.emplace(name, value).second) throw std::runtime_error("attribute twice: " + name);
    list.remove_prefix(std::min(end, list.size()));
    if (list.starts_with(',')) list.remove_prefix(1);
  }
  return out;
}

ParsedPlaylist parse_playlist(std::string_view text) {
  ParsedPlaylist out;
  if (!text.ends_with('\n')) throw std::runtime_error("the last line is not ended");
  ParsedSegment segment;
  bool media = false;  // a segment, part or skip came
  bool extinf = false;
  bool first = true;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    const size_t colon = line.find(':');
    const std::string_view tag = line.substr(0, colon);
    const std::string value(colon == line.npos ? std::string_view{} : line.substr(colon + 1));
    if (std::exchange(first, false)) {
      if (line != "#EXTM3U") throw std::runtime_error("no EXTM3U");
      continue;
    }
    if (!line.starts_with('#')) {
      if (line.empty() || !extinf) throw std::runtime_error("address without EXTINF: " + std::string(line));
      segment.uri = line;
      out.segments.push_back(std::exchange(segment, {}));
      extinf = false;
      media = true;
      continue;
    }
    out.tags.emplace_back(tag);
    const auto once_before_media = [&] {
      if (media) throw std::runtime_error("after the first segment: " + std::string(line));
    };
    if (tag == "#EXT-X-TARGETDURATION") {
      once_before_media();
      out.target_duration = std::stoi(value);
    } else if (tag == "#EXT-X-VERSION") {
      once_before_media();
      out.version = std::stoi(value);
    } else if (tag == "#EXT-X-INDEPENDENT-SEGMENTS") {
      out.independent_segments = true;
    } else if (tag == "#EXT-X-SERVER-CONTROL") {
      out.server_control = parse_attributes(value);
    } else if (tag == "#EXT-X-PART-INF") {
      out.part_target = std::stod(parse_attributes(value).at("PART-TARGET"));
    } else if (tag == "#EXT-X-MEDIA-SEQUENCE") {
      once_before_media();
      out.media_sequence = std::stoull(value);
    } else if (tag == "#EXT-X-DISCONTINUITY-SEQUENCE") {
      once_before_media();
      out.discontinuity_sequence = std::stoull(value);
    } else if (tag == "#EXT-X-SKIP") {
      once_before_media();
      out.skipped = std::stoull(parse_attributes(value).at("SKIPPED-SEGMENTS"));
      media = true;
    } else if (tag == "#EXT-X-DISCONTINUITY") {
      segment.discontinuity = true;
      media = true;
    } else if (tag == "#EXT-X-GAP") {
      segment.gap = true;
    } else if (tag == "#EXT-X-MAP") {
      segment.map = parse_attributes(value).at("URI");
      media = true;
    } else if (tag == "#EXT-X-PROGRAM-DATE-TIME") {
      segment.date = value;
      media = true;
    } else if (tag == "#EXT-X-PART") {
      if (extinf) throw std::runtime_error("a part after its parent's EXTINF");
      const Attributes a = parse_attributes(value);
      segment.parts.push_back({std::stod(a.at("DURATION")), a.at("URI"), a.contains("INDEPENDENT")});
      media = true;
    } else if (tag == "#EXTINF") {
      segment.duration = std::stod(value);
      extinf = true;
    } else if (tag == "#EXT-X-PRELOAD-HINT") {
      out.hints.push_back(parse_attributes(value));
    } else if (tag == "#EXT-X-RENDITION-REPORT") {
      out.reports.push_back(parse_attributes(value));
    } else if (tag == "#EXT-X-ENDLIST") {
      out.ended = true;
    } else {
      throw std::runtime_error("unknown tag: " + std::string(line));
    }
  }
  if (!segment.parts.empty()) out.segments.push_back(std::move(segment));
  return out;
}

void expect_golden(const std::string& name, std::string_view text) {
  const std::string path = std::string(M4F_TEST_DATA) + "/playlist/" + name;
  if (const char* update = std::getenv("M4F_UPDATE_GOLDENS"); update && std::string_view(update) == "1") {
    std::filesystem::create_directories(std::filesystem::path(path).parent_path());
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(golden.str(), text) << path << " differs. If the change is meant, rewrite it with\n"
                                << "  M4F_UPDATE_GOLDENS=1 meson test -C build m4f";
}

}  // namespace m4f::testing
