#include "orchestrator/http/sessions.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <thread>

#include "orchestrator/testing/fake_directory.h"
#include "orchestrator/testing/fake_events.h"

namespace sluice::http {
namespace {

using namespace std::chrono_literals;

class SessionsTest : public ::testing::Test {
 protected:
  SessionsTest() { stream->config_.segment_duration = 5s; }
  bool touch(const Viewer& viewer, Sessions::Clock::duration after = 0s) {
    return sessions->touch(viewer, stream, limits, 100, start + after);
  }
  std::shared_ptr<testing::FakeStream> stream = std::make_shared<testing::FakeStream>("one");
  const Sessions::Clock::time_point start = Sessions::Clock::now();
  testing::FakeEvents events;
  std::unique_ptr<Sessions> sessions = std::make_unique<Sessions>(events);
  SessionLimits limits;
  const Viewer viewer{"10.0.0.1", "one", "hls", "", "player"};
  const Viewer other{"10.0.0.2", "one", "hls", "", "player"};
};

TEST_F(SessionsTest, AViewerIsCountedOnceAndForThreeTargetDurations) {
  for (int i = 0; i < 5; ++i) touch(viewer, i * 5s);
  EXPECT_EQ(stream->open, 1);
  sessions->sweep(start + 35s);
  EXPECT_EQ(stream->open, 1);
  sessions->sweep(start + 36s);
  EXPECT_EQ(stream->open, 0);
  touch(viewer, 40s);
  EXPECT_EQ(stream->open, 1);
  EXPECT_EQ(stream->total, 2u);
}

TEST_F(SessionsTest, EveryPartOfTheKeyTellsViewersApart) {
  for (const Viewer& key :
       {Viewer{"10.0.0.1", "one", "hls", "", "player"}, Viewer{"10.0.0.2", "one", "hls", "", "player"},
        Viewer{"10.0.0.1", "one", "dash", "", "player"}, Viewer{"10.0.0.1", "one", "hls", "t", "player"},
        Viewer{"10.0.0.1", "one", "hls", "", "other"}})
    touch(key);
  EXPECT_EQ(stream->open, 5);
}

TEST_F(SessionsTest, TheTableIsBounded) {
  sessions = std::make_unique<Sessions>(events, 160);
  for (int i = 0; i < 5000; ++i) {
    const std::string ip = std::to_string(i);
    EXPECT_TRUE(touch({ip, "one", "hls", "", ""}));
  }
  EXPECT_LE(sessions->size(), 160u);
  EXPECT_EQ(static_cast<size_t>(stream->open), sessions->size());
  sessions->sweep(start + 1h);
  EXPECT_EQ(sessions->size(), 0u);
  EXPECT_EQ(stream->open, 0);
}

TEST_F(SessionsTest, AStreamMadeAnewGoesOnWithItsViewers) {
  touch(viewer);
  const auto old = stream;
  stream = std::make_shared<testing::FakeStream>("one");
  touch(viewer, 1s);
  EXPECT_EQ(stream->open, 1);
  EXPECT_EQ(old->open, 0);
  sessions->sweep(start + 2s);
  EXPECT_EQ(stream->open, 1);
  EXPECT_EQ(events.names(), (std::vector<std::string>{"session_opened"}));
}

TEST_F(SessionsTest, AStreamThatWentTakesItsSessionsAlong) {
  touch(viewer);
  stream.reset();
  sessions->sweep(start + 1s);
  EXPECT_EQ(sessions->size(), 0u);
  EXPECT_EQ(events.text("session_closed", "reason"), "stream_stopped");
}

TEST_F(SessionsTest, ClosesAllAtTheEnd) {
  touch(viewer);
  sessions.reset();
  EXPECT_EQ(stream->open, 0);
  EXPECT_EQ(events.names(), (std::vector<std::string>{"session_opened", "session_closed"}));
}

TEST_F(SessionsTest, ANewViewerOverTheStreamsLimitIsRefusedAndOthersStay) {
  limits.stream = 1;
  EXPECT_TRUE(touch(viewer));
  EXPECT_FALSE(touch(other));
  EXPECT_EQ(sessions->open(other, stream, limits), nullptr);
  EXPECT_TRUE(touch(viewer, 14s));
  EXPECT_EQ(stream->open, 1);
  sessions->sweep(start + 30s);
  EXPECT_TRUE(touch(other, 30s));
  limits.stream = 0;
  EXPECT_TRUE(touch(other, 31s));
  EXPECT_FALSE(touch(viewer, 31s));
}

TEST_F(SessionsTest, TheServersLimitCountsAllStreams) {
  limits.server = 2;
  const auto second = std::make_shared<testing::FakeStream>("two");
  auto live = sessions->open({"10.0.0.9", "two", "tshttp", "", ""}, second, limits);
  EXPECT_NE(live, nullptr);
  EXPECT_TRUE(touch(viewer));
  EXPECT_FALSE(touch(other));
  live.reset();
  EXPECT_TRUE(touch(other));
}

TEST_F(SessionsTest, TellsWhoCameAndWent) {
  touch({"10.0.0.1", "one", "hls", "secret", "player", "http://site/", "token=secret", true});
  touch({"10.0.0.1", "one", "hls", "secret", "player"}, 1s);
  auto live = sessions->open(other, stream, limits);
  live->sent(77);
  const auto list = sessions->sessions("");
  ASSERT_EQ(list.size(), 2u);
  EXPECT_EQ(list[0].bytes + list[1].bytes, 277u);
  EXPECT_EQ(sessions->sessions("one").size(), 2u);
  EXPECT_EQ(sessions->sessions("two").size(), 0u);
  live.reset();
  EXPECT_EQ(events.text("session_closed", "reason"), "closed");
  EXPECT_EQ(events.text("session_closed", "bytes"), "77");
  events.clear();
  sessions->sweep(start + 1h);
  ASSERT_EQ(events.names(), (std::vector<std::string>{"session_closed"}));
  for (const auto& [field, value] : std::map<std::string, std::string>{{"type", "play"},
                                                                       {"proto", "hls"},
                                                                       {"ip", "10.0.0.1"},
                                                                       {"bytes", "200"},
                                                                       {"ssl", "true"},
                                                                       {"token", "secret"},
                                                                       {"user_agent", "player"},
                                                                       {"referer", "http://site/"},
                                                                       {"query_string", "token=secret"},
                                                                       {"reason", "timeout"}})
    EXPECT_EQ(events.text("session_closed", field), value) << field;
  EXPECT_EQ(events.text("session_closed", "id").size(), 36u);
}

TEST_F(SessionsTest, ManyThreadsNeverExceedTheLimitAndLeaveNothing) {
  limits = {.stream = 50, .server = 60};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i < 400; ++i) {
        const std::string ip = std::to_string(i % 40) + "." + std::to_string(t);
        touch({ip, "one", "hls", "", ""}, std::chrono::seconds(i));
        auto live = sessions->open({ip, "one", "tshttp", "", ""}, stream, limits);
        if (live) live->sent(100);
        EXPECT_LE(stream->open, 54);  // who is leaving is taken off the count first
        if (i % 50 == 0) sessions->sweep(start + std::chrono::seconds(i));
        if (i % 100 == 0) {
          EXPECT_LE(sessions->sessions("one").size(), 50u);
        }
      }
    });
  for (auto& thread : threads) thread.join();
  sessions->sweep(Sessions::Clock::time_point::max());
  EXPECT_EQ(stream->open, 0);
  EXPECT_EQ(sessions->sessions("").size(), 0u);
  const auto names = events.names();
  EXPECT_EQ(std::count(names.begin(), names.end(), "session_opened"),
            std::count(names.begin(), names.end(), "session_closed"));
  limits = {.stream = 1, .server = 1};
  EXPECT_TRUE(touch(viewer));  // all places were given back
}

TEST_F(SessionsTest, WhatAClientSaysOfItselfIsBounded) {
  const std::string endless(100'000, 'x');
  touch({"10.0.0.1", "one", "hls", endless, endless, endless, endless});
  const auto info = sessions->sessions("").at(0);
  EXPECT_LE(info.token.size() + info.user_agent.size() + info.referer.size() + info.query_string.size(),
            4096u);
}

}  // namespace
}  // namespace sluice::http
