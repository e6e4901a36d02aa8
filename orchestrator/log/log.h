// The daemon's log: leveled, one line per fact, on standard error.
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <string_view>

#include "orchestrator/config/config.h"

namespace sluice {

using config::LogLevel;

// Thread-safe: a line is one write(2).
class Log {
 public:
  explicit Log(LogLevel level) : level_(level) {}

  void set_level(LogLevel level) { level_ = level; }
  bool enabled(LogLevel level) const { return level <= level_.load(std::memory_order_relaxed); }

  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    line(LogLevel::kInfo, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void warning(fmt::format_string<Args...> format, Args&&... args) {
    line(LogLevel::kWarning, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    line(LogLevel::kError, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void debug(fmt::format_string<Args...> format, Args&&... args) {
    line(LogLevel::kDebug, format, std::forward<Args>(args)...);
  }

 private:
  template <typename... Args>
  void line(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) write(level, fmt::format(format, std::forward<Args>(args)...));
  }
  // Control characters in `text` (names and messages come from outside) are written as spaces.
  void write(LogLevel level, std::string_view text);

  std::atomic<LogLevel> level_;
};

}  // namespace sluice
