#include "orchestrator/event/filter.h"

#include <gtest/gtest.h>

namespace sluice::event {
namespace {

TEST(Wildcards, StandForAnyText) {
  const struct {
    const char *pattern, *text;
    bool matches;
  } cases[] = {
      {"a", "a", true},           {"a", "b", false},
      {"a", "ab", false},         {"", "", true},
      {"", "a", false},           {"*", "", true},
      {"*", "anything", true},    {"source_*", "source_lost", true},
      {"source_*", "a", false},   {"*_lost", "x_lost", true},
      {"*_lost", "lost", false},  {"a*c*e", "abcde", true},
      {"a*c*e", "abcdef", false}, {"**", "x", true},
      {"a*", "a", true},          {"*ab", "aab", true},
  };
  for (const auto& one : cases)
    EXPECT_EQ(matches(one.pattern, one.text), one.matches) << one.pattern << " " << one.text;
}

TEST(Wildcards, ManyStarsTakeNoExponentialTime) {
  std::string pattern;
  for (int i = 0; i < 50; ++i) pattern += "a*";
  EXPECT_FALSE(matches(pattern + "b", std::string(5000, 'a')));
}

class FilterTest : public ::testing::Test {
 protected:
  config::EventSink sink;
  const Event lost{
      "source_lost", "ort", {{"priority", int64_t{2}}, {"ip", std::string("10.0.0.7")}, {"ok", true}}};
  const Event server{"config_reloaded", "", {}};
};

TEST_F(FilterTest, WithoutConditionsEverythingPasses) {
  EXPECT_TRUE(wants(sink, lost));
  EXPECT_TRUE(wants(sink, server));
}

TEST_F(FilterTest, AllPairsOfOneOnlyMustMatchAndAnyOnlyWill) {
  sink.only = {{{"event", {"stream_*"}}}, {{"event", {"x", "source_*"}}, {"media", {"ort"}}}};
  EXPECT_TRUE(wants(sink, lost));
  EXPECT_FALSE(wants(sink, {"source_lost", "other", {}}));
  EXPECT_TRUE(wants(sink, {"stream_started", "other", {}}));
  EXPECT_FALSE(wants(sink, server));
}

TEST_F(FilterTest, ExceptIsAskedFirst) {
  sink.only = {{{"event", {"*"}}}};
  sink.except = {{{"media", {"o*"}}, {"event", {"source_lost"}}}};
  EXPECT_FALSE(wants(sink, lost));
  EXPECT_TRUE(wants(sink, {"source_ready", "ort", {}}));
}

TEST_F(FilterTest, FieldsOfEveryTypeAreCompared) {
  for (const config::EventFilter& filter : std::vector<config::EventFilter>{
           {{"priority", {"2"}}}, {{"ip", {"10.*"}}}, {{"ok", {"true"}}}, {{"media", {"*"}}}}) {
    sink.only = {filter};
    EXPECT_TRUE(wants(sink, lost)) << filter.begin()->first;
    EXPECT_FALSE(wants(sink, server)) << filter.begin()->first;  // it has no such field
  }
}

TEST_F(FilterTest, TheLevelIsTheLeastThatPasses) {
  sink.level = config::LogLevel::kWarning;
  EXPECT_TRUE(wants(sink, lost));
  EXPECT_TRUE(wants(sink, {"listener_failure", "", {}}));
  EXPECT_FALSE(wants(sink, {"source_ready", "ort", {}}));
  EXPECT_FALSE(wants(sink, {"server_started", "", {}}));
  sink.level = config::LogLevel::kNone;
  EXPECT_FALSE(wants(sink, {"listener_failure", "", {}}));
}

}  // namespace
}  // namespace sluice::event
