#include "m4fhttp/server.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "m4fhttp/test_client.h"
#include "m4fhttp/test_fakes.h"

namespace m4fhttp {
namespace {

using namespace std::chrono_literals;

void echo(const ExchangePtr& exchange) {
  Response response;
  response.add("Content-Type", "text/plain");
  response.append(exchange->target.path + "|" + exchange->target.query + "|" + std::string(exchange->body()));
  exchange->reply(std::move(response));
}

size_t open_descriptors() {
  size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++count;
  return count;
}

TEST(Server, AnswersAndKeepsTheConnection) {
  TestServer server(echo);
  TestClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    client.send(get("/a%20b?x=" + std::to_string(i)));
    const std::string answer = client.read_answer();
    EXPECT_EQ(status_of_answer(answer), 200);
    EXPECT_EQ(body_of(answer), "/a b|x=" + std::to_string(i) + "|");
    EXPECT_NE(answer.find("\r\nDate: "), std::string::npos);
  }
}

TEST(Server, ListensInMorePlacesAndInFewerWhileItRuns) {
  TestServer server([](const ExchangePtr& exchange) {
    Response response;
    response.append(std::to_string(exchange->listener));
    exchange->reply(std::move(response));
  });
  const size_t before = open_descriptors();
  TestClient old(server.port());
  const auto second = server.server->add_listener({.address = "127.0.0.1", .port = 0});
  ASSERT_TRUE(second) << second.error().message();
  EXPECT_EQ(*second, 1u);
  const uint16_t port = server.server->port(*second);
  TestClient stays(port);
  stays.send(get("/"));
  EXPECT_EQ(body_of(stays.read_answer()), "1");

  server.server->remove_listener(*second);
  EXPECT_FALSE(TestClient(port).connected());
  stays.send(get("/"));
  EXPECT_EQ(body_of(stays.read_answer()), "1");
  old.send(get("/"));
  EXPECT_EQ(body_of(old.read_answer()), "0");

  // The same port again, at once and several times, and beside itself.
  for (size_t index = 2; index < 6; index += 2) {
    const auto again = server.server->add_listener({.address = "127.0.0.1", .port = port});
    ASSERT_TRUE(again) << again.error().message();
    EXPECT_EQ(*again, index);
    const auto beside = server.server->add_listener({.address = "127.0.0.1", .port = port});
    ASSERT_TRUE(beside) << beside.error().message();
    server.server->remove_listener(*again);
    TestClient client(port);
    client.send(get("/"));
    EXPECT_EQ(body_of(client.read_answer()), std::to_string(index + 1));
    server.server->remove_listener(*beside);
  }
  old.close();
  stays.close();
  EXPECT_TRUE(eventually([&] { return open_descriptors() <= before; }));
}

TEST(Server, APlaceThatAnotherProgramHasIsRefusedWhileItRuns) {
  TestServer other(echo), server(echo);
  const auto taken = server.server->add_listener({.address = "127.0.0.1", .port = other.port()});
  ASSERT_FALSE(taken);
  EXPECT_NE(taken.error().message().find("is in use by another program"), std::string::npos);
  TestClient client(server.port());
  client.send(get("/x"));
  EXPECT_EQ(body_of(client.read_answer()), "/x||");
}

TEST(Server, AnswersPipelinedRequestsInOrder) {
  TestServer server(echo);
  TestClient client(server.port());
  std::string all;
  for (int i = 0; i < 50; ++i) all += get("/" + std::to_string(i));
  client.send(all);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(body_of(client.read_answer()), "/" + std::to_string(i) + "||");
}

TEST(Server, ReadsARequestThatComesByteByByte) {
  TestServer server(echo);
  TestClient client(server.port());
  for (const char c : std::string("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\n\r\nabc"))
    client.send({&c, 1});
  EXPECT_EQ(body_of(client.read_answer()), "/x||abc");
}

TEST(Server, TakesABodyAndRefusesOneTooLarge) {
  ServerSettings settings;
  settings.max_body = 100'000;
  TestServer server(echo, settings);
  TestClient client(server.port());
  const std::string body(100'000, 'x');
  client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100000\r\n\r\n" + body + get("/next"));
  EXPECT_EQ(body_of(client.read_answer()), "/x||" + body);
  EXPECT_EQ(body_of(client.read_answer()), "/next||");
  client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 100001\r\n\r\n" + body);
  EXPECT_EQ(status_of_answer(client.read_answer()), 413);
  EXPECT_TRUE(client.read_to_end());
}

TEST(Server, SaysContinueToWhoAsks) {
  TestServer server(echo);
  TestClient client(server.port());
  client.send("PUT /x HTTP/1.1\r\nHost: h\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  ASSERT_TRUE(client.read_until([](const std::string& r) { return r == "HTTP/1.1 100 Continue\r\n\r\n"; }));
  client.received.clear();
  client.send("ab");
  EXPECT_EQ(body_of(client.read_answer()), "/x||ab");
}

TEST(Server, HeadHasTheLengthAndNoBody) {
  TestServer server(echo);
  TestClient client(server.port());
  client.send("HEAD /abc HTTP/1.1\r\nHost: h\r\n\r\n" + get("/d"));
  const std::string head = client.read_answer(true);
  EXPECT_NE(head.find("Content-Length: 6\r\n"), std::string::npos);
  EXPECT_EQ(body_of(head), "");
  EXPECT_EQ(body_of(client.read_answer()), "/d||");
}

TEST(Server, ClosesWhenAskedTo) {
  TestServer server(echo);
  TestClient client(server.port());
  client.send(get("/a", "Connection: close\r\n"));
  EXPECT_TRUE(client.read_to_end());
  EXPECT_NE(client.received.find("Connection: close\r\n"), std::string::npos);
  EXPECT_EQ(body_of(client.received), "/a||");
}

TEST(Server, AnswersAClientThatHasShutItsSide) {
  TestServer server(echo);
  TestClient client(server.port());
  client.send(get("/a"));
  client.shutdown_write();
  EXPECT_TRUE(client.read_to_end());
  EXPECT_EQ(body_of(client.received), "/a||");
}

TEST(Server, RefusesHostileRequestsAndLivesOn) {
  std::atomic<int> handled = 0;
  TestServer server([&](const ExchangePtr& exchange) {
    ++handled;
    echo(exchange);
  });
  const std::vector<std::pair<std::string, int>> cases = {
      {get("/../etc/passwd"), 404},
      {get("/%2e%2e/%2e%2e/etc/passwd"), 404},
      {get("/a%00"), 400},
      {get("/%c0%ae%c0%ae/"), 400},
      {get("/" + std::string(4096, 'a')), 414},
      {get("/a\\..\\b"), 400},
      {"\x16\x03\x01\x02\r\n\r\n", 400},
      {"GET / HTTP/9.9\r\n\r\n", 505},
      {std::string(20000, 'a'), 414},
  };
  for (const auto& [text, status] : cases) {
    TestClient client(server.port());
    client.send(text);
    EXPECT_EQ(status_of_answer(client.read_answer()), status) << text.substr(0, 40);
  }
  EXPECT_EQ(handled, 0);
  TestClient client(server.port());
  client.send(get("/still"));
  EXPECT_EQ(body_of(client.read_answer()), "/still||");
}

TEST(Server, SlowLorisIsCutOff) {
  ServerSettings settings;
  settings.header_timeout = 200ms;
  TestServer server(echo, settings);
  TestClient slow(server.port());
  // A byte now and then gains no time: the sender is faster than the limit, the request never ends.
  slow.send("GET / HTTP/1.1\r\n");
  const auto begun = std::chrono::steady_clock::now();
  while (std::chrono::steady_clock::now() - begun < 8s) {
    slow.send("A: b\r\n");
    pollfd wait{slow.fd(), POLLIN, 0};
    if (poll(&wait, 1, 50) > 0) break;
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begun, 5s);
  EXPECT_TRUE(eventually([&] { return server.server->stats().connections == 0; }));
}

TEST(Server, IdleConnectionsAreClosed) {
  ServerSettings settings;
  settings.idle_timeout = 100ms;
  TestServer server(echo, settings);
  TestClient client(server.port());
  client.send(get("/a"));
  client.read_answer();
  EXPECT_TRUE(client.read_to_end());
}

TEST(Server, AClientThatTakesNothingIsClosed) {
  ServerSettings settings;
  settings.stall_timeout = 200ms;
  const auto large = std::make_shared<const m4f::Bytes>(16u << 20);
  TestServer server(
      [&](const ExchangePtr& exchange) { exchange->reply(std::move(Response().append(large))); }, settings);
  TestClient client(server.port(), 4096);
  client.send(get("/a"));
  EXPECT_TRUE(eventually([&] { return server.server->stats().connections == 1; }));
  EXPECT_TRUE(eventually([&] { return server.server->stats().connections == 0; }));
  EXPECT_TRUE(eventually([&] { return large.use_count() == 1; }));
}

TEST(Server, LimitsConnections) {
  ServerSettings settings;
  settings.max_connections = 3;
  TestServer server(echo, settings);
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.port()));
    clients.back()->send(get("/a"));
    EXPECT_EQ(status_of_answer(clients.back()->read_answer()), 200);
  }
  TestClient more(server.port());
  EXPECT_TRUE(more.read_to_end());
  EXPECT_EQ(server.server->stats().refused, 1u);
}

