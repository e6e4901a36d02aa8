#include "m4f/delivery/query.h"

#include <charconv>

namespace m4f {
namespace {

constexpr size_t kMaxQuery = 4096;  // bytes

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// Percent-decodes; a broken escape stays as it is (an unknown key's value is none of our business).
std::string decoded(std::string_view raw) {
  std::string out;
  for (size_t i = 0; i < raw.size(); ++i) {
    if (raw[i] == '%' && i + 2 < raw.size() && hex_digit(raw[i + 1]) >= 0 && hex_digit(raw[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(raw[i + 1]) * 16 + hex_digit(raw[i + 2]));
      i += 2;
    } else {
      out += raw[i];
    }
  }
  return out;
}

// Carried text ends up between quotes and on lines of its own: whatever could end either is escaped.
void append_escaped(std::string& out, std::string_view raw) {
  constexpr char kHex[] = "0123456789ABCDEF";
  for (const char c : raw) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte <= 0x20 || byte >= 0x7f || c == '"' || c == '<' || c == '>' || c == '\\' || c == '#') {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
}

Result<void> set_number(std::optional<uint64_t>& field, std::string_view key, std::string_view text) {
  uint64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || failed != std::errc() || end != text.data() + text.size())
    return error(Errc::kInvalid, "{} is not a number", key);
  if (field && *field != value) return error(Errc::kInvalid, "{} is given twice", key);
  field = value;
  return {};
}

Result<void> set_tracks(TrackSelection& field, std::string_view text) {
  auto selection = TrackSelection::parse(text);
  if (!selection) return error(Errc::kInvalid, "no such selection of tracks");
  field = std::move(*selection);
  return {};
}

Result<void> take(Query& query, std::string_view key, std::string_view value) {
  if (key == "_HLS_msn") return set_number(query.msn, key, value);
  if (key == "_HLS_part") return set_number(query.part, key, value);
  if (key == "_HLS_skip") query.skip = query.skip || value == "YES" || value == "v2";
  if (key == "separate_audio") query.separate_audio = value == "true" || value == "1";
  if (key == "filter.tracks") return set_tracks(query.tracks, value);
  constexpr std::string_view kOldFilter = "tracks:";
  if (key == "filter" && value.starts_with(kOldFilter))
    return set_tracks(query.tracks, value.substr(kOldFilter.size()));
  return {};
}

}  // namespace

Result<Query> parse_query(std::string_view raw) {
  if (raw.size() > kMaxQuery) return error(Errc::kLimit, "a query longer than {} bytes", kMaxQuery);
  Query query;
  while (!raw.empty()) {
    const size_t end = std::min(raw.find('&'), raw.size());
    const std::string_view pair = raw.substr(0, end);
    raw.remove_prefix(std::min(end + 1, raw.size()));
    if (pair.empty()) continue;
    const size_t equals = std::min(pair.find('='), pair.size());
    const std::string key = decoded(pair.substr(0, equals));
    const std::string value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (auto taken = take(query, key, value); !taken) return tl::unexpected(std::move(taken).error());
    if (key.starts_with("_HLS_")) continue;
    if (!query.carried.empty()) query.carried += '&';
    append_escaped(query.carried, pair);
  }
  if (query.part && !query.msn) return error(Errc::kInvalid, "_HLS_part without _HLS_msn");
  return query;
}

}  // namespace m4f
