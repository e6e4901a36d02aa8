#include "m4f/m4f_server.h"

#include <gio/gio.h>
#include <gtest/gtest.h>

#include "common/testing.h"
#include "m4f/m4f_client.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Bytes;
using m4f::SegmentPtr;
using m4f::Ticks;
using testing::bytes_of;
using testing::events_of;
using testing::make_segment;

void push(m4f::LiveRing& ring, const SegmentPtr& segment) {
  for (const auto& event : events_of(segment)) ring.push(event);
}

// Connects, sends `request` and returns everything until the server closes.
std::string ask(uint16_t port, const std::string& request) {
  Ptr<GSocketClient> client(g_socket_client_new());
  g_socket_client_set_timeout(client.get(), 10);
  Ptr<GError> fault;
  Ptr<GSocketConnection> connection(
      g_socket_client_connect_to_host(client.get(), "127.0.0.1", port, nullptr, gstx::out(fault)));
  if (!connection) return fault->message;
  GOutputStream* to = g_io_stream_get_output_stream(G_IO_STREAM(connection.get()));
  GInputStream* from = g_io_stream_get_input_stream(G_IO_STREAM(connection.get()));
  g_output_stream_write_all(to, request.data(), request.size(), nullptr, nullptr, nullptr);
  std::string answer;
  char buffer[4096];
  while (true) {
    const gssize got = g_input_stream_read(from, buffer, sizeof(buffer), nullptr, nullptr);
    if (got <= 0) return answer;
    answer.append(buffer, static_cast<size_t>(got));
  }
}

class Server : public ::testing::Test {
 protected:
  void serve(const std::string& name = {}) {
    server_ = std::make_unique<M4fServer>(M4fServerSettings{"127.0.0.1", 0, name}, ring_);
    auto started = server_->start();
    ASSERT_TRUE(started) << started.error().message();
  }
  M4fClient client(std::chrono::milliseconds timeout = std::chrono::seconds(10)) {
    auto address = M4fAddress::parse("m4f://127.0.0.1:" + std::to_string(server_->port()) + "/live");
    return M4fClient(*address, timeout, nullptr);
  }
  // Reads until `size` bytes are there or the server closes.
  static Bytes read(M4fClient& from, size_t size) {
    Bytes out, buffer(4096);
    while (out.size() < size) {
      size_t got = 0;
      auto result = from.read(buffer, got);
      if (!result || *result != M4fClient::Got::kBytes) break;
      out.insert(out.end(), buffer.begin(), buffer.begin() + static_cast<ptrdiff_t>(got));
    }
    return out;
  }

  m4f::RingPtr ring_ = std::make_shared<m4f::LiveRing>();
  std::unique_ptr<M4fServer> server_;
};

TEST_F(Server, ClientsGetTheNewestSegmentThenWhatFollowsUntilTheEnd) {
  const auto first = make_segment(7, Ticks::from_seconds(1000));
  const auto second = make_segment(8, Ticks::from_seconds(1001));
  push(*ring_, first);
  serve();
  M4fClient one = client(), two = client();
  ASSERT_TRUE(one.connect());
  ASSERT_TRUE(two.connect());
  EXPECT_EQ(read(one, bytes_of(first).size()), bytes_of(first));
  push(*ring_, second);
  ring_->end();
  EXPECT_EQ(read(one, SIZE_MAX), bytes_of(second));
  Bytes both = bytes_of(first);
  const Bytes rest = bytes_of(second);
  both.insert(both.end(), rest.begin(), rest.end());
  EXPECT_EQ(read(two, SIZE_MAX), both);
}

TEST_F(Server, AFrameIsSentAsSoonAsItIsThere) {
  const auto whole = make_segment(7, Ticks::from_seconds(1000));
  serve();
  M4fClient one = client();
  ASSERT_TRUE(one.connect());
  m4f::SegmentBuilder builder(whole->header());
  ring_->push(m4f::SegmentOpened{builder.segment()});
  ASSERT_TRUE(builder.add_frame(whole->frame(0), whole->frame(0).data));
  ring_->push(m4f::FramesAdded{builder.segment(), 1});
  const Bytes got = read(one, whole->begin_record().size() + whole->frame_record(0).size());
  ASSERT_GT(got.size(), whole->begin_record().size());
  EXPECT_TRUE(std::equal(whole->frame_record(0).begin(), whole->frame_record(0).end(),
                         got.begin() + static_cast<ptrdiff_t>(whole->begin_record().size())));
}

TEST_F(Server, BadRequestsAreAnsweredAndClosed) {
  serve("live");
  const uint16_t port = server_->port();
  EXPECT_EQ(ask(port, "GET /other HTTP/1.1\r\n\r\n").substr(0, 12), "HTTP/1.1 404");
  EXPECT_EQ(ask(port, "POST /live HTTP/1.1\r\n\r\n").substr(0, 12), "HTTP/1.1 405");
  EXPECT_EQ(ask(port, "nonsense\r\n\r\n").substr(0, 12), "HTTP/1.1 400");
  EXPECT_EQ(ask(port, std::string(20000, 'x')).substr(0, 12), "HTTP/1.1 431");
  M4fClient good = client();
  EXPECT_TRUE(good.connect());
}

TEST_F(Server, APortInUseSaysWhatToDo) {
  serve();
  M4fServer second(M4fServerSettings{"127.0.0.1", server_->port(), {}}, ring_);
  auto started = second.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message(),
            fmt::format("port {} is in use by another program: choose another port", server_->port()));
}

TEST_F(Server, TheClientSaysWhatIsWrong) {
  serve("other");
  auto missing = client().connect();
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().message(), fmt::format("127.0.0.1:{} has no stream \"live\"", server_->port()));
  server_.reset();
  serve();
  M4fClient silent = client(std::chrono::milliseconds(50));
  ASSERT_TRUE(silent.connect());
  uint8_t buffer[16];
  size_t size = 0;
  auto nothing = silent.read(buffer, size);
  ASSERT_FALSE(nothing);
  EXPECT_EQ(nothing.error().message(), fmt::format("no data from 127.0.0.1:{} for 50 ms", server_->port()));
}

TEST(M4fAddress, OnlyWholeAddressesAreTaken) {
  auto good = M4fAddress::parse("m4f://[::1]:8081/a/b%20c");
  ASSERT_TRUE(good);
  EXPECT_EQ(good->host, "::1");
  EXPECT_EQ(good->port, 8081);
  EXPECT_EQ(good->name, "a/b%20c");
  for (const char* bad : {"", "m4f://host/name", "m4f://host:8081", "m4f://host:8081/", "http://host:80/x",
                          "m4f://:80/x", "m4f://host:0/x", "m4f://host:65536/x", "m4f://host:80/a\r\nb"}) {
    EXPECT_FALSE(M4fAddress::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace sluice
