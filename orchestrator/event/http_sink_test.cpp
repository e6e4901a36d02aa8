#include "orchestrator/event/http_sink.h"

#include <gtest/gtest.h>

namespace sluice::event {
namespace {

TEST(Signature, IsTheHexSha1OfBodyAndKey) {
  EXPECT_EQ(signature("abc", ""), "a9993e364706816aba3e25717850c26c9cd0d89d");  // FIPS 180-1 appendix A
  EXPECT_EQ(signature("a", "bc"), signature("abc", ""));
  EXPECT_NE(signature("abc", "key"), signature("abc", ""));
}

TEST(HttpSink, RefusesUrlsThatNameNoHost) {
  Log log(LogLevel::kNone);
  config::EventSink config;
  for (const char* url : {"http://", "http:///path", "http://h:99999/", "http://[::1/"}) {
    config.url = url;
    EXPECT_FALSE(HttpSink::make(config, "s", log)) << url;
  }
}

}  // namespace
}  // namespace sluice::event
