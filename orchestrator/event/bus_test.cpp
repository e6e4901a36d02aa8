#include "orchestrator/event/bus.h"

#include <gtest/gtest.h>
#include <sys/socket.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include "orchestrator/event/testing/receiver.h"

namespace sluice::event {
namespace {

using namespace std::chrono_literals;
using testing::Receiver;

class BusTest : public ::testing::Test {
 protected:
  BusTest() {
    char name[] = "/tmp/sluice-bus-XXXXXX";
    folder = mkdtemp(name);
  }
  ~BusTest() override { std::filesystem::remove_all(folder); }
  config::EventSink sink(const std::string& url) {
    config::EventSink sink;
    sink.name = "test";
    sink.url = url;
    sink.resend_timeout = 0s;
    return sink;
  }
  std::vector<std::string> lines(const std::string& name) {
    std::ifstream file(folder + "/" + name);
    std::vector<std::string> out;
    for (std::string line; std::getline(file, line);) out.push_back(line);
    return out;
  }
  std::string folder;
  Log log{LogLevel::kNone};
  Bus bus{log, "edge1", 1000};
};

TEST_F(BusTest, EveryEventIsNumberedInOrderForAllSinks) {
  bus.apply({sink("jsonlog://" + folder + "/a"), sink("jsonlog://" + folder + "/b")});
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([this, t] {
      for (int i = 0; i < 200; ++i) bus.emit({"e", std::to_string(t), {{"n", int64_t{i}}}});
    });
  for (auto& thread : threads) thread.join();
  bus.stop();
  const auto a = lines("a");
  EXPECT_EQ(a, lines("b"));
  ASSERT_EQ(a.size(), 800u);
  int next[4] = {};
  for (size_t i = 0; i < a.size(); ++i) {
    const std::string head = "{\"event\":\"e\",\"event_id\":" + std::to_string(1000 + i) +
                             ",\"sequence\":" + std::to_string(i + 1) + ",\"utc_ms\":";
    ASSERT_EQ(a[i].substr(0, head.size()), head);
    const int thread = a[i][a[i].find("\"media\":\"") + 9] - '0';
    EXPECT_NE(a[i].find("\"n\":" + std::to_string(next[thread]++) + "}"), std::string::npos) << a[i];
  }
}

TEST_F(BusTest, AReceiverGetsArraysThatAreSigned) {
  Receiver receiver;
  auto config = sink(receiver.url("user:secret@"));
  config.sign_key = "key";
  config.throttle_delay = 1s;
  config.except = {{{"event", {"no"}}}};
  bus.apply({config});
  for (int i = 0; i < 250; ++i) bus.emit({i % 2 ? "no" : "yes", "m", {}});
  bus.stop();
  const auto requests = receiver.requests();
  ASSERT_GE(requests.size(), 2u);
  size_t events = 0;
  for (const auto& request : requests) {
    EXPECT_EQ(request.header("X-Signature"), testing::sha1(request.body + "key"));
    EXPECT_EQ(request.header("Content-Type"), "application/json");
    EXPECT_EQ(request.header("Authorization"), "Basic dXNlcjpzZWNyZXQ=");
    EXPECT_EQ(request.body.front(), '[');
    EXPECT_EQ(request.body.back(), ']');
    size_t here = 0;
    for (size_t at = 0; (at = request.body.find("{\"event\":\"yes\"", at)) != std::string::npos; ++at) ++here;
    EXPECT_LE(here, 100u);
    events += here;
  }
  EXPECT_EQ(events, 125u);
  EXPECT_EQ(bus.totals().sent, 125u);
}

TEST_F(BusTest, AReceiverThatFailsGetsItAgain) {
  Receiver receiver;
  receiver.answer_with({500, 302, 200});
  bus.apply({sink(receiver.url())});
  bus.emit({"e", "", {}});
  ASSERT_TRUE(receiver.wait_for(3));
  bus.stop();
  const auto requests = receiver.requests();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].body, requests[2].body);
  const SinkFigures totals = bus.totals();
  EXPECT_EQ(totals.sent, 1u);
  EXPECT_EQ(totals.resent, 2u);
  EXPECT_EQ(totals.failed, 2u);
  EXPECT_EQ(totals.dropped, 0u);
}

TEST_F(BusTest, NobodyWaitsForAReceiverThatHangs) {
  Receiver hanging;
  hanging.hang();
  bus.apply({sink(hanging.url()), sink("jsonlog://" + folder + "/a"), sink("jsonlog:///nowhere/at/all")});
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < 5'000; ++i) bus.emit({"e", "m", {}});
  EXPECT_LT(std::chrono::steady_clock::now() - start, 5s);
  const auto sinks = bus.sinks();
  ASSERT_EQ(sinks.size(), 3u);
  EXPECT_GE(sinks[0].figures.dropped, 3'900u);
  EXPECT_LE(sinks[0].figures.queued, 1000u);
  const auto stop = std::chrono::steady_clock::now();
  bus.stop();
  EXPECT_LT(std::chrono::steady_clock::now() - stop, 4s);
  const SinkFigures totals = bus.totals();
  EXPECT_EQ(totals.queued, 0u);
  EXPECT_EQ(totals.sent + totals.dropped, 15'000u);
}

TEST_F(BusTest, ASinkThatDidNotChangeKeepsWhatWaits) {
  Receiver receiver;
  auto kept = sink(receiver.url());
  kept.throttle_delay = 1h;
  bus.apply({kept, sink("jsonlog://" + folder + "/a")});
  bus.emit({"one", "", {}});
  auto changed = sink("jsonlog://" + folder + "/b");
  kept.place.line = 99;
  bus.apply({changed, kept});
  bus.emit({"two", "", {}});
  ASSERT_EQ(bus.sinks().size(), 2u);
  EXPECT_EQ(bus.sinks()[1].figures.queued, 2u);
  bus.stop();
  ASSERT_EQ(receiver.requests().size(), 1u);
  EXPECT_NE(receiver.requests()[0].body.find("\"one\""), std::string::npos);
  EXPECT_EQ(lines("a").size(), 1u);  // what was gone had delivered it
  EXPECT_EQ(lines("b").size(), 1u);
}

TEST_F(BusTest, AUrlOfNoKnownKindSaysSoAndCounts) {
  bus.apply({sink("ftp://h/")});
  bus.emit({"e", "", {}});
  const auto sinks = bus.sinks();
  ASSERT_EQ(sinks.size(), 1u);
  EXPECT_EQ(sinks[0].figures.dropped, 1u);
  EXPECT_EQ(sinks[0].figures.last_error, "the URL is none of http://, https://, log://, jsonlog://");
}

TEST(FirstId, RisesOverARestart) {
  const std::chrono::system_clock::time_point start{1'700'000'000s};
  EXPECT_EQ(first_id_of(start), 1'700'000'000'000'000);
  EXPECT_GT(first_id_of(start + 1s), first_id_of(start) + 999'999);
}

}  // namespace
}  // namespace sluice::event
