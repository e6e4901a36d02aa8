// Streams that are made of other streams: which ones, and what cannot be.
#include "orchestrator/config/local_streams.h"

#include <gtest/gtest.h>

#include "orchestrator/config/load.h"

namespace sluice::config {
namespace {

using Names = std::vector<std::string>;

TEST(LocalStreams, AreReadFromTheAddress) {
  EXPECT_EQ(local_streams("copy://news"), Names{"news"});
  EXPECT_EQ(local_streams("copy://cams/door-1"), Names{"cams/door-1"});
  EXPECT_EQ(local_streams("mixer://a,b/c"), (Names{"a", "b/c"}));
  for (const char* url : {"copy://", "copy://a b", "copy://../x", "copy://a,b", "copy://a%20!%20filesink",
                          "mixer://a", "mixer://a,", "mixer://a,b,c", "udp://a:1"})
    EXPECT_EQ(local_streams(url), Names{}) << url;
}

std::string problems(const std::string& text) {
  std::string out;
  for (const Diagnostic& d : load_text(text, "f").diagnostics)
    out += format(d).substr(0, format(d).find('\n')) + "\n";
  return out;
}

TEST(LocalStreams, ThatAreMadeOfEachOtherAreRefused) {
  EXPECT_EQ(
      problems(
          "stream a { input copy://b; }\nstream b { input copy://c; }\nstream c { input fake://fake; }\n"),
      "");
  EXPECT_EQ(problems("stream a { input copy://a; }"),
            "f:1:18: streams that are made of each other: a takes from a\n");
  EXPECT_EQ(
      problems("stream x { input copy://a; }\nstream a { input copy://b; }\nstream b { input mixer://c,a; }\n"
               "stream c { input fake://fake; }\nstream d { input fake://fake; input copy://d; }\n"),
      "f:3:18: streams that are made of each other: a takes from b takes from a\n"
      "f:5:37: streams that are made of each other: d takes from d\n");
}

TEST(LocalStreams, ThatNobodyHasAreWarnedOf) {
  EXPECT_EQ(problems("template t { prefix cams; input fake://fake; }\nstream a { input copy://cams/x; }"),
            "");
  EXPECT_EQ(problems("stream a { input copy://nws; }"),
            "f:1:18: warning: there is no stream 'nws' to be taken from\n");
}

}  // namespace
}  // namespace sluice::config
