// The files that come with the project: every example loads, every fuzzing seed is survived.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "orchestrator/config/load.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sluice::config {
namespace {

namespace fs = std::filesystem;

TEST(ConfigFiles, EveryExampleLoadsWithoutAWord) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(SLUICE_SOURCE_ROOT "/conf")) {
    if (entry.path().extension() != ".conf") continue;
    ++files;
    const auto loaded = load_file(entry.path());
    EXPECT_TRUE(loaded.config) << entry.path();
    for (const auto& d : loaded.diagnostics) ADD_FAILURE() << format(d);
  }
  EXPECT_GE(files, 3);
}

TEST(ConfigFiles, SeedsOfTheFuzzerAreSurvived) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(SLUICE_SOURCE_ROOT "/orchestrator/fuzz/seeds/config")) {
    std::stringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string bytes = text.str();
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0)
        << entry.path();
    ++files;
  }
  EXPECT_GE(files, 6);
}

TEST(ConfigFiles, AMissingFileIsOneClearLine) {
  const auto loaded = load_file("/nonexistent/x.conf");
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(format(loaded.diagnostics[0]),
            "/nonexistent/x.conf: cannot open the configuration: No such file or directory");
  EXPECT_FALSE(loaded.config);
}

TEST(ConfigFiles, ADirectoryIsOneClearLine) {
  const auto loaded = load_file("/");
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(format(loaded.diagnostics[0]), "/: cannot read the configuration: Is a directory");
}

}  // namespace
}  // namespace sluice::config
