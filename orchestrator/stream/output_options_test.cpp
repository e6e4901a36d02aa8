#include "orchestrator/stream/output_options.h"

#include <gtest/gtest.h>

namespace sluice::stream {
namespace {

TEST(OutputOptions, OfAPlainStreamAreTheDefaults) {
  const m4f::DeliveryOptions options = delivery_options({}, true);
  EXPECT_EQ(options.ts, m4f::ts::Options{});
  EXPECT_FALSE(options.audio_only);
  EXPECT_FALSE(options.prepush);
  EXPECT_EQ(options.url_prefix, "");
}

TEST(OutputOptions, AreWhatTheConfigurationSays) {
  config::Stream config;
  config.title = "One";
  config.provider = "Example";
  config.program_id = 10;
  config.mpegts_pids = {.pmt = 4095, .sdt = 0x12, .pcr = 300, .tracks = {{"a0", 220}, {"v1", 211}}};
  config.add_audio_only = true;
  config.prepush = std::chrono::seconds(0);
  config.url_prefix = "http://cdn";
  const m4f::DeliveryOptions options = delivery_options(config, true);
  EXPECT_EQ(options.ts.pmt_pid, 4095);
  EXPECT_EQ(options.ts.sdt_pid, 0x12);
  EXPECT_EQ(options.ts.pcr_pid, 300);
  ASSERT_EQ(options.ts.track_pids.size(), 2u);
  EXPECT_EQ(options.ts.track_pids[0], (m4f::ts::TrackPid{{m4f::Content::kAudio, 0}, 220}));
  EXPECT_EQ(options.ts.track_pids[1], (m4f::ts::TrackPid{{m4f::Content::kVideo, 1}, 211}));
  EXPECT_EQ(options.ts.program, 10);
  EXPECT_EQ(options.ts.title, "One");
  EXPECT_EQ(options.ts.provider, "Example");
  EXPECT_TRUE(options.audio_only);
  EXPECT_EQ(options.prepush, std::chrono::milliseconds(0));
  EXPECT_EQ(options.url_prefix, "http://cdn");
}

}  // namespace
}  // namespace sluice::stream
