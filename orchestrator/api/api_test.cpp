#include "orchestrator/api/api.h"

#include <gtest/gtest.h>

#include <fstream>

#include "orchestrator/api/json.h"
#include "orchestrator/api/stream_json.h"
#include "orchestrator/testing/fake_directory.h"
#include "orchestrator/testing/fake_store.h"
#include "orchestrator/testing/golden.h"

namespace sluice::api {
namespace {

using testing::FakeDirectory;
using testing::FakeStream;

const std::chrono::system_clock::time_point kNow{std::chrono::milliseconds(1'700'000'100'000)};
const std::string kData = SLUICE_SOURCE_ROOT "/orchestrator/api/testdata/";

m4f::Track video() {
  m4f::Track track;
  track.id = {m4f::Content::kVideo, 1};
  track.codec = m4f::Codec::kH264;
  track.width = 720;
  track.height = 576;
  track.sar_width = 16;
  track.sar_height = 15;
  track.fps_num = 25;
  track.fps_den = 1;
  track.bitrate = 2'543'400;
  return track;
}

m4f::Track audio() {
  m4f::Track track;
  track.id = {m4f::Content::kAudio, 1};
  track.codec = m4f::Codec::kAac;
  track.language = "eng";
  track.sample_rate = 48000;
  track.channels = 2;
  track.bitrate = 96'000;
  return track;
}

void fill(FakeDirectory& directory) {
  FakeStream& playing = directory.add("c/08");
  playing.config_.title = "Eight";
  config::Input first;
  first.url = "tshttp://user:secret@src:80/c08/mpegts";
  first.priority = 1;
  first.source_timeout = std::chrono::seconds(0);
  config::Input second;
  second.url = "udp://eth0@239.0.0.1:1234";
  playing.config_.inputs = {first, second};
  stream::StreamStatus& status = playing.status_;
  status.id = "61893ba6-07b3-431b-b2f7-716ac1643953";
  status.status = stream::Status::kRunning;
  status.alive = true;
  status.opened_at_ms = 1'700'000'000'000;
  status.started_at_ms = 1'700'000'001'000;
  status.last_dts_at_ms = 1'700'000'099'887;
  status.last_dts_ms = 1'700'000'099'900.5;
  status.bytes_in = 2'445'568;
  status.bytes_out = 1000;
  status.retry_count = 2;
  status.input_bitrate_kbit = 2700;
  status.bitrate_kbit = 2639;
  status.output_bitrate_kbit = 40;
  status.frames = 7500;
  status.ring_bytes = 1250000;
  status.tracks = {video(), audio()};
  stream::InputStatus source;
  source.id = "61fa2d68-75e4-433b-8c82-f2ce5444bf23";
  source.url = "tshttp://src:80/c08/mpegts";
  source.active = true;
  source.bytes = 1'698'183;
  source.opened_at_ms = 1'700'000'000'100;
  source.connected_at_ms = 1'700'000'000'200;
  source.started_at_ms = 1'700'000'000'300;
  source.retries = 1;
  source.errors = {3, 1, 0, 2, 0};
  stream::InputStatus spare;
  spare.url = "udp://eth0@239.0.0.1:1234";
  spare.last_error = "nothing arrives on 239.0.0.1:1234";
  status.inputs = {source, spare};
  playing.open = 3;
  playing.total = 9;

  FakeStream& off = directory.add("off");
  off.config_.disabled = true;
  FakeStream& broken = directory.add("broken");
  broken.config_.inputs = {second};
  broken.status_.status = stream::Status::kError;
  broken.status_.inputs = {spare};
}

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() { fill(directory); }
  ApiReply ask(std::string_view path, std::string_view query = "", std::string_view method = "GET",
               std::string_view authorization = "") {
    return api.handle({method, path, query, authorization}, kNow);
  }
  static std::string pretty(const std::string& text) {
    JsonNode* node = json_from_string(text.c_str(), nullptr);
    EXPECT_NE(node, nullptr) << text;
    // How long it took is not the same every time.
    json_object_remove_member(json_node_get_object(node), "timing");
    gchar* out = json_to_string(node, TRUE);
    std::string copy = std::string(out) + "\n";
    g_free(out);
    json_node_unref(node);
    return copy;
  }

