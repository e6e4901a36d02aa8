// hlssink-ll by itself: from M4F buffers to what a player asks for.
#include <gio/gio.h>

#include "common/event_meta.h"
#include "common/testing.h"
#include "m4f/ring/live_ring.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Ticks;
using testing::events_of;
using testing::Harness;
using testing::make_segment;

// What GET `path` answers, head and body.
std::string get(unsigned port, const std::string& path) {
  Ptr<GSocketClient> client(g_socket_client_new());
  g_socket_client_set_timeout(client.get(), 10);
  Ptr<GError> fault;
  Ptr<GSocketConnection> connection(g_socket_client_connect_to_host(
      client.get(), "127.0.0.1", static_cast<guint16>(port), nullptr, gstx::out(fault)));
  if (!connection) return fault->message;
  const std::string request = "GET " + path + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
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

Harness sink_harness(unsigned port, m4f::RingPtr* ring = nullptr) {
  GstElement* sink = gst_element_factory_make("hlssink-ll", nullptr);
  g_object_set(sink, "port", port, "address", "127.0.0.1", "segment-duration", 1000u, nullptr);
  if (ring) g_object_set(sink, "ring", ring, nullptr);
  Harness h(gst_harness_new_with_element(sink, "sink", nullptr));
  gst_object_unref(sink);
  gst_harness_set_src_caps_str(h.get(), kM4fCaps);
  return h;
}

TEST(HlsSinkLl, ContractIsTheGoldenOne) {
  testing::expect_golden("hls-elements.txt", testing::describe("hlssink-ll"));
}

TEST(HlsSinkLl, PropertiesAreDocumented) {
  testing::expect_documented("hlssink-ll");
}

TEST(HlsSinkLl, SurvivesStateChangesAndIsFreed) {
  testing::expect_survives_state_changes("hlssink-ll", [](GstElement* sink) {
    g_object_set(sink, "port", testing::free_port(), "address", "127.0.0.1", nullptr);
  });
}

TEST(HlsSinkLl, ServesWhatItGot) {
  const unsigned port = testing::free_port();
  Harness sink = sink_harness(port);
  EXPECT_EQ(get(port, "/live/index.m3u8").substr(0, 12), "HTTP/1.1 503");
  for (uint64_t number : {7, 8, 9}) {
    for (const auto& event :
         events_of(make_segment(number, Ticks::from_seconds(1000 + static_cast<int64_t>(number))))) {
      ASSERT_EQ(gst_harness_push(sink.get(), buffer_of(event).release()), GST_FLOW_OK);
    }
  }
  const std::string master = get(port, "/live/index.m3u8");
  EXPECT_EQ(master.substr(0, 15), "HTTP/1.1 200 OK") << master;
  EXPECT_NE(master.find("#EXT-X-STREAM-INF"), std::string::npos) << master;
  EXPECT_NE(master.find("avc1.42c01e"), std::string::npos) << master;
  const std::string media = get(port, "/live/mono.m3u8");
  EXPECT_NE(media.find("#EXT-X-MEDIA-SEQUENCE:7"), std::string::npos) << media;
  EXPECT_EQ(get(port, "/other/index.m3u8").substr(0, 12), "HTTP/1.1 404");
}

TEST(HlsSinkLl, ARingThatWasHandedInOutlivesThePipelineAndIsNotEnded) {
  auto ring = std::make_shared<m4f::LiveRing>();
  {
    Harness sink = sink_harness(0, &ring);
    for (const auto& event : events_of(make_segment(7, Ticks::from_seconds(1000)))) {
      gst_harness_push(sink.get(), buffer_of(event).release());
    }
    gst_harness_push_event(sink.get(), gst_event_new_eos());
  }
  const auto view = ring->view();
  ASSERT_EQ(view->segments.size(), 1u);
  EXPECT_TRUE(view->segments[0]->sealed());
  EXPECT_FALSE(view->ended);
  EXPECT_EQ(ring.use_count(), 1);
}

TEST(HlsSinkLl, ANewRunAfterAFailedSourceGoesOnInTheSameRing) {
  auto ring = std::make_shared<m4f::LiveRing>();
  for (uint64_t number : {7, 8}) {
    Harness sink = sink_harness(0, &ring);
    for (const auto& event :
         events_of(make_segment(number, Ticks::from_seconds(1000 + static_cast<int64_t>(number))))) {
      gst_harness_push(sink.get(), buffer_of(event).release());
    }
  }
  EXPECT_EQ(ring->view()->segments.size(), 2u);
}

TEST(HlsSinkLl, APortInUseIsAnErrorThatNamesIt) {
  const unsigned port = testing::free_port();
  Harness first = sink_harness(port);
  Ptr<gchar> text(g_strdup_printf(
      "fakesrc num-buffers=1 ! application/x-m4f ! hlssink-ll port=%u address=127.0.0.1", port));
  const auto run = testing::run_pipeline(text.get());
  EXPECT_NE(run.error.find(std::to_string(port)), std::string::npos) << run.error;
}

}  // namespace
}  // namespace sluice
