#include <gtest/gtest.h>

#include <fstream>
#include <regex>
#include <set>

#include "orchestrator/config/values.h"
#include "orchestrator/event/filter.h"

namespace sluice::event {
namespace {

TEST(EventNames, AreThoseOfThePage) {
  std::ifstream page(SLUICE_SOURCE_ROOT "/docs/events.md");
  ASSERT_TRUE(page);
  // | `server_started` | notice | the server serves | `version` |
  const std::regex row("\\| `([a-z_]+)` \\| (error|warning|notice|info) \\|.*");
  std::set<std::string> described;
  std::smatch found;
  for (std::string line; std::getline(page, line);) {
    if (!std::regex_match(line, found, row)) continue;
    described.insert(found[1]);
    EXPECT_EQ(config::kLogLevels[static_cast<size_t>(level_of(found[1].str()))], found[2].str()) << line;
  }
  std::set<std::string> known;
  for (const Kind& kind : kKinds) known.insert(std::string(kind.name));
  EXPECT_EQ(described, known);
}

}  // namespace
}  // namespace sluice::event
