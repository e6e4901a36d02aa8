// Words of the file become typed values. Every function returns what is wrong ("'x' is not ..."), or nothing.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/config/config.h"

namespace sluice::config {

enum class Unit {
  kFlag,
  kText,
  kCount,            // a whole number
  kSeconds,          // whole seconds
  kSecondsFraction,  // seconds with up to three decimals; limits in ms
  kMilliseconds,
  kBytes,     // with K, M or G (1024)
  kBitrate,   // kbit/s, or with k or M; kept in bit/s
  kKilobits,  // written the same, kept in kbit/s
  kPid,       // decimal, 0x1F or 16#1F
  kChoice,    // one of `choices`
  kFile,      // an absolute path
  kHttpUrl,
  kLevel,
};

struct Limits {
  Unit unit = Unit::kText;
  int64_t min = 0, max = 0;
  bool can_be_off = false;        // `false` is 0
  bool can_be_unset = false;      // `false` takes the value back: empty
  std::string_view choices = {};  // "a|b|c"
};

using Problem = std::optional<std::string>;

bool is_off(std::string_view text);  // "false" or "off"

Problem read(std::string_view text, const Limits& limits, bool& out);
Problem read(std::string_view text, const Limits& limits, int& out);
Problem read(std::string_view text, const Limits& limits, uint16_t& out);
Problem read(std::string_view text, const Limits& limits, uint64_t& out);
Problem read(std::string_view text, const Limits& limits, std::chrono::milliseconds& out);
Problem read(std::string_view text, const Limits& limits, std::chrono::seconds& out);
Problem read(std::string_view text, const Limits& limits, std::string& out);
Problem read(std::string_view text, const Limits& limits, LogLevel& out);
Problem read(std::string_view text, const Limits& limits, std::vector<uint16_t>& out);  // comma lists
Problem read(std::string_view text, const Limits& limits, std::vector<int>& out);
Problem read(std::string_view text, const Limits& limits, std::vector<std::string>& out);

template <typename T>
Problem read(std::string_view text, const Limits& limits, std::optional<T>& out) {
  if (limits.can_be_unset && is_off(text)) {
    out.reset();
    return {};
  }
  T value{};
  if (Problem problem = read(text, limits, value)) return problem;
  out = value;
  return {};
}

// What a value looks like: "whole number of seconds from 1 to 86400 (or false)".
std::string describe(const Limits& limits);

// true, on, 1, yes / false, off, 0, no in any case; empty = neither.
std::optional<bool> parse_switch(std::string_view text);

inline constexpr std::string_view kLogLevels[] = {"none",    "critical", "alert", "error",
                                                  "warning", "notice",   "info",  "debug"};  // as in LogLevel

}  // namespace sluice::config
