#include "orchestrator/config/values.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace sluice::config {
namespace {

constexpr size_t kMaxListEntries = 64;

Problem is_not(std::string_view text, const Limits& limits) {
  return fmt::format("'{}' is not a {}", text, describe(limits));
}

// Digits only: no sign, no blank, no overflow.
std::optional<int64_t> whole(std::string_view text) {
  int64_t value = 0;
  if (text.empty() || text[0] == '-') return {};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

// "2.5" -> 2500
std::optional<int64_t> thousandths(std::string_view text) {
  const size_t dot = text.find('.');
  const auto units = whole(text.substr(0, dot));
  if (!units || *units > 1'000'000'000) return {};
  if (dot == std::string_view::npos) return *units * 1000;
  std::string decimals(text.substr(dot + 1));
  if (decimals.empty() || decimals.size() > 3) return {};
  decimals.resize(3, '0');
  const auto rest = whole(decimals);
  return rest ? std::optional(*units * 1000 + *rest) : std::nullopt;
}

std::optional<int64_t> scaled(std::string_view text, int64_t plain, int64_t kilo) {
  int64_t factor = plain;
  if (!text.empty()) {
    const char c = text.back();
    const int power = c == 'k' || c == 'K' ? 1 : c == 'm' || c == 'M' ? 2 : c == 'g' || c == 'G' ? 3 : 0;
    if (power > 0) {
      text.remove_suffix(1);
      factor = 1;
      for (int i = 0; i < power; ++i) factor *= kilo;
    }
  }
  const auto value = whole(text);
  if (!value || *value > INT64_MAX / factor) return {};
  return *value * factor;
}

// Decimal, or hexadecimal as 0x1F or 16#1F.
std::optional<int64_t> pid(std::string_view text) {
  const bool hex = text.starts_with("0x") || text.starts_with("0X") || text.starts_with("16#");
  if (!hex) return whole(text);
  text.remove_prefix(text[0] == '1' ? 3 : 2);
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return value;
}

std::optional<int64_t> number(std::string_view text, const Limits& limits) {
  if (limits.can_be_off && is_off(text)) return 0;
  std::optional<int64_t> value;
  switch (limits.unit) {
    case Unit::kSecondsFraction:
      value = thousandths(text);
      break;
    case Unit::kBytes:
      value = scaled(text, 1, 1024);
      break;
    case Unit::kBitrate:
      value = scaled(text, 1000, 1000);
      break;
    case Unit::kKilobits:
      value = scaled(text, 1000, 1000);
      if (value) *value /= 1000;
      break;
    case Unit::kPid:
      value = pid(text);
      break;
    default:
      value = whole(text);
      break;
  }
  if (!value || *value < limits.min || *value > limits.max) return {};
  return value;
}

template <typename T>
Problem read_number(std::string_view text, const Limits& limits, T& out) {
  const auto value = number(text, limits);
  if (!value) return is_not(text, limits);
  out = T(*value);
  return {};
}

template <typename T>
Problem read_list(std::string_view text, const Limits& limits, std::vector<T>& out) {
  std::vector<T> list;
  for (size_t begin = 0; begin <= text.size();) {
    const size_t end = std::min(text.find(',', begin), text.size());
    T value{};
    if (Problem problem = read(text.substr(begin, end - begin), limits, value)) return problem;
    if (list.size() == kMaxListEntries)
      return fmt::format("the list has more than {} entries", kMaxListEntries);
    list.push_back(std::move(value));
    begin = end + 1;
  }
  out = std::move(list);
  return {};
}

const char* or_false(const Limits& limits) {
  return limits.can_be_off || limits.can_be_unset ? " (or false)" : "";
}

std::string range(const Limits& limits, int64_t per_unit) {
  auto show = [&](int64_t v) {
    return v % per_unit == 0 ? fmt::format("{}", v / per_unit)
                             : fmt::format("{}", double(v) / double(per_unit));
  };
  return fmt::format("from {} to {}{}", show(limits.min), show(limits.max), or_false(limits));
}

bool is_choice(std::string_view text, std::string_view choices) {
  for (size_t begin = 0; begin <= choices.size();) {
    const size_t end = std::min(choices.find('|', begin), choices.size());
    if (choices.substr(begin, end - begin) == text) return true;
    begin = end + 1;
  }
  return false;
}

bool is_http_url(std::string_view text) {
  const size_t host = text.starts_with("http://") ? 7 : text.starts_with("https://") ? 8 : text.npos;
  if (host >= text.size() || text[host] == '/') return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != '"' && c != 0x7F; });
}

}  // namespace

