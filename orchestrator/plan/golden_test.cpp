// Configuration in, pipelines out: every directive that shapes a pipeline is pinned by a file in testdata.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "orchestrator/config/load.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/testing/golden.h"

namespace sluice::plan {
namespace {

namespace fs = std::filesystem;

std::string some_interface(std::string_view ip) {
  return ip == "192.168.1.10" ? "eth1" : "";
}

std::string print(const Supervision& s) {
  std::string out = fmt::format("  {} {} source_timeout {} max_retry_timeout {}", s.scheme, s.address,
                                s.source_timeout.count(), s.max_retry_timeout.count());
  if (s.bursty) out += " bursty";
  if (s.paced) out += " paced";
  if (s.ahead.count() > 0) out += fmt::format(" ahead {}", s.ahead.count());
  if (s.published) out += " published";
  if (!s.tracks.empty()) out += fmt::format(" tracks {}", fmt::join(s.tracks, ","));
  if (!s.multicast_sources.empty()) out += fmt::format(" from {}", fmt::join(s.multicast_sources, ","));
  return out + "\n";
}

std::string print(const config::Stream& stream) {
  std::string out = stream.name + "\n";
  const auto planned = plan(stream, some_interface);
  if (const auto* error = std::get_if<PlanError>(&planned))
    return out + fmt::format("  {}:{}: {}\n\n", error->place.line, error->place.column, error->text);
  const auto& plan = std::get<StreamPlan>(planned);
  for (size_t i = 0; i < plan.inputs.size(); ++i)
    out += print(plan.inputs[i].supervision) + "  " + launch_text(plan, i) + "\n";
  if (stream.backup) {
    const auto backup = plan_backup(stream);
    const auto* input = std::get_if<InputPlan>(&backup);
    out += "  backup: " + (input ? launch_text(plan, *input) : std::get<PlanError>(backup).text) + "\n";
  }
  return out + "\n";
}

TEST(PlanGolden, EveryConfigurationGivesItsPipelines) {
  const fs::path folder = SLUICE_SOURCE_ROOT "/orchestrator/plan/testdata";
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder))
    if (entry.path().extension() == ".conf") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  ASSERT_GE(files.size(), 8u);
  for (const fs::path& file : files) {
    const auto loaded = config::load_file(file);
    if (!loaded.config)
      for (const auto& d : loaded.diagnostics) ADD_FAILURE() << format(d);
    if (!loaded.config) continue;
    std::string text;
    for (const config::Stream& stream : loaded.config->streams) text += print(stream);
    testing::expect_golden(fs::path(file).replace_extension(".txt"), text);
  }
}

}  // namespace
}  // namespace sluice::plan
