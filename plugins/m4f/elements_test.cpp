// What holds for every element of the plugin.
#include "common/testing.h"
#include "m4f/ring/live_ring.h"

namespace sluice {
namespace {

constexpr const char* kElements[] = {"m4fmux", "m4ftsdemux", "m4fdemux",  "m4fsink",
                                     "m4fsrc", "m4ffilesrc", "m4fringsrc"};

TEST(Elements, ContractIsTheGoldenOne) {
  std::string text;
  for (const char* element : kElements) text += testing::describe(element) + "\n";
  testing::expect_golden("m4f-elements.txt", text);
}

TEST(Elements, PropertiesAreDocumented) {
  for (const char* element : kElements) testing::expect_documented(element);
}

TEST(Elements, SurviveStateChangesAndAreFreed) {
  for (const char* element : kElements) {
    testing::expect_survives_state_changes(element, [&](GstElement* made) {
      if (std::string(element) == "m4fsrc") g_object_set(made, "uri", "m4f://127.0.0.1:9/x", nullptr);
      if (std::string(element) == "m4ffilesrc") g_object_set(made, "location", "/dev/null", nullptr);
      if (std::string(element) == "m4fringsrc") {
        m4f::RingPtr ring = std::make_shared<m4f::LiveRing>();
        g_object_set(made, "ring", &ring, nullptr);
      }
      if (std::string(element) == "m4fsink") {
        g_object_set(made, "port", testing::free_port(), "address", "127.0.0.1", nullptr);
      }
    });
  }
}

}  // namespace
}  // namespace sluice
