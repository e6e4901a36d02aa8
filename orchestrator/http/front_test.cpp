// The whole front on free ports, over invented streams.
#include "orchestrator/http/front.h"

#include <gtest/gtest.h>
#include <json-glib/json-glib.h>

#include "m4f/playlist/testing/test_stream.h"
#include "m4fhttp/test_client.h"
#include "m4fhttp/test_fakes.h"
#include "orchestrator/testing/fake_directory.h"
#include "orchestrator/testing/fake_events.h"
#include "orchestrator/testing/fake_store.h"

namespace sluice::http {
namespace {

using m4fhttp::body_of;
using m4fhttp::eventually;
using m4fhttp::get;
using m4fhttp::status_of_answer;
using m4fhttp::TestClient;

class FrontTest : public ::testing::Test {
 protected:
  FrontTest() {
    const auto cache = std::make_shared<m4f::PackageCache>(64 << 20);
    for (testing::FakeStream* stream : {&live, &empty})
      stream->delivery_ = std::make_shared<m4f::Delivery>(
          stream->name_, stream == &live ? ring : std::make_shared<m4f::LiveRing>(), cache,
          m4f::DeliveryOptions{});
    media.segments(3);
    config::Listener with_api, without_api;
    with_api.address = without_api.address = "127.0.0.1";
    without_api.api = false;
    config.listeners = {with_api, without_api};
  }
  void start() {
    store.set(config);
    front = std::make_unique<Front>(store, directory, events, FrontSettings{"9.9", 2, nullptr});
    const auto started = front->start();
    ASSERT_TRUE(started) << started.error().message();
  }
  std::string ask(const std::string& target, const std::string& more = "", size_t listener = 0,
                  const std::string& method = "GET") {
    if (!front) start();
    TestClient client(front->ports()[listener]);
    client.send(method + " " + target + " HTTP/1.1\r\nHost: h\r\n" + more + "\r\n");
    return client.read_answer(method == "HEAD");
  }
  int status(const std::string& target, const std::string& more = "", size_t listener = 0,
             const std::string& method = "GET") {
    return status_of_answer(ask(target, more, listener, method));
  }

