#include "orchestrator/http/rights.h"

#include <gtest/gtest.h>

namespace sluice::http {
namespace {

TEST(Domains, AreMatchedWithTheReferersHost) {
  const std::vector<std::string> domains = {"a.com", "*.b.com", "c.com:8080"};
  const struct {
    const char* referer;
    bool allowed;
  } cases[] = {
      {"", true},
      {"http://a.com/", true},
      {"https://A.COM:8443/page?x=http://evil.com/", true},
      {"https://a.com.", true},
      {"https://www.a.com/", false},
      {"https://x.b.com", true},
      {"https://x.y.b.com/#a", true},
      {"https://b.com/", false},
      {"https://evilb.com/", false},
      {"https://c.com/", true},
      {"https://own.example/", true},
      {"https://own.example:80/embed.html", true},
      {"https://evil.com/", false},
      {"https://evil.com/a.com", false},
      {"https://evil.com\\a.com/", false},
      {"https://evil.com?a.com", false},
      {"https://a.com@evil.com/", false},
      {"https://evil.com:80@a.com/", true},  // a browser sends no user; its host would be a.com
      {"https:///a.com", false},
      {"a.com", false},
      {"garbage", false},
      {"https://[::1]:80/", false},
  };
  for (const auto& one : cases)
    EXPECT_EQ(referer_allowed(domains, one.referer, "own.example:8080"), one.allowed) << one.referer;
}

TEST(Domains, OfNoneOrAllKeepNobodyOut) {
  EXPECT_TRUE(referer_allowed({}, "https://evil.com/", "h"));
  EXPECT_TRUE(referer_allowed({"*"}, "https://evil.com/", "h"));
  EXPECT_TRUE(referer_allowed({"a.com"}, "http://[::1]:80/", "[::1]:8080"));
}

}  // namespace
}  // namespace sluice::http
