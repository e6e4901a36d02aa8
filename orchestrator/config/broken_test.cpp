// What is wrong with a configuration, word for word: place, reason, the line, the caret. testdata/broken.txt
// holds configurations, each with what is said about it; --update writes the answers anew.
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "orchestrator/config/load.h"
#include "orchestrator/testing/golden.h"

namespace sluice::config {
namespace {

constexpr const char* kFile = SLUICE_SOURCE_ROOT "/orchestrator/config/testdata/broken.txt";
constexpr std::string_view kTitle = "== ", kAnswer = "--\n";

// The file: "== title", configuration, "--", answer, and so on.
struct Case {
  std::string title, text;
};

std::vector<Case> read_cases() {
  std::vector<Case> out;
  std::ifstream file(kFile);
  bool answer = false;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(kTitle)) {
      out.push_back({line.substr(kTitle.size()), {}});
      answer = false;
    } else if (line + "\n" == kAnswer) {
      answer = true;
    } else if (!answer && !out.empty()) {
      out.back().text += line + "\n";
    }
  }
  return out;
}

TEST(BrokenConfiguration, IsExplainedWordForWord) {
  const auto cases = read_cases();
  ASSERT_GE(cases.size(), 100u);
  std::string all;
  std::set<std::string> titles;
  for (const Case& c : cases) {
    EXPECT_TRUE(titles.insert(c.title).second) << c.title;
    const auto loaded = load_text(c.text, "f.conf");
    EXPECT_FALSE(loaded.config) << c.title;
    all += std::string(kTitle) + c.title + "\n" + c.text + std::string(kAnswer);
    for (const Diagnostic& d : loaded.diagnostics) all += format(d) + "\n";
    all += "\n";
  }
  testing::expect_golden(kFile, all);
}

}  // namespace
}  // namespace sluice::config
