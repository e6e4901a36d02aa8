#include "orchestrator/http/sessions.h"

#include <gtest/gtest.h>

#include "orchestrator/testing/fake_directory.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

class SessionsTest : public ::testing::Test {
 protected:
  SessionsTest() { stream->config_.segment_duration = 5s; }
  std::shared_ptr<testing::FakeStream> stream = std::make_shared<testing::FakeStream>("one");
  const Sessions::Clock::time_point start = Sessions::Clock::now();
};

TEST_F(SessionsTest, AViewerIsCountedOnceAndForThreeTargetDurations) {
  Sessions sessions;
  const ViewerKey key{"10.0.0.1", "one", "hls", "", "player"};
  for (int i = 0; i < 5; ++i) sessions.touch(key, stream, start + i * 5s);
  EXPECT_EQ(stream->open, 1);
  sessions.sweep(start + 35s);
  EXPECT_EQ(stream->open, 1);
  sessions.sweep(start + 36s);
  EXPECT_EQ(stream->open, 0);
  sessions.touch(key, stream, start + 40s);
  EXPECT_EQ(stream->open, 1);
  EXPECT_EQ(stream->total, 2u);
}

TEST_F(SessionsTest, EveryPartOfTheKeyTellsViewersApart) {
  Sessions sessions;
  for (const ViewerKey& key :
       {ViewerKey{"10.0.0.1", "one", "hls", "", "player"}, ViewerKey{"10.0.0.2", "one", "hls", "", "player"},
        ViewerKey{"10.0.0.1", "one", "dash", "", "player"},
        ViewerKey{"10.0.0.1", "one", "hls", "t", "player"}, ViewerKey{"10.0.0.1", "one", "hls", "", "other"}})
    sessions.touch(key, stream, start);
  EXPECT_EQ(stream->open, 5);
}

TEST_F(SessionsTest, TheTableIsBounded) {
  Sessions sessions(160);
  for (int i = 0; i < 5000; ++i) {
    const std::string ip = std::to_string(i);
    sessions.touch({ip, "one", "hls", "", ""}, stream, start);
  }
  EXPECT_LE(sessions.size(), 160u);
  EXPECT_EQ(static_cast<size_t>(stream->open), sessions.size());
  sessions.sweep(start + 1h);
  EXPECT_EQ(sessions.size(), 0u);
  EXPECT_EQ(stream->open, 0);
}

TEST_F(SessionsTest, AStreamMadeAnewCountsAnew) {
  Sessions sessions;
  const ViewerKey key{"10.0.0.1", "one", "hls", "", "player"};
  sessions.touch(key, stream, start);
  const auto next = std::make_shared<testing::FakeStream>("one");
  sessions.touch(key, next, start + 1s);
  EXPECT_EQ(next->open, 1);
  stream.reset();
  sessions.sweep(start + 2s);
  EXPECT_EQ(next->open, 1);
}

TEST_F(SessionsTest, ClosesAllAtTheEnd) {
  {
    Sessions sessions;
    sessions.touch({"10.0.0.1", "one", "hls", "", ""}, stream, start);
  }
  EXPECT_EQ(stream->open, 0);
}

}  // namespace
}  // namespace sluice::http
