// How fast a configuration of many streams is read, and compared with itself after a change: `config-bench
// [STREAMS]`.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <string>
#include <vector>

#include "orchestrator/config/changes.h"
#include "orchestrator/config/load.h"

namespace {

using namespace sluice::config;

// What an operator writes: a template, a title, two inputs with arguments, a push, and a few values of its
// own.
std::string configuration(int streams) {
  std::string out =
      "http 80;\nedit_auth admin secret;\n"
      "template tv { segment_duration 4; segment_count 5; protocols -dash; source_timeout 20; }\n";
  for (int i = 0; i < streams; ++i)
    out += fmt::format(
        "stream channel{0} {{\n"
        "  template tv;\n"
        "  title \"Channel {0}\";\n"
        "  input udp://239.{1}.{2}.{3}:1234 program=21 source_timeout=15;\n"
        "  input hls://backup.example.com/channel{0}/index.m3u8 user_agent=\"Sluice\" priority=2;\n"
        "  push udp://239.200.{2}.{3}:5000?ttl=8&cbr=3000 multicast_loop;\n"
        "  mpegts_pids pmt=100 v1=211 a1=220;\n"
        "  group sport;\n"
        "  comment \"a line of words\";\n"
        "}}\n",
        i, i / 65536, i / 256 % 256, i % 256);
  return out;
}

double milliseconds(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return double(now.tv_sec) * 1e3 + double(now.tv_nsec) / 1e6;
}

// Medians of several rounds.
struct Cost {
  double wall, cpu;  // ms
};

template <typename Work>
Cost measure(Work work) {
  constexpr size_t kRounds = 11;
  std::vector<double> wall, cpu;
  for (size_t i = 0; i < kRounds; ++i) {
    const double wall_start = milliseconds(CLOCK_MONOTONIC),
                 cpu_start = milliseconds(CLOCK_PROCESS_CPUTIME_ID);
    work();
    wall.push_back(milliseconds(CLOCK_MONOTONIC) - wall_start);
    cpu.push_back(milliseconds(CLOCK_PROCESS_CPUTIME_ID) - cpu_start);
  }
  std::sort(wall.begin(), wall.end());
  std::sort(cpu.begin(), cpu.end());
  return {wall[kRounds / 2], cpu[kRounds / 2]};
}

}  // namespace

int main(int argc, char** argv) {
  const int streams = argc > 1 ? std::atoi(argv[1]) : 10'000;
  if (streams < 1 || streams > 100'000) {
    std::fprintf(stderr, "config-bench: write the number of streams, from 1 to 100000\n");
    return 2;
  }
  const std::vector<SourceFile> before{{"bench.conf", configuration(streams)}};
  std::vector<SourceFile> after = before;
  after[0].text.replace(after[0].text.rfind("sport"), 5, "kids");

  LoadResult first, second;
  const Cost load = measure([&] { first = load_sources(before, nullptr); });
  second = load_sources(after, nullptr);
  if (!first.config || !second.config) {
    std::fprintf(stderr, "config-bench: the configuration does not load\n");
    return 1;
  }
  size_t changed = 0;
  const Cost comparing = measure([&] { changed = compare(*first.config, *second.config).changed.size(); });
  fmt::print("{} streams, {:.1f} MB, {} changed\n", streams, double(before[0].text.size()) / 1e6, changed);
  fmt::print("read:     {:6.1f} ms, CPU {:6.1f} ms\n", load.wall, load.cpu);
  fmt::print("compared: {:6.1f} ms, CPU {:6.1f} ms\n", comparing.wall, comparing.cpu);
  return 0;
}
