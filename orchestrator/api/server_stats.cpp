#include "orchestrator/api/server_stats.h"

#include <unistd.h>

#include <fstream>
#include <sstream>

namespace sluice::api {
namespace {

// Ticks of 10 ms over all cores: less says nothing.
constexpr uint64_t kMinTicks = 20;

}  // namespace

CpuMeter::CpuMeter(std::string stat_file) : file_(std::move(stat_file)) {
  if (const auto times = read()) last_ = *times;
}

std::optional<CpuMeter::Times> CpuMeter::read() const {
  std::ifstream file(file_);
  std::string line, cpu;
  if (!std::getline(file, line)) return std::nullopt;
  std::istringstream fields(line);
  fields >> cpu;  // user nice system idle iowait irq softirq steal (guests are in user already)
  Times times;
  uint64_t value = 0;
  for (int i = 0; i < 8 && fields >> value; ++i) {
    times.total += value;
    if (i != 3 && i != 4) times.busy += value;
  }
  return cpu == "cpu" ? std::optional(times) : std::nullopt;
}

int CpuMeter::percent() {
  const auto now = read();
  std::lock_guard lock(mutex_);
  if (now && now->total >= last_.total + kMinTicks) {
    const uint64_t busy = now->busy > last_.busy ? now->busy - last_.busy : 0;
    percent_ = static_cast<int>(busy * 100 / (now->total - last_.total));
    last_ = *now;
  }
  return percent_;
}

int memory_percent(const std::string& meminfo_file) {
  std::ifstream file(meminfo_file);
  std::string key, unit;
  uint64_t value = 0, total = 0, available = 0;
  for (std::string line; std::getline(file, line);) {
    std::istringstream fields(line);
    if (!(fields >> key >> value)) continue;
    if (key == "MemTotal:") total = value;
    if (key == "MemAvailable:") available = value;
  }
  return total > 0 && available <= total ? static_cast<int>((total - available) * 100 / total) : 0;
}

std::string host_name() {
  char name[256] = "";
  if (gethostname(name, sizeof name - 1) != 0) return "localhost";
  return name;
}

}  // namespace sluice::api