std::string describe(const Limits& limits) {
  switch (limits.unit) {
    case Unit::kFlag:
      return "switch: write true or false";
    case Unit::kText:
      return limits.max > 0 ? fmt::format("text of {} to {} bytes", limits.min, limits.max)
                            : std::string("text");
    case Unit::kChoice: {
      std::string list(limits.choices);
      for (size_t at = list.find('|'); at != list.npos; at = list.find('|', at)) list.replace(at, 1, ", ");
      return "choice: write one of " + list;
    }
    case Unit::kFile:
      return "file: write its absolute path";
    case Unit::kHttpUrl:
      return fmt::format("web address: write http://HOST or https://HOST{}", or_false(limits));
    case Unit::kPid:
      return "PID " + range(limits, 1);
    case Unit::kCount:
      return "whole number " + range(limits, 1);
    case Unit::kSeconds:
      return "whole number of seconds " + range(limits, 1);
    case Unit::kSecondsFraction:
      return "number of seconds " + range(limits, 1000);
    case Unit::kMilliseconds:
      return "whole number of milliseconds " + range(limits, 1);
    case Unit::kBytes:
      return "number of bytes (with K, M or G) " + range(limits, 1);
    case Unit::kBitrate:
      return "bitrate in kbit/s (or with k or M) " + range(limits, 1000);
    case Unit::kKilobits:
      return "bitrate in kbit/s (or with k or M) " + range(limits, 1);
    case Unit::kLevel:
      return fmt::format("log level: write one of {}", fmt::join(kLogLevels, ", "));
  }
  return {};
}

bool is_off(std::string_view text) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + 32 : a) == b; };
  for (const std::string_view word : {"false", "off"})
    if (std::equal(text.begin(), text.end(), word.begin(), word.end(), same)) return true;
  return false;
}

std::optional<bool> parse_switch(std::string_view text) {
  std::string lower(text.substr(0, 8));
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? char(c + 32) : c; });
  for (const char* yes : {"true", "on", "1", "yes"})
    if (lower == yes) return true;
  for (const char* no : {"false", "off", "0", "no"})
    if (lower == no) return false;
  return {};
}

Problem read(std::string_view text, const Limits& limits, bool& out) {
  const auto value = parse_switch(text);
  if (!value) return is_not(text, limits);
  out = *value;
  return {};
}

Problem read(std::string_view text, const Limits& limits, int& out) {
  return read_number(text, limits, out);
}
Problem read(std::string_view text, const Limits& limits, uint16_t& out) {
  return read_number(text, limits, out);
}
Problem read(std::string_view text, const Limits& limits, uint64_t& out) {
  return read_number(text, limits, out);
}
Problem read(std::string_view text, const Limits& limits, std::chrono::milliseconds& out) {
  return read_number(text, limits, out);
}
Problem read(std::string_view text, const Limits& limits, std::chrono::seconds& out) {
  return read_number(text, limits, out);
}

Problem read(std::string_view text, const Limits& limits, std::string& out) {
  if (limits.can_be_unset && is_off(text)) {
    out.clear();
    return {};
  }
  if ((limits.unit == Unit::kChoice && !is_choice(text, limits.choices)) ||
      (limits.unit == Unit::kFile && !text.starts_with('/')) ||
      (limits.unit == Unit::kHttpUrl && !is_http_url(text)))
    return is_not(text, limits);
  const auto size = static_cast<int64_t>(text.size());
  if (limits.max > 0 && (size < limits.min || size > limits.max)) return is_not(text, limits);
  out = text;
  return {};
}

Problem read(std::string_view text, const Limits& limits, LogLevel& out) {
  for (size_t i = 0; i < std::size(kLogLevels); ++i) {
    if (kLogLevels[i] != text) continue;
    out = static_cast<LogLevel>(i);
    return {};
  }
  return is_not(text, limits);
}

Problem read(std::string_view text, const Limits& limits, std::vector<uint16_t>& out) {
  return read_list(text, limits, out);
}
Problem read(std::string_view text, const Limits& limits, std::vector<int>& out) {
  return read_list(text, limits, out);
}
Problem read(std::string_view text, const Limits& limits, std::vector<std::string>& out) {
  return read_list(text, limits, out);
}

}  // namespace sluice::config