  FakeDirectory directory;
  testing::FixedStore store;
  Api api{store, directory, "1.2.3"};
};

TEST_F(ApiTest, AStreamIsShownInTheReferencesShape) {
  const ApiReply reply = ask("/streamer/api/v3/streams/c/08");
  EXPECT_EQ(reply.status, 200);
  EXPECT_EQ(reply.body.back(), '\n');
  testing::expect_golden(kData + "stream.json", pretty(reply.body));
  EXPECT_EQ(ask("/flussonic/api/v3/streams/c/08").body, reply.body);
}

TEST_F(ApiTest, AStreamWithoutSource) {
  testing::expect_golden(kData + "stream_broken.json", pretty(ask("/streamer/api/v3/streams/broken").body));
}

TEST_F(ApiTest, StreamsAreACollection) {
  testing::expect_golden(
      kData + "streams.json",
      pretty(ask("/streamer/api/v3/streams", "select=name,stats.alive,disabled&limit=2").body));
}

TEST_F(ApiTest, AnyoneMaySeeTheNamesOfWhatPlays) {
  testing::expect_golden(kData + "public_streams.json", pretty(api.public_streams("").body));
}

TEST_F(ApiTest, ErrorsHaveBothForms) {
  const ApiReply missing = ask("/streamer/api/v3/streams/none");
  EXPECT_EQ(missing.status, 404);
  testing::expect_golden(kData + "not_found.json", pretty(missing.body));
  EXPECT_EQ(ask("/streamer/api/v3/streams", "limit=many").status, 400);
  EXPECT_EQ(ask("/streamer/api/v3/nonsense").status, 405);
  EXPECT_EQ(ask("/streamer/api/v3/").status, 405);
  EXPECT_EQ(ask("/streamer/api/v3/streams/").status, 405);
  EXPECT_EQ(ask("/streamer/api/v3/streams/c/08", "", "POST").status, 405);
  EXPECT_EQ(ask("/streamer/api/v3/streams", "", "PUT").status, 405);
  EXPECT_EQ(ask("/streamer/api/v3/monitoring/liveness", "", "PUT").status, 405);
  EXPECT_EQ(ask("/streamer/api/v3/sessions").status, 501);
  EXPECT_EQ(ask("/streamer/api/v3/cluster/peers").status, 501);
}

class FakeSinks final : public event::SinkDirectory {
 public:
  FakeSinks() {
    config::EventSink sink;
    sink.name = "my_json";
    sink.url = "https://user:secret@h/events";
    sink.sign_key = "secret";
    sink.only = {{{"event", {"source_*", "stream_stopped"}}}};
    sink.except = {{{"media", {"test/*"}}}, {{"event", {"source_lost"}}}};
    sink.resend_limit = 10;
    sink.extra = {{"place", "rack 1"}, {"name", "forged"}};
    list_.push_back({sink, {1, 2, 3, 4, 5, "it answers 500"}});
    list_.push_back({{}, {}});
    list_.back().config.name = "second";
  }
  std::vector<event::SinkStatus> sinks() const override { return list_; }
  event::SinkFigures totals() const override { return list_[0].figures; }

