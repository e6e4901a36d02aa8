// The daemon's log: leveled, one line per fact, on standard error. A line begins with what it is about, and a
// colon: "stream news: ...", "event sink x: ...".
#pragma once

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

#include "orchestrator/config/config.h"
#include "orchestrator/log/limiter.h"

namespace sluice {

using config::LogLevel;

// Thread-safe: a line is one write(2). What repeats is written a few times in a minute and then counted
// (debugging is not). Lines have the same cause if they come from the same place in the program, with the
// same level, and are about the same thing.
class Log {
 public:
  using Clock = logging::Limiter::Clock;
  using Output = std::function<void(LogLevel level, std::string_view line)>;

  // To standard error.
  explicit Log(LogLevel level);
  // Elsewhere, by another clock.
  Log(LogLevel level, Output output, std::function<Clock::time_point()> now);

  void set_level(LogLevel level) { level_ = level; }
  bool enabled(LogLevel level) const { return level <= level_.load(std::memory_order_relaxed); }

  template <typename... Args>
  void info(fmt::format_string<Args...> format, Args&&... args) {
    line(LogLevel::kInfo, format, std::forward<Args>(args)...);
  }
  template <typename... Args>
  void notice(fmt::format_string<Args...> format, Args&&... args) {
    line(LogLevel::kNotice, format, std::forward<Args>(args)...);
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
  // For text that was made elsewhere, debugging too: what has the same `cause` repeats, whatever else the
  // text says.
  void say(LogLevel level, std::string_view cause, std::string_view text);

  // Tells what was held back. To be called about once a second.
  void tick();

 private:
  template <typename... Args>
  void line(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
    if (enabled(level)) from_format(level, format, fmt::format(format, std::forward<Args>(args)...));
  }
  void from_format(LogLevel level, fmt::string_view format, std::string_view text);
  void write(LogLevel level, uint64_t cause, std::string_view text);

  std::atomic<LogLevel> level_;
  const Output output_;
  const std::function<Clock::time_point()> now_;
  std::mutex mutex_;
  logging::Limiter limiter_;  // guarded by mutex_
};

namespace logging {

// One line as it is written, with its end. `journal`: "<N>text", for a journal that stamps time and priority
// itself (sd-daemon(3)). Control characters in `text` (names and messages come from outside) become spaces.
std::string format_line(LogLevel level, std::string_view text, bool journal,
                        std::chrono::system_clock::time_point now);

// Whether the descriptor leads to the journal: `stream` (JOURNAL_STREAM, systemd.exec(5)) names its device
// and inode. Null: no.
bool is_journal(int fd, const char* stream);

}  // namespace logging
}  // namespace sluice
