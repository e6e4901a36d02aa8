// Request bodies that are taken as they come.
#include <gtest/gtest.h>

#include "m4fhttp/server.h"
#include "m4fhttp/test_client.h"
#include "m4fhttp/test_fakes.h"

namespace m4fhttp {
namespace {

using namespace std::chrono_literals;

// What a reader saw; shared with the test's thread.
struct Seen {
  std::mutex mutex;
  std::string body;
  std::atomic<size_t> size = 0;
  std::atomic<int> ended = 0, broken = 0, alive = 0, handled = 0;
  std::string reason;
  size_t pause_at = SIZE_MAX;  // bytes after which it takes no more
  ExchangePtr exchange;
  bool keep = true;
};

class Reader final : public BodyReader {
 public:
  Reader(ExchangePtr exchange, Seen& seen) : exchange_(std::move(exchange)), seen_(seen) { ++seen_.alive; }
  ~Reader() override { --seen_.alive; }
  bool data(std::string_view bytes) override {
    std::lock_guard lock(seen_.mutex);
    if (seen_.keep) seen_.body += bytes;
    seen_.size += bytes.size();
    return seen_.size < seen_.pause_at;
  }
  void end() override {
    ++seen_.ended;
    Response response{.status = 204};
    std::exchange(exchange_, nullptr)->reply(std::move(response));
  }
  void broken(std::string_view reason) override {
    std::lock_guard lock(seen_.mutex);
    seen_.reason = reason;
    ++seen_.broken;
  }

 private:
  ExchangePtr exchange_;
  Seen& seen_;
};

// /take is taken as it comes, /refuse is refused at its head, the rest is collected and echoed.
class TakingServer final : public TestServer {
 public:
  explicit TakingServer(Seen& seen, ServerSettings settings = {})
      : TestServer(
            [](const ExchangePtr& exchange) {
              Response response;
              response.append(exchange->target.path + "|" + std::string(exchange->body()));
              exchange->reply(std::move(response));
            },
            std::move(settings)),
        seen_(seen) {}
  ~TakingServer() override { server->stop(); }
  std::shared_ptr<BodyReader> stream_body(const ExchangePtr& exchange) override {
    ++seen_.handled;
    if (exchange->target.path == "/refuse") exchange->reply(Response{.status = 403});
    if (exchange->target.path != "/take") return nullptr;
    EXPECT_EQ(exchange->header("host"), "test");
    {
      std::lock_guard lock(seen_.mutex);
      seen_.exchange = exchange;
    }
    return std::make_shared<Reader>(exchange, seen_);
  }

