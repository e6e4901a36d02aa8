// Templates: what streams inherit, and the streams that come to be below a prefix.
#include "orchestrator/config/templates.h"

#include <gtest/gtest.h>

#include "orchestrator/config/load.h"
#include "orchestrator/config/names.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

Config good(std::string_view text) {
  auto loaded = load_text(text, "f");
  for (const auto& d : loaded.diagnostics) ADD_FAILURE() << format(d);
  return loaded.config.value_or(Config{});
}

std::string messages(std::string_view text) {
  std::string out;
  for (Diagnostic& d : load_text(text, "f").diagnostics) {
    d.excerpt.clear();
    out += (out.empty() ? "" : "\n") + format(d);
  }
  return out;
}

std::vector<std::string> urls(const Stream& s) {
  std::vector<std::string> out;
  for (const Input& in : s.inputs) out.push_back(in.url);
  for (const Push& push : s.pushes) out.push_back(push.url);
  return out;
}

using Urls = std::vector<std::string>;

TEST(Templates, GiveTheValuesThatTheStreamDoesNotSet) {
  const Config c = good(R"(
    template tv { segment_duration 4; segment_count 6; title T; protocols -dash; clients_timeout 9; disabled; }
    stream a { template tv; input fake://fake; segment_count 3; disabled false; }
    stream b { input fake://fake; disabled; })");
  const Stream& a = c.streams.at(0);
  EXPECT_EQ(a.template_name, "tv");
  EXPECT_EQ(a.segment_duration, 4s);
  EXPECT_EQ(a.segment_count, 3);
  EXPECT_EQ(a.title, "T");
  EXPECT_EQ(a.clients_timeout, 9s);
  EXPECT_FALSE(a.protocols.dash);
  EXPECT_FALSE(a.disabled);
  EXPECT_TRUE(a.is_static);
  EXPECT_EQ(c.streams.at(1).template_name, "");
  EXPECT_EQ(c.streams.at(1).segment_count, 4);
}

TEST(Templates, MakeStreamsThatRunOnDemand) {
  const Config c = good(R"(
    template t { static false; } template u { static true; }
    stream a { template t; input fake://fake; } ondemand b { template u; input fake://fake; }
    stream c { template t; static true; input fake://fake; })");
  EXPECT_FALSE(c.streams.at(0).is_static);
  EXPECT_FALSE(c.streams.at(1).is_static);
  EXPECT_TRUE(c.streams.at(2).is_static);
}

TEST(Templates, MayStandBehindTheirStreamsAndBeginWithEachOther) {
  const Config c = good(R"(
    stream a { segment_count 3; input fake://fake; template b; }
    template b { template c; title B; }
    template c { title C; comment C; segment_count 9; })");
  EXPECT_EQ(c.streams.at(0).title, "B");
  EXPECT_EQ(c.streams.at(0).comment, "C");
  EXPECT_EQ(c.streams.at(0).segment_count, 3);
  EXPECT_EQ(c.streams.at(0).template_name, "b");
  EXPECT_EQ(c.templates.at(0).values.template_name, "c");
}

TEST(Templates, ListsOfTheStreamReplaceThoseOfTheTemplate) {
  const Config c = good(R"(
    template t { input fake://fake; input udp://239.0.0.1:1; push udp://239.0.0.2:1; group x; domains x.com; labels x=1; protocols hls; }
    stream a { template t; }
    stream b { template t; input publish://; url hls://h/x; push udp://239.0.0.3:1; group y; group z; domains y.com;
      labels y=1; protocols -dash; }
    stream c { template t; publish_enabled; }
    stream d fake://x { template t; })");
  EXPECT_EQ(urls(c.streams.at(0)), (Urls{"fake://fake", "udp://239.0.0.1:1", "udp://239.0.0.2:1"}));
  EXPECT_EQ(c.streams[0].protocols, (Protocols{true, false, false, false, false, false}));
  const Stream& b = c.streams.at(1);
  EXPECT_EQ(urls(b), (Urls{"publish://", "hls://h/x", "udp://239.0.0.3:1"}));
  EXPECT_EQ(b.groups, (Urls{"y", "z"}));
  EXPECT_EQ(b.domains, Urls{"y.com"});
  EXPECT_EQ(b.labels.size(), 1u);
  EXPECT_EQ(b.protocols, (Protocols{true, true, false, true, true, true}));
  EXPECT_EQ(urls(c.streams.at(2)), (Urls{"publish://", "udp://239.0.0.2:1"}));
  EXPECT_EQ(urls(c.streams.at(3)), (Urls{"fake://x", "udp://239.0.0.2:1"}));
}

TEST(Templates, FalseCancelsWhatIsInherited) {
  const Config c = good(R"(
    url_prefix http://all;
    template t { url_prefix http://t; source_timeout 5; prepush 3; clients_timeout 4; retry_limit 3; max_sessions 3; }
    stream a { template t; input fake://fake; url_prefix false; source_timeout false; prepush false; clients_timeout false;
      retry_limit false; max_sessions false; }
    stream b { template t; input fake://fake; }
    template u { } stream c { template u; input fake://fake; })");
  const Stream& a = c.streams.at(0);
  EXPECT_EQ(a.url_prefix, "");
  EXPECT_EQ(a.source_timeout, 0s);
  EXPECT_EQ(a.prepush, 0s);
  EXPECT_EQ(a.clients_timeout, 0s);
  EXPECT_FALSE(a.retry_limit);
  EXPECT_FALSE(a.max_sessions);
  EXPECT_EQ(c.streams.at(1).url_prefix, "http://t");
  EXPECT_EQ(c.streams.at(2).url_prefix, "http://all");
}

TEST(Templates, PrefixesMatchAtASlashAndTheFirstCounts) {
  const Config c = good(R"(
    template none { } template ams { prefix ams; input hls://h/%s/index.m3u8; } template deep { prefix ams/x; }
    template ams2 { prefix cams; })");
  auto name = [&](std::string_view asked) {
    const Template* t = match_prefix(c.templates, asked);
    return t ? t->name : std::string();
  };
  EXPECT_EQ(name("ams/ort"), "ams");
  EXPECT_EQ(name("ams/x/y"), "ams");
  EXPECT_EQ(name("cams/1"), "ams2");
  for (const char* other : {"ams", "ams/", "amsterdam/x", "xams/y", "none/x", "", "/"})
    EXPECT_EQ(name(other), "") << other;
}

TEST(Templates, MakeStreamsWithTheirNamesFilledIn) {
  const Config c = good(R"(
    template cams { prefix site/cams; input rtsp://h/%s/%s; input srt://h:1 streamid="#!::r=%s"; input udp://239.0.0.1:1;
      push udp://239.0.0.2:1?service=%s; title T; })");
  const Stream s = instantiate(c.templates.at(0), "site/cams/a/b");
  EXPECT_EQ(s.name, "site/cams/a/b");
  EXPECT_EQ(s.template_name, "cams");
  EXPECT_FALSE(s.is_static);
  EXPECT_EQ(s.title, "T");
  EXPECT_EQ(s.inputs.at(0).url, "rtsp://h/a/b/a/b");
  EXPECT_EQ(s.inputs.at(1).streamid, "#!::r=a/b");
  EXPECT_EQ(s.inputs.at(2).url, "udp://239.0.0.1:1");
  EXPECT_EQ(s.pushes.at(0).url, "udp://239.0.0.2:1?service=site/cams/a/b");
  EXPECT_EQ(c.templates.at(0).values.inputs.at(0).url, "rtsp://h/%s/%s");
}

TEST(Templates, NamedStreamsHaveTheirNamesFilledIn) {
  const Config c = good(R"(
    template cams { prefix cams; input rtsp://h/%s; push udp://239.0.0.2:1?service=%s; }
    stream cams/one { template cams; } stream two { template cams; } stream three { input hls://h/%s.m3u8; })");
  EXPECT_EQ(urls(c.streams.at(0)), (Urls{"rtsp://h/one", "udp://239.0.0.2:1?service=cams/one"}));
  EXPECT_EQ(urls(c.streams.at(1)), (Urls{"rtsp://h/two", "udp://239.0.0.2:1?service=two"}));
  EXPECT_EQ(urls(c.streams.at(2)), Urls{"hls://h/three.m3u8"});
}

TEST(Templates, NoNameThatIsAllowedIsMoreThanData) {
  for (const char* name : {"cams/x ! filesink location=y", "cams/x\"y", "cams/a?b=c", "cams/a%2e",
                           "cams/../x", "cams/a;b", "cams//x", "cams/%s", "cams/x\n"})
    EXPECT_NE(stream_name_problem(name), "") << name;
}

TEST(Templates, OldSpellingsAreTemplates) {
  const Config c = good(R"(
    live chats { password secret; segment_count 3; } live plain; live own { input publish:// priority=2; }
    rewrite nsk/* { url rtsp://nsk:554/%s; } rewrite one/* rtsp://h/%s tracks=1;)");
  ASSERT_EQ(c.templates.size(), 5u);
  EXPECT_EQ(c.templates[0].name, "chats");
  EXPECT_EQ(c.templates[0].prefix, "chats");
  EXPECT_EQ(c.templates[0].values.password, "secret");
  EXPECT_EQ(urls(c.templates[0].values), Urls{"publish://"});
  EXPECT_EQ(c.templates[1].prefix, "plain");
  EXPECT_EQ(urls(c.templates[1].values), Urls{"publish://"});
  EXPECT_EQ(urls(c.templates[2].values), Urls{"publish://"});
  EXPECT_EQ(c.templates[2].values.inputs[0].priority, 2);
  EXPECT_EQ(c.templates[3].prefix, "nsk");
  EXPECT_EQ(urls(c.templates[3].values), Urls{"rtsp://nsk:554/%s"});
  EXPECT_EQ(c.templates[4].values.inputs.at(0).tracks, std::vector<int>{1});
}

TEST(Templates, MessagesAreExact) {
  const std::pair<const char*, const char*> cases[] = {
      {"template;", "f:1:1: 'template' needs a name: template NAME { input URL; }"},
      {"rewrite;", "f:1:1: 'rewrite' needs a name: rewrite NAME/* { input URL; }"},
      {"rewrite nsk { }", "f:1:9: rewrite: 'nsk' is not a prefix: write NAME/*"},
      {"template a..b/../c { }", "f:1:10: the name 'a..b/../c' has the part '..', which is not allowed"},
      {"template t { } template t { }", "f:1:25: a template 't' stands already at f:1:10: names must differ"},
      {"template t { prefix a//b; }",
       "f:1:21: the name 'a//b' has an empty part: write single '/' between the parts only"},
      {"template t { template t; }", "f:1:23: template 't' begins with itself"},
      {"template t { template u; } template u { template t; }", "f:1:50: template 't' begins with itself"},
      {"template movies { } stream a { template movis; input fake://fake; }",
       "f:1:41: no template 'movis' is declared: did you mean 'movies'?"},
      {"stream a { template; input fake://fake; }",
       "f:1:12: 'template' needs the name of a template: template NAME;"},
      {"template t { } stream a { template t x; input fake://fake; }",
       "f:1:38: 'template' takes one name: 'x' is too much"},
      {"template t { } stream a { template t; template t; input fake://fake; }",
       "f:1:39: warning: 'template' is set a second time: the earlier value is lost"},
      {"stream a { prefix x; input fake://fake; }",
       "f:1:12: 'prefix' is a directive of a template, not of a stream: is a '{' or '}' misplaced?"},
      {"template t { segmet_count 3; }",
       "f:1:14: unknown directive 'segmet_count': did you mean 'segment_count'?"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(messages(text), expected) << text;
}

}  // namespace
}  // namespace sluice::config