  m4f::RingPtr ring = std::make_shared<m4f::LiveRing>();
  m4f::testing::TestStream media{{m4f::testing::h264_track(), m4f::testing::aac_track()}, ring};
  testing::FakeDirectory directory;
  testing::FakeEvents events;
  testing::FakeStream& live = directory.add("a/live <one>");
  testing::FakeStream& empty = directory.add("empty");
  config::Config config;
  testing::FixedStore store;
  std::unique_ptr<Front> front;
};

TEST_F(FrontTest, ServesStreamsByName) {
  EXPECT_EQ(status("/a/live%20%3Cone%3E/index.m3u8"), 200);
  EXPECT_EQ(status("/a/live%20%3Cone%3E/tracks-v1/mono.m3u8"), 200);
  EXPECT_EQ(status("/a/live%20%3Cone%3E/nothing.txt"), 404);
  EXPECT_EQ(status("/unknown/index.m3u8"), 404);
  EXPECT_EQ(status("/empty/index.m3u8"), 503);
  const std::string refused = ask("/empty/index.m3u8");
  EXPECT_NE(refused.find("Retry-After: "), std::string::npos);
}

TEST_F(FrontTest, AViewerOfAStreamThatRestsStartsItAndWaits) {
  m4f::RingPtr fresh = empty.delivery_->ring();
  empty.presence_ = stream::Presence::kStarting;
  start();
  TestClient client(front->ports()[0]);
  client.send("GET /empty/index.ll.m3u8 HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return empty.demands == 1; }));
  m4f::testing::TestStream begins{{m4f::testing::h264_track(), m4f::testing::aac_track()}, fresh};
  empty.presence_ = stream::Presence::kHere;
  begins.segments(1);
  EXPECT_EQ(status_of_answer(client.read_answer(false)), 200);
  EXPECT_EQ(empty.demands, 1);
}

TEST_F(FrontTest, AStreamWhoseSourcesAreDownIsNotFound) {
  m4f::RingPtr fresh = empty.delivery_->ring();
  empty.presence_ = stream::Presence::kStarting;
  start();
  TestClient client(front->ports()[0]);
  client.send("GET /empty/mpegts HTTP/1.1\r\nHost: h\r\n\r\n");
  ASSERT_TRUE(eventually([&] { return empty.demands == 1; }));
  empty.presence_ = stream::Presence::kResting;
  fresh->end();
  EXPECT_EQ(status_of_answer(client.read_answer(false)), 404);
}

TEST_F(FrontTest, WhoAsksWhatAStreamIsStartsNone) {
  empty.presence_ = stream::Presence::kResting;
  status("/empty/media_info.json");
  status("/empty/embed.html");
  status("/empty/index.m3u8", "", 0, "OPTIONS");
  EXPECT_EQ(empty.demands, 0);
}

TEST_F(FrontTest, ATemplatesStreamIsMadeWhenItIsAskedFor) {
  directory.makes = "made";
  EXPECT_EQ(status("/other/x/embed.html"), 404);
  EXPECT_EQ(status("/made/x/embed.html"), 200);
  EXPECT_NE(directory.find("made/x"), nullptr);
}

TEST_F(FrontTest, CountsViewersAndBytes) {
  const std::string path = "/a/live%20%3Cone%3E/";
  size_t bytes = body_of(ask(path + "index.m3u8", "User-Agent: p\r\n")).size();
  bytes += body_of(ask(path + "mono.m3u8", "User-Agent: p\r\n")).size();
  ask(path + "media_info.json", "User-Agent: monitor\r\n", 0, "HEAD");
  EXPECT_EQ(live.bytes_out, bytes);
  EXPECT_EQ(live.open, 1);
  ask(path + "index.m3u8", "User-Agent: other\r\n");
  EXPECT_EQ(live.open, 2);
  TestClient ts(front->ports()[0]);
  ts.send(get(path + "mpegts"));
  ASSERT_TRUE(ts.read_until([](const std::string& r) { return body_of(r).size() > 5000; }));
  EXPECT_EQ(live.open, 3);
  ts.close();
  EXPECT_TRUE(eventually([&] { return live.open == 2; }));
  EXPECT_EQ(empty.total, 0u);
  ask("/empty/index.m3u8");
  EXPECT_EQ(empty.total, 0u);  // who got nothing does not watch
  front->stop();
  front.reset();
  EXPECT_EQ(live.open, 0);
}

TEST_F(FrontTest, ViewersOverTheLimitAreRefusedAndOthersStay) {
  live.config_.max_sessions = 2;
  const std::string path = "/a/live%20%3Cone%3E/";
  EXPECT_EQ(status(path + "index.m3u8", "User-Agent: first\r\n"), 200);
  TestClient ts(front->ports()[0]);
  ts.send(get(path + "mpegts"));
  ASSERT_TRUE(ts.read_until([](const std::string& r) { return body_of(r).size() > 5000; }));
  EXPECT_EQ(status(path + "index.m3u8", "User-Agent: second\r\n"), 403);
  EXPECT_EQ(status(path + "mpegts"), 403);
  EXPECT_EQ(live.open, 2);
  EXPECT_EQ(status(path + "mono.m3u8", "User-Agent: first\r\n"), 200);
  EXPECT_EQ(status(path + "media_info.json", "User-Agent: second\r\n"), 200);  // no viewer
  live.config_.max_sessions.reset();
  front->set_max_sessions(2);
  EXPECT_EQ(status(path + "index.m3u8", "User-Agent: second\r\n"), 403);
  ts.close();
  EXPECT_TRUE(eventually([&] { return status(path + "index.m3u8", "User-Agent: second\r\n") == 200; }));
}

TEST_F(FrontTest, PagesOfOtherDomainsAreRefused) {
  live.config_.domains = {"good.com"};
  for (const std::string tail : {"index.m3u8", "mpegts", "embed.html", "media_info.json"}) {
    const std::string path = "/a/live%20%3Cone%3E/" + tail;
    EXPECT_EQ(status(path, "Referer: https://evil.com/good.com\r\n"), 403) << tail;
    if (tail == "mpegts") continue;  // never ends
    EXPECT_EQ(status(path), 200) << tail;
    EXPECT_EQ(status(path, "Referer: https://good.com/page\r\n"), 200) << tail;
    EXPECT_EQ(status(path, "Referer: http://h/a/embed.html\r\n"), 200) << tail;
  }
  EXPECT_EQ(live.total, 1u);
}

TEST_F(FrontTest, TheApiListsSessions) {
  const std::string path = "/a/live%20%3Cone%3E/";
  EXPECT_EQ(status(path + "index.m3u8?token=t", "User-Agent: first\r\n"), 200);
  EXPECT_EQ(status(path + "index.mpd", "User-Agent: second\r\n"), 200);
  const std::string all = body_of(ask("/streamer/api/v3/sessions"));
  EXPECT_NE(all.find("\"estimated_count\":2"), std::string::npos) << all;
  for (const std::string part :
       {"\"type\":\"play\"", "\"proto\":\"hls\"", "\"proto\":\"dash\"", "\"token\":\"t\"",
        "\"user_agent\":\"first\"", "\"segments_container\":\"mpegts\"", "\"name\":\"a/live <one>\"",
        "\"ip\":\"127.0.0.1\""})
    EXPECT_NE(all.find(part), std::string::npos) << part << " in " << all;
  const std::string one = body_of(ask("/streamer/api/v3/sessions?proto=dash&select=ip"));
  EXPECT_NE(one.find("\"estimated_count\":1"), std::string::npos) << one;
  const std::string id = one.substr(one.find("\"id\":\"") + 6, 36);
  EXPECT_NE(body_of(ask("/streamer/api/v3/sessions/" + id)).find("\"second\""), std::string::npos);
  EXPECT_EQ(status("/streamer/api/v3/sessions/none"), 404);
  EXPECT_NE(
      body_of(ask("/streamer/api/v3/streams/a/live%20%3Cone%3E/sessions")).find("\"estimated_count\":2"),
      std::string::npos);
  EXPECT_NE(body_of(ask("/streamer/api/v3/streams/empty/sessions")).find("\"estimated_count\":0"),
            std::string::npos);
  EXPECT_EQ(status("/streamer/api/v3/streams/none/sessions"), 404);
  EXPECT_EQ(status("/streamer/api/v3/event_sinks"), 501);  // this front was given none
}

TEST_F(FrontTest, ThePagesAreStrictAndWhole) {
  for (const std::string target : {"/", "/a/live%20%3Cone%3E/embed.html"}) {
    const std::string page = ask(target);
    EXPECT_EQ(status_of_answer(page), 200) << target;
    EXPECT_NE(page.find("Content-Type: text/html; charset=utf-8\r\n"), std::string::npos);
    EXPECT_NE(page.find("Content-Security-Policy: default-src 'none'; script-src 'self';"),
              std::string::npos);
    EXPECT_EQ(page.find("live <one>"), std::string::npos) << "a name must not be pasted into a page";
    // Every file that the page names is there.
    for (size_t at = page.find("/-/assets/"); at != std::string::npos; at = page.find("/-/assets/", at + 1)) {
      const std::string asset = page.substr(at, page.find('"', at) - at);
      EXPECT_EQ(status(asset), 200) << asset;
    }
  }
  EXPECT_GT(body_of(ask("/-/assets/hls.min.js")).size(), 100'000u);
  const std::string small = ask("/-/assets/hls.min.js", "Accept-Encoding: gzip\r\n");
  EXPECT_NE(small.find("Content-Encoding: gzip\r\n"), std::string::npos);
  const size_t etag = small.find("ETag: ") + 6;
  EXPECT_EQ(status("/-/assets/hls.min.js", "Accept-Encoding: gzip\r\nIf-None-Match: " +
                                               small.substr(etag, small.find('\r', etag) - etag) + "\r\n"),
            304);
  EXPECT_EQ(status("/unknown/embed.html"), 404);
  live.config_.protocols.player = false;
  EXPECT_EQ(status("/a/live%20%3Cone%3E/embed.html"), 404);
}

TEST_F(FrontTest, HostileAddressesOpenNothing) {
  for (const std::string target :
       {"/-/assets/../../../../etc/passwd", "/-/assets/%2e%2e/secret", "/-/assets/", "/-/assets/package.json",
        "/-/", "/-/x", "/..", "/%2e%2e/%2e%2e/etc/passwd", "/a/live%20%3Cone%3E/..%2f..%2fetc/passwd",
        "/%252e%252e/index.m3u8", "/a%00b/index.m3u8", "/a%5c..%5cb/index.m3u8", "/%c0%ae%c0%ae/index.m3u8",
        "/%ff%fe/index.m3u8", "/index.m3u8", "//index.m3u8", "/streamer/api/v3/streams/%2e%2e", "/streamer",
        "/etc/passwd"}) {
    const int got = status(target);
    EXPECT_TRUE(got == 400 || got == 404) << target << ": " << got;
  }
  EXPECT_EQ(status("/" + std::string(4000, 'x') + "/index.m3u8"), 414);
  EXPECT_EQ(status("/a/live%20%3Cone%3E/index.m3u8"), 200);
}

TEST_F(FrontTest, EveryMethodOnEveryRouteIsAnswered) {
  for (const std::string target :
       {"/", "/-/streams", "/-/assets/player.js", "/empty/index.m3u8", "/a/live%20%3Cone%3E/mono.m3u8",
        "/a/live%20%3Cone%3E/embed.html", "/streamer/api/v3/streams", "/streamer/api/v3/config/stats"})
    for (const std::string method :
         {"GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE", "TRACE", "PATCH", "BREW"}) {
      const int got = status(target, method == "PUT" ? "Content-Length: 0\r\n" : "", 0, method);
      const bool reads = method == "GET" || method == "HEAD";
      EXPECT_TRUE(reads ? got == 200 || got == 503 : got == 200 || got == 204 || got == 405)
          << method << " " << target << ": " << got;
    }
}

TEST_F(FrontTest, TheApiIsServedWhereItIsAllowed) {
  const std::string reply = ask("/streamer/api/v3/streams");
  EXPECT_EQ(status_of_answer(reply), 200);
  EXPECT_NE(reply.find("Access-Control-Allow-Methods: GET, PUT, DELETE, OPTIONS\r\n"), std::string::npos);
  EXPECT_NE(reply.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_EQ(status("/flussonic/api/v3/streams/a/live%20%3Cone%3E"), 200);
  EXPECT_EQ(status("/flussonic/api/v3/streams/a%2Flive%20%3Cone%3E"), 200);
  EXPECT_EQ(status("/streamer/api/v3/streams", "", 0, "OPTIONS"), 200);
  EXPECT_NE(ask("/streamer/api/v3/streams", "Accept-Encoding: gzip\r\n").find("Content-Encoding: gzip\r\n"),
            std::string::npos);
  EXPECT_EQ(status("/streamer/api/v3/streams", "", 1), 404);
  EXPECT_EQ(status("/streamer/api/v3/monitoring/liveness", "", 1), 404);
  EXPECT_EQ(status("/a/live%20%3Cone%3E/index.m3u8", "", 1), 200);
}

TEST_F(FrontTest, CredentialsGuardTheApiAndNothingElse) {
  config.edit_auth = config::Credentials{"root", "password"};
  const std::string challenge = ask("/streamer/api/v3/streams");
  EXPECT_EQ(status_of_answer(challenge), 401);
  EXPECT_NE(challenge.find("WWW-Authenticate: Basic realm="), std::string::npos);
  EXPECT_EQ(status("/streamer/api/v3/streams", "Authorization: Bearer cm9vdDpwYXNzd29yZA==\r\n"), 200);
  EXPECT_EQ(status("/streamer/api/v3/streams", "Authorization: Basic cm9vdDp3cm9uZw==\r\n"), 403);
  EXPECT_EQ(status("/streamer/api/v3/monitoring/readiness"), 200);
  EXPECT_EQ(status("/a/live%20%3Cone%3E/index.m3u8"), 200);  // players cannot answer a 401
  EXPECT_EQ(status("/-/streams"), 200);
}

TEST_F(FrontTest, ListenersChangeWhileItServes) {
  start();
  const uint16_t with_api = front->ports()[0], without_api = front->ports()[1];
  TestClient stays(with_api);
  const auto asks = [](TestClient& client) {
    client.send("GET /streamer/api/v3/streams HTTP/1.1\r\nHost: h\r\n\r\n");
    return status_of_answer(client.read_answer());
  };
  EXPECT_EQ(asks(stays), 200);

  // The first one stays and loses the API, the second one goes, a third one comes.
  config::Listener first = config.listeners[0], third;
  first.api = false;
  third.address = "127.0.0.2";
  std::vector<std::string> warnings;
  ASSERT_TRUE(front->prepare({third, first}, warnings));
  EXPECT_EQ(asks(stays), 200);  // nothing is in force yet
  front->commit();
  EXPECT_TRUE(warnings.empty());
  ASSERT_EQ(front->ports().size(), 2u);
  EXPECT_EQ(front->ports()[1], with_api);
  EXPECT_EQ(asks(stays), 404);
  EXPECT_FALSE(TestClient(without_api).connected());

  // Not one opens if one cannot.
  config::Listener fourth, taken;
  fourth.address = "127.0.0.3";
  taken.address = "no address";
  const auto refused = front->prepare({first, fourth, taken}, warnings);
  ASSERT_FALSE(refused);
  EXPECT_EQ(front->ports().size(), 2u);
  EXPECT_EQ(asks(stays), 404);
  ASSERT_TRUE(front->prepare({first, fourth}, warnings));
  front->abandon();
  EXPECT_EQ(front->ports()[1], with_api);
  EXPECT_EQ(asks(stays), 404);
}

TEST_F(FrontTest, SaysWhichListenerIsInTheWay) {
  start();
  config::Config second;
  config::Listener taken;
  taken.address = "127.0.0.1";
  taken.port = front->ports()[0];
  taken.place = {"/etc/sluice/flussonic.conf", 3, 1};
  second.listeners = {taken};
  testing::FixedStore its_store(second);
  Front other(its_store, directory, events);
  const auto started = other.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message(),
            "port " + std::to_string(taken.port) +
                " is in use by another program: change `http` in /etc/sluice/flussonic.conf:3 or "
                "stop that program");
}

}  // namespace
}  // namespace sluice::http
