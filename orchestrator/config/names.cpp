#include "orchestrator/config/names.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

namespace sluice::config {
namespace {

constexpr size_t kLongWord = 128;

int hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(std::string_view s) {
  for (size_t i = 0; i < s.size();) {
    const auto c = static_cast<unsigned char>(s[i]);
    const size_t more = c < 0x80 ? 0 : c >> 5 == 6 ? 1 : c >> 4 == 14 ? 2 : c >> 3 == 30 ? 3 : 4;
    if (more == 4 || s.size() - i <= more) return false;
    uint32_t point = more == 0 ? c : c & (0x3Fu >> more);
    for (size_t k = 1; k <= more; ++k) {
      const auto next = static_cast<unsigned char>(s[i + k]);
      if ((next & 0xC0) != 0x80) return false;
      point = point << 6 | (next & 0x3F);
    }
    constexpr uint32_t kSmallest[] = {0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[more] || point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) return false;
    i += more + 1;
  }
  return true;
}

std::string percent_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
      out += static_cast<char>(hex_digit(text[i + 1]) << 4 | hex_digit(text[i + 2]));
      i += 2;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::string stream_name_problem(std::string_view name) {
  return name_problem(name, "a stream");
}

std::string name_problem(std::string_view name, std::string_view owner) {
  constexpr size_t kMaxName = 255;
  if (name.empty()) return fmt::format("{}'s name is empty", owner);
  if (name.size() > kMaxName)
    return fmt::format("{}'s name of {} bytes: at most {} are allowed", owner, name.size(), kMaxName);
  for (char c : name) {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9')) continue;
    if (c != '.' && c != '-' && c != '_' && c != '/')
      return fmt::format(
          "the name '{}' holds characters that {}'s name cannot have: use Latin letters, digits, '.', "
          "'-', '_' and '/'",
          name, owner);
  }
  for (size_t begin = 0; begin <= name.size();) {
    const size_t end = std::min(name.find('/', begin), name.size());
    const auto part = name.substr(begin, end - begin);
    if (part.empty())
      return fmt::format("the name '{}' has an empty part: write single '/' between the parts only", name);
    if (part == "." || part == "..")
      return fmt::format("the name '{}' has the part '{}', which is not allowed", name, part);
    begin = end + 1;
  }
  return {};
}

int edit_distance(std::string_view a, std::string_view b, int limit) {
  if (std::abs(static_cast<int>(a.size()) - static_cast<int>(b.size())) > limit) return limit + 1;
  if (b.size() >= kLongWord) return limit + 1;
  int rows[3][kLongWord];
  int *before = rows[0], *last = rows[1], *now = rows[2];
  for (size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (size_t i = 1; i <= a.size(); ++i) {
    now[0] = static_cast<int>(i);
    for (size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
        now[j] = std::min(now[j], before[j - 2] + 1);
    }
    std::swap(before, last);
    std::swap(last, now);
  }
  return std::min(last[b.size()], limit + 1);
}

Nearest::Nearest(std::string_view word)
    : word_(word),
      distance_(word.size() > 64 ? 0 : 1 + std::clamp(static_cast<int>(word.size()) / 3, 1, 3)) {}

void Nearest::offer(std::string_view candidate) {
  const int distance = edit_distance(word_, candidate, distance_);
  if (distance >= distance_) return;
  distance_ = distance;
  best_ = candidate;
}

std::string Nearest::hint() const {
  return best_.empty() ? "" : fmt::format(": did you mean '{}'?", best_);
}

}  // namespace sluice::config