TEST(Server, SendsLargeBodiesWhole) {
  auto bytes = std::make_shared<m4f::Bytes>(5u << 20);
  for (size_t i = 0; i < bytes->size(); ++i) (*bytes)[i] = static_cast<uint8_t>(i * 7 + i / 1000);
  TestServer server([&](const ExchangePtr& exchange) {
    Response response;
    for (size_t at = 0; at < bytes->size(); at += 50'000)  // more pieces than one write takes
      response.body.push_back({bytes, at, std::min<size_t>(50'000, bytes->size() - at)});
    exchange->reply(std::move(response));
  });
  TestClient client(server.port(), 8192);
  client.send(get("/a") + get("/b"));
  for (int i = 0; i < 2; ++i) {
    const std::string body = body_of(client.read_answer());
    ASSERT_EQ(body.size(), bytes->size());
    EXPECT_EQ(std::memcmp(body.data(), bytes->data(), body.size()), 0);
  }
}

TEST(Server, AnUnansweredExchangeIs500) {
  TestServer server([](const ExchangePtr&) {});
  TestClient client(server.port());
  client.send(get("/a"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 500);
}

TEST(Server, AnswersLaterFromAnotherThread) {
  std::vector<std::thread> threads;
  std::mutex mutex;
  TestServer server([&](const ExchangePtr& exchange) {
    std::lock_guard lock(mutex);
    threads.emplace_back([exchange] {
      exchange->defer([](Exchange& e) { e.reply(std::move(Response().append(e.target.path))); });
    });
  });
  TestClient client(server.port());
  client.send(get("/1", "X-Some: header\r\n") + get("/2"));
  EXPECT_EQ(body_of(client.read_answer()), "/1");
  EXPECT_EQ(body_of(client.read_answer()), "/2");
  for (auto& thread : threads) thread.join();
}

TEST(Hold, WakesOnChangeAndOnDeadline) {
  const auto source = std::make_shared<FakeSource>();
  TestServer server([&](const ExchangePtr& exchange) {
    const auto patience = exchange->target.path == "/short" ? 50ms : 60s;
    exchange->hold(source, source->version(), Exchange::Clock::now() + patience, [](Exchange& e) {
      e.reply(std::move(Response().append(e.target.path + std::string(e.header("x-mark")))));
    });
  });
  TestClient client(server.port());
  client.send(get("/short"));
  EXPECT_EQ(body_of(client.read_answer()), "/short");
  client.send(get("/long", "X-Mark: kept\r\n"));
  ASSERT_TRUE(eventually([&] { return server.server->stats().held == 1; }));
  source->change();
  EXPECT_EQ(body_of(client.read_answer()), "/longkept");  // the request's bytes are still there
  EXPECT_TRUE(eventually([&] { return source->subscriptions() == 0; }));
}

TEST(Hold, AChangeBeforeTheSubscriptionIsNotMissed) {
  const auto source = std::make_shared<FakeSource>();
  TestServer server([&](const ExchangePtr& exchange) {
    const uint64_t seen = source->version();
    source->change();
    exchange->hold(source, seen, Exchange::Clock::now() + 60s, [](Exchange& e) { e.reply({}); });
  });
  TestClient client(server.port());
  client.send(get("/a"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 200);
}

TEST(Hold, ManyWaitersShareASubscriptionPerThread) {
  const auto source = std::make_shared<FakeSource>();
  std::atomic<int> rounds = 0;
  std::function<void(Exchange&)> again = [&](Exchange& e) {
    if (source->version() >= 3) return e.reply({});
    ++rounds;
    e.hold(source, source->version(), Exchange::Clock::now() + 60s, again);
  };
  TestServer server([&](const ExchangePtr& exchange) { again(*exchange); });
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.port()));
    clients.back()->send(get("/a"));
  }
  ASSERT_TRUE(eventually([&] { return server.server->stats().held == 40; }));
  EXPECT_LE(source->subscribed, 2);
  source->change();
  ASSERT_TRUE(eventually([&] { return rounds == 80 && server.server->stats().held == 40; }));
  EXPECT_LE(source->subscribed, 2);
  source->change();
  for (auto& client : clients) EXPECT_EQ(status_of_answer(client->read_answer()), 200);
}

TEST(Hold, AClientThatLeavesIsReleased) {
  const auto source = std::make_shared<FakeSource>();
  std::atomic<bool> called = false;
  TestServer server([&](const ExchangePtr& exchange) {
    exchange->hold(source, source->version(), Exchange::Clock::now() + 60s,
                   [&](Exchange&) { called = true; });
  });
  TestClient client(server.port());
  client.send(get("/a"));
  ASSERT_TRUE(eventually([&] { return server.server->stats().held == 1; }));
  client.close();
  EXPECT_TRUE(eventually([&] { return server.server->stats().held == 0 && source->subscriptions() == 0; }));
  source->change();
  EXPECT_FALSE(called);
}

struct CountingSession : LiveSession {
  explicit CountingSession(std::atomic<int>& open, std::atomic<uint64_t>& bytes) : open(open), bytes(bytes) {
    ++open;
  }
  ~CountingSession() override { --open; }
  void sent(uint64_t n) override { bytes += n; }
  std::atomic<int>& open;
  std::atomic<uint64_t>& bytes;
};

struct LiveServer {
  explicit LiveServer(std::shared_ptr<FakeFeed> feed_in, ServerSettings settings = {})
      : feed(std::move(feed_in)),
        server(
            [this](const ExchangePtr& exchange) {
              Response response;
              response.add("Content-Type", "video/mp2t");
              exchange->go_live(std::move(response),
                                {feed, nullptr, std::make_unique<CountingSession>(open, bytes)});
            },
            settings) {}
  std::shared_ptr<FakeFeed> feed;
  std::atomic<int> open = 0;
  std::atomic<uint64_t> bytes = 0;
  TestServer server;
};

TEST(Live, WritesChunksAsTheyCome) {
  LiveServer live(std::make_shared<FakeFeed>(10, 100));
  live.feed->push();
  TestClient client(live.server.port());
  client.send(get("/a"));
  ASSERT_TRUE(client.read_until([](const std::string& r) { return body_of(r) == "aaaaaaaaaa"; }));
  EXPECT_EQ(client.received.find("Content-Length"), std::string::npos);
  live.feed->push();
  ASSERT_TRUE(client.read_until([](const std::string& r) { return body_of(r) == "aaaaaaaaaabbbbbbbbbb"; }));
  EXPECT_EQ(live.server.server->stats().live_clients, 1u);
  live.feed->end();
  EXPECT_TRUE(client.read_to_end());
  EXPECT_TRUE(eventually([&] { return live.open == 0; }));
  EXPECT_EQ(live.bytes, 20u);
  EXPECT_EQ(live.server.server->stats().connections, 0u);
  EXPECT_EQ(live.feed->subscriptions(), 0u);
}

TEST(Live, AClientThatLeavesIsReleased) {
  LiveServer live(std::make_shared<FakeFeed>(10, 100));
  live.feed->push();
  TestClient client(live.server.port());
  client.send(get("/a"));
  ASSERT_TRUE(client.read_until([](const std::string& r) { return !body_of(r).empty(); }));
  client.close();
  EXPECT_TRUE(eventually([&] { return live.open == 0 && live.feed->subscriptions() == 0; }));
}

TEST(Live, ASlowClientSkipsAndOthersDoNot) {
  constexpr size_t kChunk = 65536;
  LiveServer live(std::make_shared<FakeFeed>(kChunk, 50));
  live.feed->push();
  TestClient slow(live.server.port(), 4096), fast(live.server.port());
  slow.send(get("/slow"));
  fast.send(get("/fast"));
  ASSERT_TRUE(eventually([&] { return live.server.server->stats().live_clients == 2; }));
  for (int i = 0; i < 400; ++i) {
    live.feed->push();
    // In step with the fast one: it must see every chunk.
    const size_t want = static_cast<size_t>(i + 2) * kChunk;
    ASSERT_TRUE(fast.read_until([&](const std::string& r) { return r.size() >= want; })) << i;
  }
  const std::string body = body_of(fast.received);
  for (size_t i = 0; i < 400; ++i) ASSERT_EQ(body[i * kChunk], static_cast<char>('a' + i % 26)) << i;
  // The slow one holds references to little of what it missed; whole chunks arrive when it reads on.
  slow.read_until([&](const std::string&) { return live.server.server->stats().live_skips > 0; });
  EXPECT_GE(live.server.server->stats().live_skips, 1u);
  const std::string got = body_of(slow.received);
  for (size_t i = 0; i + kChunk <= got.size(); i += kChunk)
    ASSERT_EQ(got.substr(i, kChunk), std::string(kChunk, got[i]));
}

TEST(Live, AClientThatTakesNothingIsClosed) {
  ServerSettings settings;
  settings.stall_timeout = 300ms;
  LiveServer live(std::make_shared<FakeFeed>(1 << 20, 10), settings);
  TestClient client(live.server.port(), 4096);
  client.send(get("/a"));
  ASSERT_TRUE(eventually([&] { return live.open == 1; }));
  for (int i = 0; i < 10; ++i) live.feed->push();
  EXPECT_TRUE(eventually([&] { return live.open == 0; }));
}

TEST(Server, StopsWithEverythingUnderWayAndLeaksNothing) {
  const size_t before = open_descriptors();
  for (int i = 0; i < 5; ++i) {
    const auto source = std::make_shared<FakeSource>();
    const auto feed = std::make_shared<FakeFeed>(1000, 10);
    feed->push();
    {
      TestServer server([&](const ExchangePtr& exchange) {
        if (exchange->target.path == "/live") return exchange->go_live({}, {feed, nullptr, nullptr});
        exchange->hold(source, source->version(), Exchange::Clock::now() + 60s,
                       [](Exchange& e) { e.reply({}); });
      });
      TestClient held(server.port()), live(server.port()), idle(server.port());
      held.send(get("/held"));
      live.send(get("/live"));
      ASSERT_TRUE(eventually([&] {
        const ServerStats stats = server.server->stats();
        return stats.held == 1 && stats.live_clients == 1 && stats.connections == 3;
      }));
      const auto begun = std::chrono::steady_clock::now();
      server.server->stop();
      EXPECT_LT(std::chrono::steady_clock::now() - begun, 2s);
    }
    EXPECT_EQ(source->subscriptions(), 0u);
    EXPECT_EQ(feed->subscriptions(), 0u);
  }
  EXPECT_EQ(open_descriptors(), before);
}

TEST(Server, SaysWhichPortIsTakenAndWhatToDo) {
  TestServer first(echo);
  ServerSettings settings;
  settings.listeners.push_back(
      {.address = "127.0.0.1", .port = first.port(), .setting = "`http` in x.conf:3"});
  TestServer second(echo, settings);
  EXPECT_EQ(second.error,
            "port " + std::to_string(first.port()) +
                " is in use by another program: change `http` in x.conf:3 or stop that program");
}

TEST(Server, SaysThatAnAddressIsNotHere) {
  ServerSettings settings;
  settings.listeners.push_back({.address = "192.0.2.1", .port = 8080, .setting = "`http 192.0.2.1:8080`"});
  EXPECT_EQ(TestServer(echo, settings).error,
            "this machine has no address 192.0.2.1: change `http 192.0.2.1:8080`");
  settings.listeners[0].address = "example.com";
  EXPECT_EQ(TestServer(echo, settings).error,
            "example.com is not an IP address: write one as in 10.0.0.1:8080");
}

TEST(Server, ListensOnAllAddressesByDefault) {
  ServerSettings settings;
  settings.listeners.push_back({});
  TestServer server(echo, settings);
  ASSERT_EQ(server.error, "");
  TestClient client(server.port());
  client.send(get("/a"));
  EXPECT_EQ(body_of(client.read_answer()), "/a||");
}

}  // namespace
}  // namespace m4fhttp
