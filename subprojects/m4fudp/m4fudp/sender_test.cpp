#include "m4fudp/sender.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include "m4f/playlist/testing/test_stream.h"

namespace m4fudp {
namespace {

using m4f::Ticks;
using m4f::testing::TestStream;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

// A socket on a free port of the loopback interface.
class Receiver {
 public:
  Receiver() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int buffer = 4 << 20;
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &buffer, sizeof buffer);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    socklen_t size = sizeof at;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  uint16_t port() const { return port_; }
  void close() { fd_.reset(); }

  // The next datagram; empty = none came for so long.
  m4f::Bytes next(milliseconds patience = milliseconds(5000)) {
    pollfd ready{fd_.get(), POLLIN, 0};
    m4f::Bytes datagram(2048);
    if (poll(&ready, 1, static_cast<int>(patience.count())) <= 0) return {};
    const ssize_t size = recv(fd_.get(), datagram.data(), datagram.size(), 0);
    datagram.resize(size > 0 ? static_cast<size_t>(size) : 0);
    return datagram;
  }

 private:
  m4f::UniqueFd fd_;
  uint16_t port_ = 0;
};

PushSettings to(uint16_t port, uint64_t bitrate) {
  PushSettings settings;
  settings.to.address = "127.0.0.1";
  settings.to.port = port;
  settings.shaper.bitrate = bitrate;
  return settings;
}

// A whole segment at once, as from a playlist: the push gives it its pace.
void write_segment(Push& push, const m4f::SegmentPtr& segment) {
  for (size_t i = 0; i < segment->frame_count(); ++i) push.write(m4f::FramesAdded{segment, i + 1});
}

template <typename F>
bool within(milliseconds patience, F holds) {
  const auto end = steady_clock::now() + patience;
  while (!holds()) {
    if (steady_clock::now() > end) return false;
    poll(nullptr, 0, 5);
  }
  return true;
}

TEST(Sender, SendsAtItsRate) {
  Receiver receiver;
  Sender sender;
  TestStream stream;
  const auto push = sender.add(to(receiver.port(), 4'000'000));
  write_segment(*push, stream.segment());
  receiver.next();
  const auto begin = steady_clock::now();
  constexpr int kDatagrams = 760;  // two seconds
  for (int i = 0; i < kDatagrams; ++i) {
    const m4f::Bytes datagram = receiver.next();
    ASSERT_EQ(datagram.size(), m4f::ts::kDatagramSize);
    for (size_t at = 0; at < datagram.size(); at += 188) ASSERT_EQ(datagram[at], 0x47);
  }
  const std::chrono::duration<double> took = steady_clock::now() - begin;
  EXPECT_NEAR(took.count(), kDatagrams * 1316 * 8 / 4e6, 0.1);
  sender.remove(push);
  EXPECT_EQ(push->status().state, PushState::kRunning);
  EXPECT_TRUE(push->status().last_error.empty());
}

TEST(Sender, WithoutABitrateAllFramesLeaveAndItFallsSilent) {
  Receiver receiver;
  Sender sender;
  TestStream stream;
  const auto push = sender.add(to(receiver.port(), 0));
  const m4f::SegmentPtr segment = stream.segment(Ticks::from_seconds(1));
  write_segment(*push, segment);
  size_t datagrams = 0;
  while (!receiver.next(milliseconds(1500)).empty()) ++datagrams;
  EXPECT_TRUE(push->drained());
  EXPECT_TRUE(within(seconds(2), [&] { return push->status().datagrams == datagrams; }));
  EXPECT_EQ(push->status().shaper.frames, segment->frame_count());
  sender.remove(push);
}

TEST(Sender, ARefusalIsCountedAndSendingGoesOn) {
  Receiver receiver, other;
  Sender sender;
  TestStream stream;
  const m4f::SegmentPtr segment = stream.segment();
  const auto push = sender.add(to(receiver.port(), 4'000'000)),
             good = sender.add(to(other.port(), 4'000'000));
  receiver.close();
  write_segment(*push, segment);
  write_segment(*good, segment);
  EXPECT_TRUE(within(seconds(5), [&] { return push->status().errors > 3; }));
  const PushStatus status = push->status();
  EXPECT_EQ(status.state, PushState::kRunning);
  EXPECT_NE(status.last_error.find("nobody listens at 127.0.0.1:"), std::string::npos) << status.last_error;
  for (int i = 0; i < 100; ++i) ASSERT_FALSE(other.next().empty());
  EXPECT_EQ(good->status().errors, 0u);
  sender.remove(push);
  sender.remove(good);
}

TEST(Sender, AnInterfaceThatIsNotThereIsTriedAgain) {
  Sender sender;
  PushSettings settings = to(5000, 0);
  settings.to.address = "239.1.2.3";
  settings.to.interface = "nosuch0";
  settings.retry_timeout = seconds(0);
  const auto forever = sender.add(settings);
  EXPECT_TRUE(within(seconds(5), [&] { return forever->status().retries > 2; }));
  EXPECT_EQ(forever->status().state, PushState::kRetry);
  EXPECT_EQ(forever->status().last_error, "there is no network interface 'nosuch0': see 'ip address'");
  sender.remove(forever);
  settings.retry_limit = 2;
  const auto limited = sender.add(settings);
  EXPECT_TRUE(within(seconds(5), [&] { return limited->status().state == PushState::kStopped; }));
  EXPECT_EQ(limited->status().retries, 2u);
  sender.remove(limited);
}

TEST(Sender, ANameIsNoAddress) {
  Destination to;
  to.address = "encoder.example";
  to.port = 5000;
  EXPECT_EQ(open_sender(to).error().message(),
            "'encoder.example' is no IP address: write the address, not a name");
}

TEST(Sender, FallsSilentWhenNoFramesCome) {
  Receiver receiver;
  Sender sender;
  TestStream stream;
  PushSettings settings = to(receiver.port(), 4'000'000);
  settings.timeout = seconds(1);
  const auto push = sender.add(settings);
  write_segment(*push, stream.segment(Ticks::from_seconds(1)));
  EXPECT_TRUE(within(seconds(5), [&] { return push->status().state == PushState::kStalled; }));
  while (!receiver.next(milliseconds(300)).empty()) {
  }
  write_segment(*push, stream.segment(Ticks::from_seconds(1)));
  EXPECT_FALSE(receiver.next().empty());
  sender.remove(push);
}

TEST(Sender, StandbySpeaksWhenTheOtherFallsSilent) {
  Receiver port;  // whose number is free
  Sender sender;
  TestStream stream;
  PushSettings settings = to(port.port(), 1'000'000);
  settings.to.address = "239.255.77.1";
  settings.to.interface = "lo";
  settings.to.loop = true;
  port.close();
  const auto first = sender.add(settings);
  settings.standby = true;
  const auto second = sender.add(settings);
  const m4f::SegmentPtr segment = stream.segment(Ticks::from_seconds(1));
  write_segment(*first, segment);
  EXPECT_TRUE(within(seconds(5), [&] { return first->status().state == PushState::kRunning; }));
  // Longer than it would take to begin.
  EXPECT_FALSE(within(milliseconds(2500), [&] { return second->status().state != PushState::kStandby; }));
  sender.remove(first);
  EXPECT_TRUE(within(seconds(5), [&] { return second->status().state == PushState::kStarting; }));
  write_segment(*second, stream.segment(Ticks::from_seconds(1)));
  EXPECT_TRUE(within(seconds(5), [&] { return second->status().state == PushState::kRunning; }));
  // The other comes back: it speaks, this one listens.
  settings.standby = false;
  const auto third = sender.add(settings);
  write_segment(*third, stream.segment(Ticks::from_seconds(1)));
  EXPECT_TRUE(within(seconds(5), [&] { return second->status().state == PushState::kStandby; }));
  sender.remove(second);
  sender.remove(third);
}

}  // namespace
}  // namespace m4fudp
