#include "orchestrator/config/changes.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "orchestrator/config/load.h"

namespace sluice::config {
namespace {

Config read(std::string_view text) {
  LoadResult result = load_text(text, "test.conf");
  for (const Diagnostic& d : result.diagnostics)
    if (d.severity == Severity::kError) ADD_FAILURE() << format(d);
  return result.config.value_or(Config{});
}

// What changing stream x from one block to another asks for.
Change change(std::string_view from, std::string_view to) {
  const Config a = read(fmt::format("stream x {{ {} }}", from));
  const Config b = read(fmt::format("# another place\n\nstream x {{ {} }}", to));
  const Changes changes = compare(a, b);
  EXPECT_TRUE(changes.added.empty() && changes.removed.empty());
  if (changes.changed.empty()) return Change::kNone;
  EXPECT_EQ(changes.changed.size(), 1u);
  EXPECT_EQ(changes.changed[0].name, "x");
  return changes.changed[0].change;
}

TEST(Changes, WhereAValueStandsAndHowItIsSpelledIsNoChange) {
  EXPECT_EQ(change("input udp://239.0.0.1:1; segment_duration 4;",
                   "url udp://239.0.0.1:1;\n# moved\n segment_duration 4.000;"),
            Change::kNone);
  const Config a = read("http 80; edit_auth a b; stream x { input fake://fake; }");
  const Config b = read("\n\nhttp 80; stream x { input fake://fake; }\nedit_auth a \"b\";");
  EXPECT_TRUE(compare(a, b).none());
}

TEST(Changes, TheTableSaysWhatAValueAsksFor) {
  EXPECT_EQ(change("title a;", "title b;"), Change::kAtOnce);
  EXPECT_EQ(change("segment_count 4;", "segment_count 5;"), Change::kAtOnce);
  EXPECT_EQ(change("protocols hls;", "protocols -hls;"), Change::kAtOnce);
  EXPECT_EQ(change("source_timeout 4;", ""), Change::kInput);
  EXPECT_EQ(change("rtp udp;", ""), Change::kInput);
  EXPECT_EQ(change("segment_duration 4;", "segment_duration 5;"), Change::kStream);
  EXPECT_EQ(change("disabled;", ""), Change::kStream);
  EXPECT_EQ(change("title a; segment_duration 4;", "title b; segment_duration 5;"), Change::kStream);
}

TEST(Changes, InputsAreComparedOneByOne) {
  const auto one = "input tshttp://h/1 comment=a;";
  EXPECT_EQ(change(one, "input tshttp://h/1 comment=b;"), Change::kAtOnce);
  EXPECT_EQ(change(one, "input tshttp://h/2 comment=a;"), Change::kInput);
  EXPECT_EQ(change(one, "input tshttp://h/1 comment=a header.X=1;"), Change::kInput);
  EXPECT_EQ(change(one, "input tshttp://h/1 comment=a user_agent=x;"), Change::kInput);
  EXPECT_EQ(change(one, "input tshttp://h/1 comment=a; input tshttp://h/2;"), Change::kInput);
  EXPECT_EQ(change("input tshttp://h/1; input tshttp://h/2;", "input tshttp://h/2; input tshttp://h/1;"),
            Change::kInput);
}

TEST(Changes, StreamsComeAndGo) {
  const Config a = read("stream a { } stream b { } stream c { }");
  const Config b = read("stream c { } stream d { } stream a { }");
  const Changes changes = compare(a, b);
  EXPECT_EQ(changes.added, std::vector<std::string>{"d"});
  EXPECT_EQ(changes.removed, std::vector<std::string>{"b"});
  EXPECT_TRUE(changes.changed.empty());
  EXPECT_TRUE(changes.order);
  EXPECT_FALSE(compare(a, read("stream a { } stream n { } stream b { } stream c { }")).order);
}

TEST(Changes, TheTopLevel) {
  const Config base = read("http 80;");
  Changes expected;
  expected.listeners = true;
  EXPECT_EQ(compare(base, read("http 81;")), expected);
  EXPECT_EQ(compare(base, read("http 80 { api false; }")), expected);
  expected = {};
  expected.credentials = true;
  EXPECT_EQ(compare(base, read("http 80; view_auth a b;")), expected);
  expected = {};
  expected.loglevel = true;
  EXPECT_EQ(compare(base, read("http 80; loglevel debug;")), expected);
  expected = {};
  expected.others = true;
  EXPECT_EQ(compare(base, read("http 80; vod v { storage /tmp; }")), expected);
  EXPECT_TRUE(compare(base, base).none());
}

TEST(Changes, OneOfTenThousandStreams) {
  Config a;
  for (int i = 0; i < 10'000; ++i) {
    Stream s;
    s.name = "channel/" + std::to_string(i);
    s.inputs.resize(2);
    s.inputs[0].url = "udp://239.0.0.1:" + std::to_string(1000 + i);
    s.inputs[1].url = "tshttp://backup.example.com/" + s.name;
    a.streams.push_back(std::move(s));
  }
  Config b = a;
  b.streams[7000].title = "another";
  const auto begin = std::chrono::steady_clock::now();
  const Changes changes = compare(a, b);
  const std::chrono::duration<double, std::milli> took = std::chrono::steady_clock::now() - begin;
  ASSERT_EQ(changes.changed.size(), 1u);
  EXPECT_EQ(changes.changed[0], (StreamChange{"channel/7000", Change::kAtOnce}));
  RecordProperty("ms", std::to_string(took.count()));
  EXPECT_LT(took.count(), 500) << "slow even for a debug build under a sanitizer";
}

}  // namespace
}  // namespace sluice::config
