#include "orchestrator/config/reference.h"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace sluice::config {
namespace {

TEST(ConfigurationReference, PageIsWhatTheTablesSay) {
  std::ifstream file(SLUICE_SOURCE_ROOT "/docs/configuration.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_EQ(page.str(), reference_text()) << "run: meson compile -C build update-configuration-reference";
}

}  // namespace
}  // namespace sluice::config
