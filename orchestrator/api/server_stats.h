// The machine and the process as the API shows them.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace sluice::api {

// Share of the machine's processor time that was used between two looks, in percent, from /proc/stat.
// Thread-safe.
class CpuMeter {
 public:
  explicit CpuMeter(std::string stat_file = "/proc/stat");
  int percent();

 private:
  struct Times {
    uint64_t busy = 0, total = 0;
  };
  std::optional<Times> read() const;

  const std::string file_;
  std::mutex mutex_;
  Times last_;       // guarded by mutex_, as what follows
  int percent_ = 0;  // of the last interval that was long enough to measure
};

// Memory in use on the machine, in percent, from /proc/meminfo: what is not available to programs.
int memory_percent(const std::string& meminfo_file = "/proc/meminfo");

std::string host_name();

}  // namespace sluice::api
