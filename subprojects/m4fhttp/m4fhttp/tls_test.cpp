// HTTPS as libsoup's client sees it: HTTP/2 by ALPN, HTTP/1.1 for those who do not speak it.
#include <gtest/gtest.h>
#include <libsoup/soup.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cstdio>
#include <cstdlib>

#include "m4fhttp/test_client.h"
#include "m4fhttp/test_fakes.h"

namespace m4fhttp {
namespace {

using namespace std::chrono_literals;

// A self-signed certificate with its key in one file that goes with the object.
class Certificate {
 public:
  Certificate() {
    char name[] = "/tmp/m4fhttp-test-XXXXXX";
    const int fd = mkstemp(name);
    path = name;
    EVP_PKEY* key = EVP_EC_gen("P-256");
    X509* x509 = X509_new();
    X509_set_version(x509, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(x509), 1);
    X509_gmtime_adj(X509_getm_notBefore(x509), -3600);
    X509_gmtime_adj(X509_getm_notAfter(x509), 3600);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(x509), "CN", MBSTRING_ASC,
                               reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
    X509_set_issuer_name(x509, X509_get_subject_name(x509));
    X509_set_pubkey(x509, key);
    X509_sign(x509, key, EVP_sha256());
    FILE* file = fdopen(fd, "w");
    PEM_write_X509(file, x509);
    PEM_write_PrivateKey(file, key, nullptr, nullptr, 0, nullptr, nullptr);
    fclose(file);
    X509_free(x509);
    EVP_PKEY_free(key);
  }
  ~Certificate() { std::remove(path.c_str()); }
  std::string path;
};

class TlsTest : public testing::Test {
 protected:
  ServerSettings settings(size_t max_body = 1 << 20) {
    ServerSettings settings;
    settings.max_body = max_body;
    settings.listeners.push_back({.address = "127.0.0.1", .tls = true, .certificate = certificate.path});
    return settings;
  }

  struct Answer {
    int status = 0;
    SoupHTTPVersion version = SOUP_HTTP_1_0;
    std::string body, type;
  };

  SoupMessage* message(const TestServer& server, const char* method, const std::string& path) {
    const std::string uri = "https://127.0.0.1:" + std::to_string(server.port()) + path;
    SoupMessage* message = soup_message_new(method, uri.c_str());
    g_signal_connect(
        message, "accept-certificate",
        G_CALLBACK(+[](SoupMessage*, GTlsCertificate*, GTlsCertificateFlags, gpointer) { return TRUE; }),
        nullptr);
    return message;
  }

  Answer fetch(const TestServer& server, const std::string& path, const char* method = "GET",
               const std::string& body = "") {
    SoupMessage* msg = message(server, method, path);
    if (!body.empty()) {
      GBytes* bytes = g_bytes_new(body.data(), body.size());
      soup_message_set_request_body_from_bytes(msg, "text/plain", bytes);
      g_bytes_unref(bytes);
    }
    GError* error = nullptr;
    GBytes* bytes = soup_session_send_and_read(session, msg, nullptr, &error);
    Answer answer;
    if (bytes) {
      gsize size = 0;
      const auto* data = static_cast<const char*>(g_bytes_get_data(bytes, &size));
      answer = {static_cast<int>(soup_message_get_status(msg)), soup_message_get_http_version(msg),
                std::string(data ? data : "", size), ""};
      if (const char* type =
              soup_message_headers_get_one(soup_message_get_response_headers(msg), "Content-Type"))
        answer.type = type;
      g_bytes_unref(bytes);
    } else {
      ADD_FAILURE() << error->message;
      g_error_free(error);
    }
    g_object_unref(msg);
    return answer;
  }

