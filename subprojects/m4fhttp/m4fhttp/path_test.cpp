#include "m4fhttp/path.h"

#include <gtest/gtest.h>

namespace m4fhttp {
namespace {

struct Case {
  std::string raw;
  int status;
  std::string path;
};

TEST(ParseTarget, JudgesHostileNames) {
  const std::vector<Case> cases = {
      {"/live/index.m3u8", 0, "/live/index.m3u8"},
      {"/", 0, "/"},
      {"/a%20b/c", 0, "/a b/c"},
      {"/%D0%BE%D1%80%D1%82/index.m3u8", 0, "/орт/index.m3u8"},
      {"/a/", 0, "/a/"},
      {"/..", 404, ""},
      {"/../etc/passwd", 404, ""},
      {"/live/../x", 404, ""},
      {"/live/./x", 404, ""},
      {"/live/%2e%2e/x", 404, ""},
      {"/live/.%2E/x", 404, ""},
      {"/live/..%2fx", 404, ""},
      {"/live//x", 404, ""},
      {"//etc/passwd", 404, ""},
      {"/live/...", 0, "/live/..."},
      {"/live/..x", 0, "/live/..x"},
      {"/%252e%252e/x", 0, "/%2e%2e/x"},  // decoded once: a name like any other
      {"/a%00b", 400, ""},
      {std::string("/a\0b", 4), 400, ""},
      {"/a%0d%0ab", 400, ""},
      {"/a%7f", 400, ""},
      {"/a\\b", 400, ""},
      {"/a%5cb", 400, ""},
      {"/a%", 400, ""},
      {"/a%2", 400, ""},
      {"/a%zz", 400, ""},
      {"/%c0%ae%c0%ae/x", 400, ""},  // overlong "."
      {"/%e0%80%ae/x", 400, ""},     // overlong, three bytes
      {"/%f0%80%80%ae/x", 400, ""},  // overlong, four bytes
      {"/%ed%a0%80", 400, ""},       // surrogate
      {"/%f4%90%80%80", 400, ""},    // above U+10FFFF
      {"/%ff", 400, ""},
      {"/%d0", 400, ""},  // cut short
      {"live/index.m3u8", 400, ""},
      {"", 400, ""},
      {"?x", 400, ""},
      {"/" + std::string(kMaxPath - 1, 'a'), 0, "/" + std::string(kMaxPath - 1, 'a')},
      {"/" + std::string(kMaxPath, 'a'), 414, ""},
      {"/" + std::string(4096, 'a'), 414, ""},
      {"/a?" + std::string(4096, 'a'), 414, ""},
      {std::string("/a?b\0", 5), 400, ""},
  };
  for (const Case& c : cases) {
    Target target;
    EXPECT_EQ(parse_target(c.raw, target), c.status) << c.raw.substr(0, 60);
    if (c.status == 0) {
      EXPECT_EQ(target.path, c.path);
    }
  }
}

TEST(ParseTarget, LeavesTheQueryRaw) {
  Target target;
  ASSERT_EQ(parse_target("/a/b?token=x%20y&_HLS_msn=3", target), 0);
  EXPECT_EQ(target.path, "/a/b");
  EXPECT_EQ(target.query, "token=x%20y&_HLS_msn=3");
}

TEST(QueryValue, FindsAndDecodes) {
  EXPECT_EQ(query_value("a=1&b=2", "b"), "2");
  EXPECT_EQ(query_value("a=1&b=2", "c"), "");
  EXPECT_EQ(query_value("b=x+y%26z&b=2", "b"), "x y&z");
  EXPECT_EQ(query_value("a&b", "b"), "");
  EXPECT_EQ(query_value("b=%zz", "b"), "");
  EXPECT_EQ(query_value("filter%2Etracks=v1", "filter.tracks"), "v1");
  EXPECT_EQ(query_value("&&&=&b=1", "b"), "1");
}

TEST(ValidUtf8, BoundsOfEveryLength) {
  EXPECT_TRUE(valid_utf8("a\x7f"));
  EXPECT_TRUE(valid_utf8("\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"));
  EXPECT_FALSE(valid_utf8("\xc1\xbf"));
  EXPECT_FALSE(valid_utf8("\x80"));
  EXPECT_FALSE(valid_utf8("\xf5\x80\x80\x80"));
  EXPECT_FALSE(valid_utf8("\xe2\x82"));
}

}  // namespace
}  // namespace m4fhttp
