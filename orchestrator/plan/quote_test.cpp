#include "orchestrator/plan/quote.h"

#include <gtest/gtest.h>

#include <array>
#include <cstdio>
#include <memory>

namespace sluice::plan {
namespace {

TEST(LaunchQuote, PlainTextStaysPlain) {
  for (const char* text : {"x", "udp://239.0.0.1:1234", "a=b&c=d", "-30dB", "16#fb", "user@host,x;"}) {
    const bool bare = std::string_view(text).find(';') == std::string_view::npos;
    EXPECT_EQ(launch_quoted(text), bare ? text : "\"" + std::string(text) + "\"");
  }
}

// Each pair was read back by gst_parse_launchv of GStreamer 1.22; the end-to-end tests do so again.
TEST(LaunchQuote, EverythingElseStaysData) {
  const std::pair<const char*, const char*> cases[] = {
      {"", "\"\""},
      {"x ! filesink location=y", "\"x ! filesink location=y\""},
      {"'q'", "\"'q'\""},
      {"$HOME `x`", "\"$HOME `x`\""},
      {"a\"b", R"(""a\042b"")"},
      {"a\\", R"(""a\134"")"},
      {"x\" ! filesink location=\"y", R"(""x\042\040\041\040filesink\040location\075\042y"")"},
      {"caf\xC3\xA9 \"x\"", R"(""caf\303\251\040\042x\042"")"},
      {"a\nb", R"(""a\012b"")"},
      {"!", "\"!\""},
      {"mux.", "mux."},
  };
  for (const auto& [text, quoted] : cases) EXPECT_EQ(launch_quoted(text), quoted) << text;
}

TEST(ShellQuote, TheShellGivesTheWordBack) {
  const std::string words[] = {"plain",
                               "",
                               "two words",
                               "it's",
                               "''",
                               "$HOME",
                               "`id`",
                               "$(id)",
                               "a;b|c&d>e<f",
                               "*?[a]{b,c}",
                               "\\",
                               "\"",
                               "!",
                               "#x",
                               "~",
                               "~root",
                               "=x",
                               "-n",
                               "a\nb",
                               "caf\xC3\xA9",
                               "name=\"x ! y\""};
  for (const std::string& word : words) {
    const std::string command = "printf '%s' " + shell_quoted(word);
    const std::unique_ptr<FILE, int (*)(FILE*)> pipe(popen(command.c_str(), "r"), pclose);
    ASSERT_TRUE(pipe);
    std::array<char, 256> buffer{};
    const size_t n = std::fread(buffer.data(), 1, buffer.size(), pipe.get());
    EXPECT_EQ(std::string(buffer.data(), n), word);
  }
}

}  // namespace
}  // namespace sluice::plan
