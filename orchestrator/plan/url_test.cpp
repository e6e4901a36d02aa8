#include "orchestrator/plan/url.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace sluice::plan {
namespace {

std::string parts(std::string_view text) {
  std::string problem;
  const auto url = parse_url(text, problem);
  if (!url) return problem;
  return fmt::format("{}|{}|{}|{}|{}|{}|{}", url->scheme, url->user, url->password, url->host, url->port,
                     url->path, url->query);
}

TEST(Url, FallsIntoItsParts) {
  const std::pair<const char*, const char*> cases[] = {
      {"udp://239.0.0.1:1234", "udp|||239.0.0.1|1234||"},
      {"udp://eth0@239.0.0.1:1234/10.0.0.1", "udp|eth0||239.0.0.1|1234|/10.0.0.1|"},
      {"udp://[ff05::1]:1", "udp|||[ff05::1]|1||"},
      {"rtsp://u:p@h/x?a=b?c", "rtsp|u|p|h|0|/x|a=b?c"},
      {"rtsp://u:p%40q@h", "rtsp|u|p@q|h|0||"},
      {"rtsp://u:p@q@h/x@y", "rtsp|u|p@q|h|0|/x@y|"},
      {"rtsp://u:a#c@h/", "rtsp|u|a#c|h|0|/|"},
      {"srt://h:1?streamid=a@b", "srt|||h|1||streamid=a@b"},
      {"srt://h:1?streamid=#!::r=x,m=request", "srt|||h|1||streamid=#!::r=x,m=request"},
      {"fake://", "fake||||0||"},
      {"file:///a%20b", "file||||0|/a%20b|"},
      {"x", "it has no scheme: write scheme://address"},
      {"://x", "it has no scheme: write scheme://address"},
      {"http://h:0/", "'0' is not a port from 1 to 65535"},
      {"http://h:x/", "'x' is not a port from 1 to 65535"},
      {"http://h:70000/", "'70000' is not a port from 1 to 65535"},
      {"http://h!x/", "'h!x' is not a host name or address"},
      {"http://h/a b", "it holds a blank or a control character: write them as %20"},
      {"http://h/\x01", "it holds a blank or a control character: write them as %20"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(parts(text), expected) << text;
}

TEST(Url, AddressHoldsNoSecrets) {
  std::string problem;
  EXPECT_EQ(parse_url("rtsp://u:p@h:554/x?token=1", problem)->address(), "rtsp://h:554/x");
}

}  // namespace
}  // namespace sluice::plan
