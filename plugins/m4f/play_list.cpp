#include "m4f/play_list.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace sluice {
namespace {

using m4f::Errc;
using m4f::error;
using std::chrono::milliseconds;
using std::chrono::system_clock;

constexpr size_t kMaxLine = 4096;
constexpr uint64_t kMaxSeconds = 100'000'000'000;  // beyond that nothing is a time

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}

// Takes a number of `digits` (0 = any) off the front.
std::optional<uint64_t> take_number(std::string_view& text, size_t digits = 0) {
  uint64_t value = 0;
  const std::string_view field = digits ? text.substr(0, digits) : text;
  const auto [end, fault] = std::from_chars(field.data(), field.data() + field.size(), value);
  const auto used = static_cast<size_t>(end - field.data());
  if (fault != std::errc() || used == 0 || (digits && used != digits)) return std::nullopt;
  text.remove_prefix(used);
  return value;
}

bool take(std::string_view& text, char c) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

// ".25" as milliseconds; what is finer is dropped.
milliseconds take_fraction(std::string_view& text) {
  if (!take(text, '.')) return milliseconds(0);
  int value = 0, scale = 100;
  while (!text.empty() && text.front() >= '0' && text.front() <= '9') {
    value += (text.front() - '0') * scale;
    scale /= 10;
    text.remove_prefix(1);
  }
  return milliseconds(value);
}

std::optional<milliseconds> seconds_of(std::string_view text) {
  const auto whole = take_number(text);
  if (!whole || *whole > kMaxSeconds) return std::nullopt;
  const milliseconds value = std::chrono::seconds(*whole) + take_fraction(text);
  // An EXTINF may have a title.
  return text.empty() || text.front() == ',' ? std::optional(value) : std::nullopt;
}

// 2013-02-12T12:58:38Z, with a fraction or an offset as ISO 8601 has them.
std::optional<system_clock::time_point> date_of(std::string_view text) {
  const auto year = take_number(text, 4);
  if (!year || !take(text, '-')) return std::nullopt;
  const auto month = take_number(text, 2);
  if (!month || !take(text, '-')) return std::nullopt;
  const auto day = take_number(text, 2);
  if (!day || !take(text, 'T')) return std::nullopt;
  const auto hour = take_number(text, 2);
  if (!hour || !take(text, ':')) return std::nullopt;
  const auto minute = take_number(text, 2);
  if (!minute || !take(text, ':')) return std::nullopt;
  const auto second = take_number(text, 2);
  if (!second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
  const milliseconds fraction = take_fraction(text);
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(static_cast<unsigned>(*month)),
                                         std::chrono::day(static_cast<unsigned>(*day))};
  if (!date.ok() || *year < 1970) return std::nullopt;
  std::chrono::minutes offset(0);
  if (!take(text, 'Z')) {
    const bool east = take(text, '+');
    if (!east && !take(text, '-')) return std::nullopt;
    const auto hours = take_number(text, 2);
    take(text, ':');
    const auto minutes = take_number(text, 2);
    if (!hours || !minutes || *hours > 23 || *minutes > 59) return std::nullopt;
    offset = std::chrono::hours(*hours) + std::chrono::minutes(*minutes);
    if (!east) offset = -offset;
  }
  if (!text.empty()) return std::nullopt;
  return std::chrono::sys_days(date) + std::chrono::hours(*hour) + std::chrono::minutes(*minute) +
         std::chrono::seconds(*second) + fraction - offset;
}

// The tag's value if the line has that tag.
std::optional<std::string_view> value_of(std::string_view line, std::string_view tag) {
  if (!line.starts_with(tag)) return std::nullopt;
  return trim(line.substr(tag.size()));
}

}  // namespace

m4f::Result<PlayList> parse_play_list(std::string_view text) {
  if (text.size() > kMaxPlayListBytes)
    return error(Errc::kInvalid, "the list has more than {} bytes", kMaxPlayListBytes);
  PlayList list;
  PlayItem item;
  for (size_t number = 1; !text.empty(); ++number) {
    const size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = trim(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const auto bad = [&](std::string_view what) {
      return error(Errc::kInvalid, "line {}: {}", number, what);
    };
    if (line.size() > kMaxLine) return bad("longer than anything that a name can be");
    if (line.find('\0') != std::string_view::npos) return bad("holds a NUL: this is no text");
    if (const auto value = value_of(line, "#EXTINF:")) {
      item.duration = seconds_of(*value);
      if (!item.duration || item.duration->count() == 0) return bad("#EXTINF needs seconds: #EXTINF:60");
    } else if (const auto value = value_of(line, "#EXT-X-MEDIA-SEQUENCE:")) {
      std::string_view rest = *value;
      list.sequence = take_number(rest);
      if (!list.sequence || !rest.empty() || *list.sequence > UINT64_MAX - kMaxPlayItems)
        return bad("#EXT-X-MEDIA-SEQUENCE needs a number");
    } else if (const auto value = value_of(line, "#EXT-X-UTC:")) {
      const auto at = seconds_of(*value);
      if (!at) return bad("#EXT-X-UTC needs seconds since 1970");
      item.start = system_clock::time_point(*at);
    } else if (const auto value = value_of(line, "#EXT-X-PROGRAM-DATE-TIME:")) {
      item.start = date_of(*value);
      if (!item.start) return bad("#EXT-X-PROGRAM-DATE-TIME needs a time: 2013-02-12T12:58:38Z");
    } else if (line.front() != '#') {
      if (list.items.size() == kMaxPlayItems) return bad("more items than a list may have");
      item.name = line;
      list.items.push_back(std::exchange(item, {}));
    }
  }
  return list;
}

PlayOrder::Next PlayOrder::next(const PlayList& list) {
  if (list.items.empty()) return {};
  if (list.sequence) {
    const uint64_t wanted = number_ ? *number_ + 1 : *list.sequence;
    if (wanted >= *list.sequence + list.items.size()) return {};  // all are older
    number_ = std::max(wanted, *list.sequence);
    item_ = static_cast<size_t>(*number_ - *list.sequence);
  } else {
    number_.reset();
    item_ = last_ && *last_ == list ? (item_ + 1) % list.items.size() : 0;
  }
  last_ = list;
  return {item_};
}

}  // namespace sluice
