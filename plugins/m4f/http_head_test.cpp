#include "m4f/http_head.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "m4f/http_head_fuzz.h"

namespace sluice {
namespace {

TEST(HttpHead, RequestsAreJudged) {
  const struct {
    const char *request, *any, *live;
  } cases[] = {
      {"GET /live HTTP/1.1\r\nHost: x\r\n\r\n", "200 OK", "200 OK"},
      {"GET /live?token=1 HTTP/1.0\r\n\r\n", "200 OK", "200 OK"},
      {"GET /other HTTP/1.1\r\n\r\n", "200 OK", "404 Not Found"},
      {"GET /live/ HTTP/1.1\r\n\r\n", "200 OK", "404 Not Found"},
      {"HEAD /live HTTP/1.1\r\n\r\n", "405 Method Not Allowed", "405 Method Not Allowed"},
      {"GET /live HTTP/2\r\n\r\n", "400 Bad Request", "400 Bad Request"},
      {"GET live HTTP/1.1\r\n\r\n", "400 Bad Request", "400 Bad Request"},
      {"GET /live\r\n\r\n", "400 Bad Request", "400 Bad Request"},
      {"GET\r\n\r\n", "400 Bad Request", "400 Bad Request"},
      {"\r\n\r\n", "400 Bad Request", "400 Bad Request"},
      {"", "400 Bad Request", "400 Bad Request"},
  };
  for (const auto& c : cases) {
    EXPECT_EQ(judge_request(c.request, {}), c.any) << c.request;
    EXPECT_EQ(judge_request(c.request, "live"), c.live) << c.request;
  }
}

TEST(HttpHead, ResponsesSayTheirStatus) {
  EXPECT_EQ(response_status("HTTP/1.1 200 OK\r\nServer: x\r\n\r\n"), "200 OK");
  EXPECT_EQ(response_status("HTTP/1.0 404\r\n\r\n"), "404");
  EXPECT_EQ(response_status("HTTP/1.1\r\n\r\n"), "");
  EXPECT_EQ(response_status("ICY 200 OK\r\n\r\n"), "");
  EXPECT_EQ(response_status(""), "");
}

TEST(HttpHead, SeedsOfTheFuzzerPass) {
  size_t seeds = 0;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(GSTX_SEEDS) + "/m4f-http")) {
    std::ifstream file(entry.path(), std::ios::binary);
    const std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    fuzz_http_head(m4f::as_bytes(text));
    ++seeds;
  }
  EXPECT_GE(seeds, 5u);
}

}  // namespace
}  // namespace sluice
