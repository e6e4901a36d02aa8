// m4fudpsink by itself: from M4F buffers to what a receiver finds.
#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>

#include "common/event_meta.h"
#include "common/testing.h"
#include "m4f/ts/demuxer.h"
#include "m4fudp/sender.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Ticks;
using testing::events_of;
using testing::Harness;
using testing::make_segment;

class Receiver {
 public:
  Receiver() : fd_(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    socklen_t size = sizeof at;
    getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size);
    port_ = ntohs(at.sin_port);
  }
  guint port() const { return port_; }
  // Everything until it is silent for so long.
  m4f::Bytes all(int silent_ms) {
    m4f::Bytes out;
    pollfd ready{fd_.get(), POLLIN, 0};
    while (poll(&ready, 1, silent_ms) > 0) {
      uint8_t datagram[2048];
      const ssize_t size = recv(fd_.get(), datagram, sizeof datagram, 0);
      if (size > 0) out.insert(out.end(), datagram, datagram + size);
    }
    return out;
  }

 private:
  m4f::UniqueFd fd_;
  guint port_ = 0;
};

GstElement* sink_to(guint port) {
  GstElement* sink = gst_element_factory_make("m4fudpsink", nullptr);
  g_object_set(sink, "host", "127.0.0.1", "port", port, "sync", FALSE, "async", FALSE, nullptr);
  return sink;
}

Harness harness_of(GstElement* sink) {
  Harness h(gst_harness_new_with_element(sink, "sink", nullptr));
  gst_object_unref(sink);
  gst_harness_set_src_caps_str(h.get(), kM4fCaps);
  return h;
}

void push_segment(GstHarness* h, uint64_t number) {
  for (const auto& event :
       events_of(make_segment(number, Ticks::from_seconds(1000 + static_cast<int64_t>(number)))))
    ASSERT_EQ(gst_harness_push(h, buffer_of(event).release()), GST_FLOW_OK);
}

struct Counter : m4f::ts::DemuxerSink {
  void on_track(size_t, const m4f::Track&) override { ++tracks; }
  void on_tracks_complete() override {}
  void on_frame(const m4f::InputFrame&) override { ++frames; }
  void on_unsupported(uint16_t, uint8_t, std::string_view) override {}
  int tracks = 0, frames = 0;
};

std::string text_of_stats(GstElement* sink, const char* field) {
  Ptr<GstStructure> stats;
  g_object_get(sink, "stats", static_cast<GstStructure**>(gstx::out(stats)), nullptr);
  const char* text = gst_structure_get_string(stats.get(), field);
  return text ? text : "";
}

TEST(M4fUdpSink, ContractIsTheGoldenOne) {
  testing::expect_golden("udp-elements.txt", testing::describe("m4fudpsink"));
}

TEST(M4fUdpSink, PropertiesAreDocumented) {
  testing::expect_documented("m4fudpsink");
}

TEST(M4fUdpSink, SurvivesStateChangesAndIsFreed) {
  testing::expect_survives_state_changes("m4fudpsink", [](GstElement* sink) {
    g_object_set(sink, "host", "127.0.0.1", "port", 9u, "bitrate", 1000u, nullptr);
  });
}

TEST(M4fUdpSink, SendsEveryFrameBeforeItEnds) {
  Receiver receiver;
  Harness sink = harness_of(sink_to(receiver.port()));
  push_segment(sink.get(), 1);
  ASSERT_TRUE(gst_harness_push_event(sink.get(), gst_event_new_eos()));
  const m4f::Bytes bytes = receiver.all(300);
  ASSERT_EQ(bytes.size() % 188, 0u);
  Counter counter;
  m4f::ts::Demuxer demuxer({}, counter);
  demuxer.feed(bytes);
  demuxer.flush();
  EXPECT_EQ(demuxer.stats().continuity_errors, 0u);
  EXPECT_EQ(demuxer.stats().broken_pes, 0u);
  EXPECT_GT(demuxer.stats().packets, 75u);
}

TEST(M4fUdpSink, SeveralShareTheSenderThatIsHandedIn) {
  Receiver first, second;
  auto sender = std::make_shared<m4fudp::Sender>();
  {
    GstElement* a = sink_to(first.port());
    GstElement* b = sink_to(second.port());
    g_object_set(a, "sender", &sender, "bitrate", 1000u, nullptr);
    g_object_set(b, "sender", &sender, nullptr);
    Harness sink_a = harness_of(a), sink_b = harness_of(b);
    EXPECT_EQ(sender.use_count(), 5);  // here, and twice per element
    push_segment(sink_a.get(), 1);
    push_segment(sink_b.get(), 1);
    gst_harness_push_event(sink_a.get(), gst_event_new_eos());
    gst_harness_push_event(sink_b.get(), gst_event_new_eos());
    EXPECT_EQ(text_of_stats(a, "state"), "running");
  }
  EXPECT_EQ(sender.use_count(), 1);
  EXPECT_FALSE(first.all(100).empty());
  EXPECT_FALSE(second.all(100).empty());
}

TEST(M4fUdpSink, SaysWhatIsWrongWithItsSettings) {
  const auto fault = [](const std::string& properties) {
    return testing::run_pipeline("fakesrc num-buffers=1 ! application/x-m4f ! m4fudpsink " + properties)
        .error;
  };
  EXPECT_EQ(fault(""), "set host= and port= to the address that is to receive");
  EXPECT_EQ(fault("host=239.0.0.1 port=1234 tracks=x"), "tracks=x is no selection such as v1a2");
  EXPECT_EQ(fault("host=239.0.0.1 port=1234 pids=v1=1"), "pids: '1' is no PID from 16 to 8190");
  EXPECT_EQ(fault("host=239.0.0.1 port=1234 bitrate=20"),
            "bitrate=20 is less than the 100 kbit/s that tables and clock need");
}

TEST(M4fUdpSink, WarnsOnceAboutWhatDoesNotFit) {
  const auto run = testing::run_pipeline(
      "videotestsrc num-buffers=60 pattern=snow ! video/x-raw,width=320,height=240,framerate=20/1 ! "
      "x264enc speed-preset=ultrafast tune=zerolatency key-int-max=10 bitrate=3000 ! m4fmux ! "
      "m4fudpsink host=127.0.0.1 port=9 bitrate=300");
  EXPECT_EQ(run.error, "");
  int told = 0;
  for (const std::string& text : run.warnings)
    told += text.find("does not fit into bitrate=300") != text.npos;
  EXPECT_EQ(told, 1);
}

}  // namespace
}  // namespace sluice
