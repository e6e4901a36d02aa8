#include "orchestrator/log/log.h"

#include <fmt/chrono.h>
#include <unistd.h>

#include <chrono>
#include <cstdlib>
#include <string>

namespace sluice {
namespace {

struct LevelName {
  const char* name;
  int syslog;  // priority, as journald reads it from "<N>" (sd-daemon(3))
};

LevelName name_of(LogLevel level) {
  switch (level) {
    case LogLevel::kNone:
      break;
    case LogLevel::kCritical:
      return {"critical", 2};
    case LogLevel::kAlert:
      return {"alert", 1};
    case LogLevel::kError:
      return {"error", 3};
    case LogLevel::kWarning:
      return {"warning", 4};
    case LogLevel::kNotice:
      return {"notice", 5};
    case LogLevel::kInfo:
      return {"info", 6};
    case LogLevel::kDebug:
      return {"debug", 7};
  }
  return {"none", 7};
}

}  // namespace

void Log::write(LogLevel level, std::string_view text) {
  static const bool journal = std::getenv("JOURNAL_STREAM") != nullptr;
  const LevelName name = name_of(level);
  std::string out;
  if (journal) {
    out = fmt::format("<{}>{}", name.syslog, text);  // journald stamps the time
  } else {
    const auto now = std::chrono::system_clock::now();
    const auto ms =
        std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    out = fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {:<7} {}",
                      fmt::gmtime(std::chrono::system_clock::to_time_t(now)), ms, name.name, text);
  }
  for (char& c : out)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  out += '\n';
  for (size_t done = 0; done < out.size();) {
    const ssize_t n = ::write(STDERR_FILENO, out.data() + done, out.size() - done);
    if (n <= 0) return;  // nobody reads the log: there is no better place to say so
    done += static_cast<size_t>(n);
  }
}

}  // namespace sluice
