// A real ring and a real delivery behind a real socket.
#include "m4fhttp/delivery_handler.h"

#include <gtest/gtest.h>

#include "m4f/playlist/testing/test_stream.h"
#include "m4fhttp/test_client.h"
#include "m4fhttp/test_fakes.h"

namespace m4fhttp {
namespace {

using m4f::Ticks;

struct CountingHooks : DeliveryHooks {
  struct Session : LiveSession {
    explicit Session(CountingHooks& hooks) : hooks(hooks) { ++hooks.open; }
    ~Session() override { --hooks.open; }
    void sent(uint64_t n) override { hooks.live_bytes += n; }
    CountingHooks& hooks;
  };
  bool answered(const Exchange&, const std::string& proto_in, int status, uint64_t n) override {
    if (refuse) return false;
    std::lock_guard lock(mutex);
    if (status == 200) proto = proto_in;
    bytes += n;
    return true;
  }
  std::unique_ptr<LiveSession> live(const Exchange&, const std::string&) override {
    if (refuse) return nullptr;
    return std::make_unique<Session>(*this);
  }
  std::mutex mutex;
  std::string proto;  // of the newest good answer
  uint64_t bytes = 0;
  std::atomic<int> open = 0;
  std::atomic<bool> refuse = false;
  std::atomic<uint64_t> live_bytes = 0;
};

class DeliveryHandlerTest : public ::testing::Test {
 protected:
  DeliveryHandlerTest() { EXPECT_EQ(server.error, ""); }
  std::string fetch(const std::string& target, const std::string& more = "",
                    const std::string& method = "GET") {
    TestClient client(server.port());
    client.send(method + " /" + target + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n");
    return client.read_answer(method == "HEAD");
  }
  // The address of the n-th segment of a media playlist.
  static std::string segment_of(const std::string& playlist, size_t n) {
    std::string line;
    for (size_t at = playlist.find("#EXTINF"); n + 1 > 0 && at != std::string::npos;
         at = playlist.find("#EXTINF", at + 1)) {
      const size_t begin = playlist.find('\n', at) + 1;
      line = playlist.substr(begin, playlist.find('\n', begin) - begin);
      if (n-- == 0) break;
    }
    return line;
  }

  m4f::RingPtr ring = std::make_shared<m4f::LiveRing>();
  std::shared_ptr<m4f::PackageCache> cache = std::make_shared<m4f::PackageCache>(64 << 20);
  std::shared_ptr<m4f::Delivery> delivery =
      std::make_shared<m4f::Delivery>("live", ring, cache, m4f::DeliveryOptions{});
  m4f::testing::TestStream stream{{m4f::testing::h264_track(), m4f::testing::aac_track()}, ring};
  std::shared_ptr<CountingHooks> hooks = std::make_shared<CountingHooks>();
  DeliveryHandler handler;
  TestServer server{
      [this](const ExchangePtr& e) { handler.serve(e, delivery, e->target.path.substr(1), hooks); }};
};

TEST_F(DeliveryHandlerTest, AStreamWithNothingYetSaysWhenToComeBack) {
  const std::string answer = fetch("mono.m3u8");
  EXPECT_EQ(status_of_answer(answer), 503);
  EXPECT_NE(answer.find("Retry-After: 1\r\n"), std::string::npos);
  EXPECT_EQ(status_of_answer(fetch("nothing.txt")), 404);
}

TEST_F(DeliveryHandlerTest, PlaylistsAndSegments) {
  stream.segments(3);
  const std::string playlist = fetch("mono.m3u8");
  EXPECT_EQ(status_of_answer(playlist), 200);
  EXPECT_NE(playlist.find("Content-Type: application/vnd.apple.mpegurl"), std::string::npos);
  EXPECT_EQ(hooks->proto, "hls");
  const std::string name = segment_of(playlist, 1);
  const std::string segment = fetch(name);
  EXPECT_EQ(status_of_answer(segment), 200);
  const std::string body = body_of(segment);
  ASSERT_GT(body.size(), 188u);
  EXPECT_EQ(body[0], 0x47);
  const std::string part = fetch(name, "Range: bytes=188-375\r\n");
  EXPECT_EQ(status_of_answer(part), 206);
  EXPECT_EQ(body_of(part), body.substr(188, 188));
  const std::string head = fetch(name, "", "HEAD");
  EXPECT_NE(head.find("Content-Length: " + std::to_string(body.size()) + "\r\n"), std::string::npos);
  EXPECT_EQ(body_of(head), "");
  EXPECT_EQ(status_of_answer(fetch(name, "", "DELETE")), 405);
  EXPECT_EQ(status_of_answer(fetch(name, "", "BREW")), 405);
  const std::string preflight = fetch(name, "Origin: http://x\r\n", "OPTIONS");
  EXPECT_EQ(status_of_answer(preflight), 204);
  EXPECT_NE(preflight.find("Access-Control-Allow-Methods: GET, HEAD, OPTIONS\r\n"), std::string::npos);
  EXPECT_EQ(hooks->bytes, body_of(playlist).size() + body.size() + 188);
}

TEST_F(DeliveryHandlerTest, WhoIsRefusedGetsNothing) {
  stream.segments(3);
  hooks->refuse = true;
  for (const std::string tail : {"mono.m3u8", "mpegts"}) {
    const std::string answer = fetch(tail);
    EXPECT_EQ(status_of_answer(answer), 403) << tail;
    EXPECT_EQ(body_of(answer), "") << tail;
    EXPECT_NE(answer.find("Access-Control-Allow-Origin: *\r\n"), std::string::npos) << tail;
  }
}

TEST_F(DeliveryHandlerTest, ABlockingReloadIsAnsweredWhenThePartIsThere) {
  stream.segments(3);
  stream.grow(Ticks::from_ms(500));
  const std::string now = body_of(fetch("tracks-v1/mono.ll.m3u8"));
  TestClient client(server.port());
  client.send(
      get("/tracks-v1/mono.ll.m3u8?_HLS_msn=" + std::to_string(stream.next_number() - 1) + "&_HLS_part=4"));
  ASSERT_TRUE(eventually([&] { return server.server->stats().held == 1; }));
  // In steps: it wakes with every part and is answered with the one that it asked for.
  for (int i = 0; i < 6; ++i) stream.grow(Ticks::from_ms(100));
  const std::string later = client.read_answer();
  EXPECT_EQ(status_of_answer(later), 200);
  EXPECT_NE(body_of(later), now);
  EXPECT_NE(later.find("-4.m4s"), std::string::npos) << later;
  EXPECT_EQ(hooks->proto, "llhls");
  EXPECT_TRUE(eventually([&] { return server.server->stats().held == 0; }));
}

TEST_F(DeliveryHandlerTest, AWaitThatIsNotFulfilledEnds) {
  m4f::DeliveryOptions options;
  options.segment_duration = Ticks::from_ms(200);
  delivery->configure(options);
  stream.set_target(Ticks::from_ms(200));
  stream.segments(3, Ticks::from_ms(200));
  const std::string answer =
      fetch("tracks-v1/mono.ll.m3u8?_HLS_msn=" + std::to_string(stream.next_number() + 1));
  EXPECT_EQ(status_of_answer(answer), 503);
}

TEST_F(DeliveryHandlerTest, EndlessTsIsTheSegmentsOneAfterAnother) {
  stream.segments(2);
  TestClient one(server.port()), two(server.port());
  one.send(get("/mpegts"));
  two.send(get("/mpegts"));
  for (TestClient* client : {&one, &two})
    ASSERT_TRUE(client->read_until([](const std::string& r) { return body_of(r).size() > 10'000; }));
  stream.segments(2);
  const std::string playlist = body_of(fetch("mono.m3u8"));
  const std::string wanted = body_of(fetch(segment_of(playlist, 1))) +
                             body_of(fetch(segment_of(playlist, 2))) +
                             body_of(fetch(segment_of(playlist, 3)));
  for (TestClient* client : {&one, &two}) {
    ASSERT_TRUE(client->read_until([&](const std::string& r) { return body_of(r).size() >= wanted.size(); }));
    EXPECT_NE(client->received.find("Content-Type: video/mp2t\r\n"), std::string::npos);
    EXPECT_TRUE(body_of(client->received) == wanted);
  }
  EXPECT_EQ(hooks->open, 2);
  one.close();
  EXPECT_TRUE(eventually([&] { return hooks->open == 1; }));
  stream.end();
  EXPECT_TRUE(two.read_to_end());
  EXPECT_TRUE(eventually([&] { return hooks->open == 0; }));
  EXPECT_EQ(hooks->live_bytes, 2 * wanted.size());
}

TEST_F(DeliveryHandlerTest, AHeadOfAnEndlessStreamEnds) {
  stream.segments(2);
  const std::string answer = fetch("mpegts", "", "HEAD");
  EXPECT_EQ(status_of_answer(answer), 200);
  EXPECT_EQ(answer.find("\r\nContent-Length"), std::string::npos);
  EXPECT_EQ(hooks->open, 0);
}

TEST(StreamServer, ServesOneStreamUnderItsName) {
  const auto ring = std::make_shared<m4f::LiveRing>();
  const auto cache = std::make_shared<m4f::PackageCache>(64 << 20);
  m4f::testing::TestStream stream({m4f::testing::h264_track()}, ring);
  stream.segments(3);
  ServerSettings settings;
  settings.threads = settings.live_threads = 1;
  settings.listeners.push_back({.address = "127.0.0.1"});
  StreamServer server(
      "live/a", std::make_shared<m4f::Delivery>("live/a", ring, cache, m4f::DeliveryOptions{}), settings);
  ASSERT_TRUE(server.start());
  TestClient client(server.port());
  client.send(get("/live/a/index.m3u8") + get("/other/index.m3u8") + get("/live/a"));
  EXPECT_EQ(status_of_answer(client.read_answer()), 200);
  EXPECT_EQ(status_of_answer(client.read_answer()), 404);
  EXPECT_EQ(status_of_answer(client.read_answer()), 404);
  server.stop();
}

}  // namespace
}  // namespace m4fhttp