  ~TlsTest() override { g_object_unref(session); }
  Certificate certificate;
  SoupSession* session = soup_session_new();
};

void echo(const ExchangePtr& exchange) {
  Response response;
  response.add("Content-Type", "text/plain");
  response.append(exchange->target.path + "|" + exchange->target.query + "|" + std::string(exchange->body()));
  exchange->reply(std::move(response));
}

TEST_F(TlsTest, SpeaksHttp2) {
  TestServer server(echo, settings());
  ASSERT_EQ(server.error, "");
  for (int i = 0; i < 3; ++i) {
    const Answer answer = fetch(server, "/a%20b?x=1");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.version, SOUP_HTTP_2_0);
    EXPECT_EQ(answer.body, "/a b|x=1|");
    EXPECT_EQ(answer.type, "text/plain");
  }
  EXPECT_EQ(server.server->stats().connections, 1u);
}

TEST_F(TlsTest, TakesBodiesOverHttp2UpToTheLimit) {
  TestServer server(echo, settings(200'000));
  EXPECT_EQ(fetch(server, "/x", "PUT", std::string(200'000, 'y')).body, "/x||" + std::string(200'000, 'y'));
  EXPECT_EQ(fetch(server, "/x", "PUT", std::string(200'001, 'y')).status, 413);
}

// Takes a body, once in between nothing for a while; answers with its size at its end, if it is to.
struct Taker final : BodyReader {
  Taker(ExchangePtr exchange, std::atomic<size_t>& size, std::atomic<int>& broken)
      : exchange(std::move(exchange)), size(size), broken_count(broken) {}
  bool data(std::string_view bytes) override {
    size += bytes.size();
    if (paused || size < 1'000'000) return true;
    paused = true;
    resumer = std::thread([this, exchange = exchange] {
      const size_t then = size;
      // The window of the stream is all that may come.
      std::this_thread::sleep_for(std::chrono::milliseconds(100));
      EXPECT_LE(size - then, 65536u);
      exchange->resume_body();
    });
    return false;
  }
  void end() override {
    Response response;
    response.append(std::to_string(size));
    std::exchange(exchange, nullptr)->reply(std::move(response));
  }
  void broken(std::string_view) override { ++broken_count; }
  ~Taker() override {
    if (resumer.joinable()) resumer.join();
  }
  ExchangePtr exchange;
  std::atomic<size_t>& size;
  std::atomic<int>& broken_count;
  bool paused = false;
  std::thread resumer;
};

TEST_F(TlsTest, BodiesAreTakenAsTheyComeOverHttp2) {
  std::atomic<size_t> size = 0;
  std::atomic<int> broken = 0;
  TestServer server(echo, settings(1000));
  server.take = [&](const ExchangePtr& exchange) -> std::shared_ptr<BodyReader> {
    if (exchange->target.path == "/refuse") exchange->reply(Response{.status = 403});
    if (exchange->target.path != "/take") return nullptr;
    return std::make_shared<Taker>(exchange, size, broken);
  };
  const Answer answer = fetch(server, "/take?x=1", "POST", std::string(4'000'000, 'y'));
  EXPECT_EQ(answer.version, SOUP_HTTP_2_0);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, "4000000");
  EXPECT_EQ(fetch(server, "/x", "PUT", "abc").body, "/x||abc");
  EXPECT_EQ(fetch(server, "/x", "PUT", std::string(1001, 'y')).status, 413);
  EXPECT_EQ(broken, 0);
}

TEST_F(TlsTest, SendsLargeBodiesOverHttp2) {
  const auto bytes = std::make_shared<m4f::Bytes>(3u << 20);
  for (size_t i = 0; i < bytes->size(); ++i) (*bytes)[i] = static_cast<uint8_t>(i * 31 + i / 999);
  TestServer server([&](const ExchangePtr& e) { e->reply(std::move(Response().append(bytes))); }, settings());
  const Answer answer = fetch(server, "/a");
  ASSERT_EQ(answer.body.size(), bytes->size());
  EXPECT_EQ(std::memcmp(answer.body.data(), bytes->data(), bytes->size()), 0);
}

TEST_F(TlsTest, JudgesPathsOverHttp2) {
  TestServer server(echo, settings());
  EXPECT_EQ(fetch(server, "/%2e%2e%5c").status, 400);
  EXPECT_EQ(fetch(server, "/a%00b").status, 400);
  EXPECT_EQ(fetch(server, "/%c0%ae").status, 400);
  EXPECT_EQ(fetch(server, "/" + std::string(3000, 'a')).status, 414);
  EXPECT_EQ(fetch(server, "/still").body, "/still||");
}

TEST_F(TlsTest, HoldsOverHttp2AndReleasesWhoLeaves) {
  const auto source = std::make_shared<FakeSource>();
  std::thread changer;
  TestServer server(
      [&](const ExchangePtr& exchange) {
        exchange->hold(source, source->version(), Exchange::Clock::now() + 60s,
                       [](Exchange& e) { e.reply(std::move(Response().append("changed"))); });
      },
      settings());
  changer = std::thread([&] {
    eventually([&] { return server.server->stats().held == 1; });
    source->change();
  });
  EXPECT_EQ(fetch(server, "/a").body, "changed");
  changer.join();

  GCancellable* cancellable = g_cancellable_new();
  std::thread canceller([&] {
    eventually([&] { return server.server->stats().held == 1; });
    g_cancellable_cancel(cancellable);
  });
  SoupMessage* msg = message(server, "GET", "/b");
  EXPECT_EQ(soup_session_send(session, msg, cancellable, nullptr), nullptr);
  canceller.join();
  g_object_unref(msg);
  g_object_unref(cancellable);
  soup_session_abort(session);
  EXPECT_TRUE(eventually([&] { return server.server->stats().held == 0 && source->subscriptions() == 0; }));
}

TEST_F(TlsTest, EndlessOverHttp2) {
  const auto feed = std::make_shared<FakeFeed>(1000, 100);
  feed->push();
  TestServer server([&](const ExchangePtr& e) { e->go_live({}, {feed, nullptr, nullptr}); }, settings());
  SoupMessage* msg = message(server, "GET", "/a");
  GInputStream* stream = soup_session_send(session, msg, nullptr, nullptr);
  ASSERT_NE(stream, nullptr);
  std::string got(1000, '\0');
  for (int i = 0; i < 20; ++i) {
    gsize n = 0;
    ASSERT_TRUE(g_input_stream_read_all(stream, got.data(), got.size(), &n, nullptr, nullptr));
    EXPECT_EQ(got, std::string(1000, static_cast<char>('a' + i))) << i;
    feed->push();
  }
  feed->end();
  gsize n = 0;
  EXPECT_TRUE(g_input_stream_read_all(stream, got.data(), got.size(), &n, nullptr, nullptr));
  EXPECT_TRUE(g_input_stream_read_all(stream, got.data(), got.size(), &n, nullptr, nullptr));
  EXPECT_EQ(n, 0u);
  g_object_unref(stream);
  g_object_unref(msg);
  EXPECT_TRUE(eventually([&] { return feed->subscriptions() == 0; }));
}

// A client of its own for HTTP/1.1 over TLS: GIO's, without ALPN.
class Tls1Client {
 public:
  explicit Tls1Client(uint16_t port) {
    GSocketClient* client = g_socket_client_new();
    GSocketConnection* plain = g_socket_client_connect_to_host(client, "127.0.0.1", port, nullptr, nullptr);
    g_object_unref(client);
    connection_ = g_tls_client_connection_new(G_IO_STREAM(plain), nullptr, nullptr);
    g_object_unref(plain);
    g_signal_connect(
        connection_, "accept-certificate",
        G_CALLBACK(+[](GTlsConnection*, GTlsCertificate*, GTlsCertificateFlags, gpointer) { return TRUE; }),
        nullptr);
  }
  ~Tls1Client() {
    if (connection_) g_object_unref(connection_);
  }
  void send(const std::string& text) {
    gsize n = 0;
    g_output_stream_write_all(g_io_stream_get_output_stream(connection_), text.data(), text.size(), &n,
                              nullptr, nullptr);
  }
  template <typename Enough>
  bool read_until(Enough enough) {
    char buffer[16384];
    while (!enough(received)) {
      const gssize n = g_input_stream_read(g_io_stream_get_input_stream(connection_), buffer, sizeof buffer,
                                           nullptr, nullptr);
      if (n <= 0) return false;
      received.append(buffer, static_cast<size_t>(n));
    }
    return true;
  }
  std::string received;

 private:
  GIOStream* connection_ = nullptr;
};

TEST_F(TlsTest, SpeaksHttp1ToWhoHasNoAlpn) {
  TestServer server(echo, settings());
  Tls1Client client(server.port());
  client.send(get("/a") + get("/b"));
  EXPECT_TRUE(client.read_until([](const std::string& r) {
    return r.find("/a||HTTP/1.1 200 OK") != std::string::npos && r.find("/b||") != std::string::npos;
  })) << client.received;
}

TEST_F(TlsTest, EndlessOverHttp1) {
  const auto feed = std::make_shared<FakeFeed>(100'000, 100);
  feed->push();
  TestServer server([&](const ExchangePtr& e) { e->go_live({}, {feed, nullptr, nullptr}); }, settings());
  {
    Tls1Client client(server.port());
    client.send(get("/a"));
    for (size_t i = 1; i <= 20; ++i) {
      ASSERT_TRUE(client.read_until([&](const std::string& r) { return body_of(r).size() >= i * 100'000; }));
      feed->push();
    }
    const std::string body = body_of(client.received);
    for (size_t i = 0; i < 20; ++i)
      EXPECT_EQ(body.substr(i * 100'000, 3), std::string(3, static_cast<char>('a' + i)));
    EXPECT_EQ(server.server->stats().live_clients, 1u);
  }
  EXPECT_TRUE(
      eventually([&] { return server.server->stats().live_clients == 0 && feed->subscriptions() == 0; }));
}

TEST_F(TlsTest, AHandshakeThatNeverEndsIsCutOff) {
  ServerSettings with = settings();
  with.header_timeout = 100ms;
  TestServer server(echo, with);
  TestClient silent(server.port()), noise(server.port());
  noise.send("GET / HTTP/1.1\r\nHost: not tls\r\n\r\n");
  EXPECT_TRUE(noise.read_to_end());
  EXPECT_TRUE(silent.read_to_end());
}

TEST(Tls, SaysWhatIsWrongWithACertificate) {
  ServerSettings settings;
  settings.listeners.push_back({.address = "127.0.0.1", .tls = true, .certificate = "/nowhere/cert.pem"});
  EXPECT_EQ(TestServer(echo, settings).error,
            "certificate /nowhere/cert.pem: No such file or directory: give the path of a PEM file that can "
            "be read");
}

}  // namespace
}  // namespace m4fhttp
