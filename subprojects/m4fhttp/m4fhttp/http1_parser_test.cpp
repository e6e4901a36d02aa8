#include "m4fhttp/http1_parser.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

namespace m4fhttp {
namespace {

int status_of(const std::string& text) {
  RequestHead head;
  return parse_request(text, head);
}

TEST(ParseRequest, ReadsLineAndFields) {
  const std::string text =
      "GET /live/index.m3u8?a=b HTTP/1.1\r\nHost: h\r\nUser-Agent:  Some Player \r\nRange: "
      "bytes=0-1\r\n\r\nrest";
  RequestHead head;
  ASSERT_EQ(parse_request(text, head), 0);
  EXPECT_EQ(head.method, Method::kGet);
  EXPECT_EQ(text.substr(head.target, head.target_size), "/live/index.m3u8?a=b");
  EXPECT_EQ(head.field(text.data(), "user-agent"), "Some Player");
  EXPECT_EQ(head.field(text.data(), "range"), "bytes=0-1");
  EXPECT_EQ(head.field(text.data(), "absent"), "");
  EXPECT_EQ(text.substr(head.size), "rest");
  EXPECT_TRUE(head.keep_alive);
}

TEST(ParseRequest, KnowsWhetherTheConnectionStays) {
  const auto keeps = [](const std::string& text) {
    RequestHead head;
    EXPECT_EQ(parse_request(text, head), 0) << text;
    return head.keep_alive;
  };
  EXPECT_TRUE(keeps("GET / HTTP/1.1\r\nHost: h\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nConnection: Close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.1\r\nHost: h\r\nconnection: te, close\r\n\r\n"));
  EXPECT_FALSE(keeps("GET / HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(keeps("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n"));
}

TEST(ParseRequest, WaitsForTheWholeHead) {
  const std::string text = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
  for (size_t n = 0; n < text.size(); ++n) EXPECT_EQ(status_of(text.substr(0, n)), kNeedMore) << n;
  EXPECT_EQ(status_of(text), 0);
  EXPECT_EQ(status_of("\r\n\r\n" + text), 0);  // empty lines before it
}

TEST(ParseRequest, TakesTheAbsoluteForm) {
  const std::string text = "GET http://host:80/a/b?c HTTP/1.1\r\nHost: host\r\n\r\n";
  RequestHead head;
  ASSERT_EQ(parse_request(text, head), 0);
  EXPECT_EQ(text.substr(head.target, head.target_size), "/a/b?c");
}

TEST(ParseRequest, RefusesWhatTwoReadersCouldReadDifferently) {
  const std::string host = "Host: h\r\n";
  struct Case {
    std::string text;
    int status;
  };
  const std::vector<Case> cases = {
      {"GET / HTTP/1.1\r\n\r\n", 400},                     // no Host
      {"GET / HTTP/1.1\r\n" + host + host + "\r\n", 400},  // two
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: 1\r\nContent-Length: 1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: -1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: +1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: 1, 1\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: \r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "Content-Length: 99999999999999999999\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", 0},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: gzip\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n",
       400},
      {"POST / HTTP/1.0\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n", 400},
      {"POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "A : b\r\n\r\n", 400},       // space before the colon
      {"GET / HTTP/1.1\r\n" + host + "A: b\r\n c\r\n\r\n", 400},  // continued line
      {"GET / HTTP/1.1\r\n" + host + "A: b\nC: d\r\n\r\n", 400},  // bare LF
      {"GET / HTTP/1.1\r\n" + host + "A: b\rC: d\r\n\r\n", 400},  // bare CR
      {"GET / HTTP/1.1\r\n" + host + "A: b" + std::string(1, '\0') + "\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + ": b\r\n\r\n", 400},
      {"GET / HTTP/1.1\r\n" + host + "nocolon\r\n\r\n", 400},
      {"GET  / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET /a b HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/1.1 \r\n" + host + "\r\n", 400},
      {"G(T / HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET / HTTP/2.0\r\n" + host + "\r\n", 505},
      {"GET / HTTP/1.10\r\n" + host + "\r\n", 400},
      {"GET / XTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET example.com HTTP/1.1\r\n" + host + "\r\n", 400},
      {"GET http://example.com HTTP/1.1\r\n" + host + "\r\n", 400},
      {"PUT / HTTP/1.1\r\n" + host + "Expect: more\r\n\r\n", 417},
      {"GET /" + std::string(kMaxHead, 'a'), 414},
      {"GET / HTTP/1.1\r\n" + host + "A: " + std::string(kMaxHead, 'a'), 431},
  };
  for (const Case& c : cases) EXPECT_EQ(status_of(c.text), c.status) << c.text.substr(0, 80);

  std::string many = "GET / HTTP/1.1\r\n" + host;
  for (size_t i = 0; i < kMaxFields; ++i) many += "A: b\r\n";
  EXPECT_EQ(status_of(many + "\r\n"), 431);
}

TEST(ParseRequest, SeedsOfTheFuzzTarget) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(M4FHTTP_SEEDS "/http1_parser")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text(std::istreambuf_iterator<char>(file), {});
    Target target;
    RequestHead head;
    if (parse_request(text, head) == 0) parse_target({text.data() + head.target, head.target_size}, target);
    ++count;
  }
  EXPECT_GE(count, 3u);
}

}  // namespace
}  // namespace m4fhttp
