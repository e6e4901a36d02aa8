#include "orchestrator/log/log.h"

#include <fmt/chrono.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>

#include "orchestrator/config/values.h"

namespace sluice {
namespace {

// Priorities of syslog(3), as in LogLevel.
constexpr int kPriorities[] = {7, 2, 1, 3, 4, 5, 6, 7};

uint64_t mix(uint64_t a, uint64_t b) {
  return (a ^ (b + 0x9e3779b97f4a7c15 + (a << 6) + (a >> 2))) | 1;  // never 0, which is the limiter's own
}

void to_standard_error(std::string_view line) {
  while (!line.empty()) {
    const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
    if (n <= 0) return;  // nobody reads the log: there is no better place to say so
    line.remove_prefix(static_cast<size_t>(n));
  }
}

}  // namespace

namespace logging {

std::string format_line(LogLevel level, std::string_view text, bool journal,
                        std::chrono::system_clock::time_point now) {
  const auto index = static_cast<size_t>(level);
  std::string out;
  if (journal) {
    out = fmt::format("<{}>{}", kPriorities[index], text);
  } else {
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    out = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {:<8} {}",
                      fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms, config::kLogLevels[index],
                      text);
  }
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  out += '\n';
  return out;
}

bool is_journal(int fd, const char* stream) {
  struct stat info {};
  if (!stream || fstat(fd, &info) != 0) return false;
  return std::string(stream) == fmt::format("{}:{}", info.st_dev, info.st_ino);
}

}  // namespace logging

Log::Log(LogLevel level)
    : Log(
          level,
          [journal = logging::is_journal(STDERR_FILENO, std::getenv("JOURNAL_STREAM"))](
              LogLevel of, std::string_view text) {
            to_standard_error(logging::format_line(of, text, journal, std::chrono::system_clock::now()));
          },
          Clock::now) {}

Log::Log(LogLevel level, Output output, std::function<Clock::time_point()> now)
    : level_(level), output_(std::move(output)), now_(std::move(now)) {}

void Log::from_format(LogLevel level, fmt::string_view format, std::string_view text) {
  const std::string_view subject = text.substr(0, text.find(": "));
  const std::hash<std::string_view> hash;
  // Who asks for everything gets everything.
  if (level == LogLevel::kDebug) return output_(level, text);
  write(level, mix(hash({format.data(), format.size()}), hash(subject) + static_cast<uint64_t>(level)), text);
}

void Log::say(LogLevel level, std::string_view cause, std::string_view text) {
  if (enabled(level)) write(level, mix(std::hash<std::string_view>()(cause), 0), text);
}

void Log::write(LogLevel level, uint64_t cause, std::string_view text) {
  {
    std::lock_guard lock(mutex_);
    if (!limiter_.pass(cause, level, text, now_())) return;
  }
  output_(level, text);
}

void Log::tick() {
  std::vector<logging::Limiter::Held> held;
  {
    std::lock_guard lock(mutex_);
    held = limiter_.take(now_());
  }
  for (const auto& one : held)
    if (enabled(one.level))
      output_(one.level, fmt::format("{} ({} more of these in the last minute)", one.last, one.count));
}

}  // namespace sluice