 private:
  std::vector<event::SinkStatus> list_;
};

TEST_F(ApiTest, EventSinksAreShownWithoutTheirSecrets) {
  FakeSinks sinks;
  Api shown(store, directory, "1", {nullptr, &sinks});
  const auto get = [&](std::string_view path, std::string_view query = "") {
    return shown.handle({"GET", path, query, ""}, kNow);
  };
  const ApiReply one = get("/streamer/api/v3/event_sinks/my_json");
  EXPECT_EQ(one.body.find("secret"), std::string::npos);
  testing::expect_golden(kData + "event_sink.json", pretty(one.body));
  testing::expect_golden(kData + "event_sinks.json",
                         pretty(get("/streamer/api/v3/event_sinks", "select=name,stats.queued").body));
  testing::expect_golden(kData + "event_names.json",
                         pretty(get("/streamer/api/v3/event_sinks/my_json/events").body));
  EXPECT_EQ(get("/streamer/api/v3/event_sinks/none").status, 404);
  EXPECT_EQ(get("/streamer/api/v3/event_sinks/none/events").status, 404);
  EXPECT_NE(
      get("/streamer/api/v3/config/stats").body.find("\"events\":{\"resent_events\":3,\"dropped_events\":4}"),
      std::string::npos);
}

TEST_F(ApiTest, ServerFigures) {
  const ApiReply reply = ask("/streamer/api/v3/config/stats");
  JsonNode* node = json_from_string(reply.body.c_str(), nullptr);
  JsonObject* stats = json_node_get_object(node);
  EXPECT_EQ(json_object_get_int_member(stats, "total_streams"), 3);
  EXPECT_EQ(json_object_get_int_member(stats, "online_streams"), 1);
  EXPECT_EQ(json_object_get_int_member(stats, "total_clients"), 3);
  EXPECT_EQ(json_object_get_int_member(stats, "input_kbit"), 2700);
  EXPECT_EQ(json_object_get_int_member(stats, "output_kbit"), 40);
  EXPECT_STREQ(json_object_get_string_member(stats, "server_version"), "1.2.3");
  EXPECT_STREQ(json_object_get_string_member(stats, "streamer_status"), "running");
  EXPECT_GT(json_object_get_int_member(stats, "memory_usage"), 0);
  json_node_unref(node);
}

TEST_F(ApiTest, CredentialsGuardEverythingButProbes) {
  config::Config config;
  config.edit_auth = config::Credentials{"root", "password"};
  config.view_auth = config::Credentials{"guest", "look"};
  store.set(config);
  Api& guarded = api;
  const auto status = [&](std::string_view path, std::string_view who, std::string_view method = "GET") {
    return guarded.handle({method, path, "", who}, kNow).status;
  };
  const std::string streams = "/streamer/api/v3/streams";
  EXPECT_EQ(status(streams, ""), 401);
  EXPECT_TRUE(guarded.handle({"GET", streams, "", ""}, kNow).challenge);
  EXPECT_EQ(status(streams, "Basic cm9vdDp3cm9uZw=="), 403);
  EXPECT_EQ(status(streams, "Bearer cm9vdDpwYXNzd29yZA=="), 200);
  EXPECT_EQ(status(streams, "Basic Z3Vlc3Q6bG9vaw=="), 200);
  EXPECT_EQ(status(streams + "/x", "Basic Z3Vlc3Q6bG9vaw==", "PUT"), 403);
  EXPECT_EQ(status("/streamer/api/v3/nonsense", ""), 401);  // an unknown operation tells a stranger nothing
  EXPECT_EQ(status("/streamer/api/v3/monitoring/liveness", ""), 200);
  EXPECT_EQ(status("/flussonic/api/v3/monitoring/readiness", ""), 200);
}

TEST(WithoutCredentials, HidesThem) {
  EXPECT_EQ(without_credentials("rtsp://admin:p%40ss@10.0.0.1/cam"), "rtsp://10.0.0.1/cam");
  EXPECT_EQ(without_credentials("rtsp://a:b@c@10.0.0.1/cam@1"), "rtsp://10.0.0.1/cam@1");
  EXPECT_EQ(without_credentials("http://h/a@b"), "http://h/a@b");
  EXPECT_EQ(without_credentials("udp://eth0@239.0.0.1:1234"), "udp://eth0@239.0.0.1:1234");
  EXPECT_EQ(without_credentials("fake://fake"), "fake://fake");
  EXPECT_EQ(without_credentials("nonsense"), "nonsense");
  EXPECT_EQ(without_credentials("srt://h:9000?passphrase=0123456789"), "srt://h:9000");
  EXPECT_EQ(without_credentials("srt://h:9000?mode=caller&passphrase=0123456789"),
            "srt://h:9000?mode=caller");
  EXPECT_EQ(without_credentials("srt://h:9000?passphrase=0123456789&latency=1"), "srt://h:9000?latency=1");
}

TEST(CpuMeter, MeasuresBetweenTwoLooks) {
  const std::string path = ::testing::TempDir() + "sluice-proc-stat";
  std::ofstream(path) << "cpu  100 0 100 800 0 0 0 0 0 0\ncpu0 1 2 3 4\n";
  CpuMeter meter(path);
  std::ofstream(path) << "cpu  150 0 125 820 5 0 0 0 0 0\n";
  EXPECT_EQ(meter.percent(), 75);
  EXPECT_EQ(meter.percent(), 75);  // too soon to say anything new
  std::ofstream(path) << "cpu  150 0 125 920 5 0 0 0 0 0\n";
  EXPECT_EQ(meter.percent(), 0);
}

}  // namespace
}  // namespace sluice::api