 private:
  Seen& seen_;
};

std::string post(std::string_view target, std::string_view more) {
  return "POST " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more) + "\r\n";
}

void release(Seen& seen) {
  std::lock_guard lock(seen.mutex);
  seen.exchange.reset();
}

TEST(Body, ComesAsItIsSentWithLengthAndInChunksAndTheConnectionStays) {
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  client.send(post("/take", "Content-Length: 10\r\n") + "0123");
  ASSERT_TRUE(eventually([&] { return seen.size == 4; })) << "before its end";
  client.send("456789");
  EXPECT_EQ(status_of_answer(client.read_answer()), 204);
  client.send(post("/take", "Transfer-Encoding: chunked\r\n") + "3\r\nabc\r\n");
  ASSERT_TRUE(eventually([&] { return seen.size == 13; }));
  // The next request in the same piece.
  client.send("2\r\nde\r\n0\r\n\r\n" + get("/after"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 204);
  EXPECT_EQ(body_of(client.read_answer()), "/after|");
  EXPECT_EQ(seen.body, "0123456789abcde");
  EXPECT_EQ(seen.ended, 2);
  EXPECT_EQ(seen.broken, 0);
  release(seen);
  EXPECT_TRUE(eventually([&] { return seen.alive == 0; }));
}

TEST(Body, ByteByByteIsTheSame) {
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  for (const char c : post("/take", "Transfer-Encoding: chunked\r\n") + "3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n")
    client.send(std::string_view(&c, 1));
  EXPECT_EQ(status_of_answer(client.read_answer()), 204);
  EXPECT_EQ(seen.body, "abc");
}

TEST(Body, ContinueIsSaidWhenTheReaderIsThere) {
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  client.send(post("/take", "Content-Length: 3\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 100);
  client.send("abc");
  EXPECT_EQ(status_of_answer(client.read_answer()), 204);
  client.send(post("/echo", "Content-Length: 3\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 100);
  client.send("abc");
  EXPECT_EQ(body_of(client.read_answer()), "/echo|abc");
}

TEST(Body, ARefusalComesInsteadOfContinueAndEndsTheConnection) {
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  client.send(post("/refuse", "Content-Length: 1000000000\r\nExpect: 100-continue\r\n"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 403);
  EXPECT_TRUE(client.read_to_end());
}

TEST(Body, WhatIsNotTakenIsCollectedAsEver) {
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  client.send(post("/echo", "Content-Length: 6\r\n") + "abc");
  ASSERT_TRUE(eventually([&] { return seen.handled == 1; }));
  client.send("def");
  EXPECT_EQ(body_of(client.read_answer()), "/echo|abcdef");
  EXPECT_EQ(seen.handled, 1) << "the handler is asked once";
  client.send(post("/echo", "Transfer-Encoding: chunked\r\n"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 411);
}

TEST(Body, ASlowReaderIsNotSentMore) {
  Seen seen;
  seen.pause_at = 100'000;
  seen.keep = false;
  TakingServer server(seen);
  TestClient client(server.port());
  constexpr size_t kSize = 64 << 20;
  client.send(post("/take", "Content-Length: " + std::to_string(kSize) + "\r\n"));
  std::thread sender([&] {
    const std::string piece(65536, 'x');
    for (size_t sent = 0; sent < kSize; sent += piece.size()) client.send(piece);
  });
  ASSERT_TRUE(eventually([&] { return seen.size >= seen.pause_at; }));
  // Another client's requests, on both threads, are answered meanwhile; the paused one gives nothing more.
  for (int i = 0; i < 20; ++i) {
    TestClient other(server.port());
    other.send(get("/x"));
    EXPECT_EQ(status_of_answer(other.read_answer()), 200);
  }
  EXPECT_LE(seen.size, seen.pause_at + 65536);
  {
    std::lock_guard lock(seen.mutex);
    seen.pause_at = SIZE_MAX;
  }
  seen.exchange->resume_body();
  sender.join();
  EXPECT_EQ(status_of_answer(client.read_answer()), 204);
  EXPECT_EQ(seen.size, kSize);
  release(seen);
}

TEST(Body, AClientThatLeavesIsTold) {
  Seen seen;
  TakingServer server(seen);
  {
    TestClient client(server.port());
    client.send(post("/take", "Transfer-Encoding: chunked\r\n") + "5\r\nab");
    ASSERT_TRUE(eventually([&] { return seen.size == 2; }));
  }
  ASSERT_TRUE(eventually([&] { return seen.broken == 1; }));
  EXPECT_EQ(seen.reason, "the client has left");
  EXPECT_EQ(seen.ended, 0);
  release(seen);
  EXPECT_TRUE(eventually([&] { return seen.alive == 0; }));
}

TEST(Body, BrokenChunksEndTheConnection) {
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  client.send(post("/take", "Transfer-Encoding: chunked\r\n") + "3\r\nabcX\r\n0\r\n\r\n" + get("/smuggled"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 400);
  EXPECT_TRUE(client.read_to_end());
  EXPECT_EQ(client.received, "");
  EXPECT_EQ(seen.broken, 1);
  EXPECT_EQ(seen.reason, "the request's body is broken");
  release(seen);
}

TEST(Body, ASilentClientIsCut) {
  Seen seen;
  ServerSettings settings;
  settings.stall_timeout = 300ms;
  TakingServer server(seen, std::move(settings));
  TestClient client(server.port());
  client.send(post("/take", "Content-Length: 10\r\n") + "ab");
  EXPECT_EQ(status_of_answer(client.read_answer()), 408);
  EXPECT_TRUE(client.read_to_end());
  EXPECT_EQ(seen.broken, 1);
  release(seen);
}

TEST(Body, AnAnswerBeforeItsEndEndsTheConnection) {
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  client.send(post("/take", "Content-Length: 1000\r\n") + "ab");
  ASSERT_TRUE(eventually([&] { return seen.size == 2; }));
  seen.exchange->defer([](Exchange& exchange) { exchange.reply(Response{.status = 403}); });
  EXPECT_EQ(status_of_answer(client.read_answer()), 403);
  EXPECT_TRUE(client.read_to_end());
  release(seen);
  EXPECT_TRUE(eventually([&] { return seen.alive == 0; }));
  EXPECT_EQ(seen.ended + seen.broken, 0) << "who has answered hears no more";
}

TEST(Body, TwoLengthsAreNone) {
  for (const char* lines : {"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
                            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
                            "Content-Length: 3\r\nContent-Length: 3\r\n"}) {
    Seen seen;
    TakingServer server(seen);
    TestClient client(server.port());
    client.send(post("/take", lines) + "3\r\nabc\r\n0\r\n\r\n");
    EXPECT_EQ(status_of_answer(client.read_answer()), 400) << lines;
    EXPECT_TRUE(client.read_to_end());
    EXPECT_EQ(seen.handled, 0);
  }
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  client.send(post("/take", "Transfer-Encoding: gzip, chunked\r\n"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 501);
}

TEST(Body, AServerThatStopsTellsTheReader) {
  Seen seen;
  TakingServer server(seen);
  TestClient client(server.port());
  client.send(post("/take", "Content-Length: 1000\r\n") + "ab");
  ASSERT_TRUE(eventually([&] { return seen.size == 2; }));
  server.server->stop();
  EXPECT_EQ(seen.broken, 1);
  release(seen);
  EXPECT_EQ(seen.alive, 0);
}

}  // namespace
}  // namespace m4fhttp
