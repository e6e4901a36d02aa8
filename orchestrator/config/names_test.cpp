#include "orchestrator/config/names.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

TEST(StreamName, TakesWhatIsSafeInPathsAndUrls) {
  for (const char* name : {"news", "a", "special/1ifs", "a.b-c_d", "A9/B/c.d", "...", "a/..b"})
    EXPECT_EQ(stream_name_problem(name), "") << name;
  EXPECT_EQ(stream_name_problem(std::string(255, 'x')), "");
}

TEST(StreamName, RefusesEverythingElse) {
  for (const char* name :
       {"", "/", "a/", "/a", "a//b", ".", "..", "a/../b", "./a", "a b", "a%2e", "caf\xC3\xA9", "a\\b", "a?b"})
    EXPECT_NE(stream_name_problem(name), "") << name;
  EXPECT_NE(stream_name_problem(std::string(256, 'x')), "");
  EXPECT_NE(stream_name_problem(std::string_view("a\0b", 3)), "");
}

TEST(Utf8, RefusesOverlongFormsSurrogatesAndBrokenSequences) {
  for (const char* good : {"", "abc", "\xD0\x9C", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"})
    EXPECT_TRUE(is_utf8(good)) << good;
  for (const char* bad :
       {"\xC0\xAF", "\xE0\x80\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFF", "\xD0", "\xE2\x82", "\x80"})
    EXPECT_FALSE(is_utf8(bad));
}

TEST(Nearest, FindsTheWordThatWasMeant) {
  auto nearest = [](std::string_view word) {
    Nearest n(word);
    for (const char* c : {"stream", "segment_duration", "segment_count", "input", "http", "https"})
      n.offer(c);
    return std::string(n.name());
  };
  EXPECT_EQ(nearest("segmet_duration"), "segment_duration");
  EXPECT_EQ(nearest("sgement_count"), "segment_count");
  EXPECT_EQ(nearest("steam"), "stream");
  EXPECT_EQ(nearest("imput"), "input");
  EXPECT_EQ(nearest("htpt"), "http");
  EXPECT_EQ(nearest("banana"), "");
  EXPECT_EQ(nearest(""), "");
  EXPECT_EQ(nearest(std::string(100000, 'x')), "");
}

}  // namespace
}  // namespace sluice::config
