#include "orchestrator/testing/golden.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string_view>

namespace sluice::testing {
namespace {

struct Options {
  std::string program;
  bool update = false;
};
Options& options() {
  static Options set_by_main;
  return set_by_main;
}

}  // namespace

void expect_golden(const std::string& path, const std::string& text) {
  if (options().update) {
    std::ofstream file(path, std::ios::binary);
    file << text;
    EXPECT_TRUE(file.good()) << path << " cannot be written";
    return;
  }
  std::ifstream file(path, std::ios::binary);
  std::stringstream golden;
  golden << file.rdbuf();
  EXPECT_EQ(golden.str(), text) << path << " differs; if the new text is right: " << options().program
                                << " --update";
}

}  // namespace sluice::testing

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  auto& options = sluice::testing::options();
  options.program = argv[0];
  options.update = argc > 1 && std::string_view(argv[1]) == "--update";
  return RUN_ALL_TESTS();
}
