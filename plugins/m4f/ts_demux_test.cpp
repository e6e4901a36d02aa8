// m4ftsdemux: a transport stream becomes frames that any element can take.
#include <algorithm>

#include "common/testing.h"

namespace sluice {
namespace {

using gstx::Ptr;
using testing::Outcome;
using testing::run_pipeline;

constexpr const char* kVideo =
    "videotestsrc num-buffers=75 ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 ! "
    "x264enc bframes=2 key-int-max=25 speed-preset=ultrafast ! ";
constexpr const char* kAudio =
    "audiotestsrc num-buffers=140 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! "
    "aacparse ! ";

std::vector<GstClockTime> sorted_pts(const Outcome& run) {
  std::vector<GstClockTime> times;
  for (const Ptr<GstBuffer>& buffer : run.buffers) times.push_back(GST_BUFFER_PTS(buffer.get()));
  std::sort(times.begin(), times.end());
  return times;
}

TEST(M4fTsDemux, FramesHaveTheSourcesTimesToTheTick) {
  const Outcome run =
      run_pipeline(std::string(kVideo) + "mpegtsmux ! m4ftsdemux ! video/x-h264 ! appsink name=out");
  ASSERT_EQ(run.error, "");
  ASSERT_EQ(run.buffers.size(), 75u);
  const auto times = sorted_pts(run);
  for (size_t i = 0; i < times.size(); ++i) {
    EXPECT_EQ(times[i] - times[0], static_cast<GstClockTime>(i) * 40 * GST_MSECOND) << i;
  }
  EXPECT_FALSE(GST_BUFFER_FLAG_IS_SET(run.buffers[0].get(), GST_BUFFER_FLAG_DELTA_UNIT));
  EXPECT_TRUE(GST_BUFFER_FLAG_IS_SET(run.buffers[1].get(), GST_BUFFER_FLAG_DELTA_UNIT));
}

TEST(M4fTsDemux, OrdinaryDecodersTakeWhatItGives) {
  const Outcome video =
      run_pipeline(std::string(kVideo) + "mpegtsmux ! m4ftsdemux ! avdec_h264 ! appsink name=out");
  EXPECT_EQ(video.error, "");
  EXPECT_EQ(video.buffers.size(), 75u);
  const Outcome audio =
      run_pipeline(std::string(kAudio) + "mpegtsmux ! m4ftsdemux ! avdec_aac ! appsink name=out");
  EXPECT_EQ(audio.error, "");
  EXPECT_GE(audio.buffers.size(), 135u);
}

TEST(M4fTsDemux, RtpIsRecognisedByItself) {
  const Outcome run =
      run_pipeline(std::string(kVideo) +
                   "mpegtsmux alignment=7 ! rtpmp2tpay ! m4ftsdemux ! video/x-h264 ! appsink name=out");
  ASSERT_EQ(run.error, "");
  EXPECT_EQ(run.buffers.size(), 75u);
}

TEST(M4fTsDemux, AllTracksAreThereBeforeTheFirstFrame) {
  const Outcome run =
      run_pipeline(std::string("mpegtsmux name=ts ! m4ftsdemux : m4fmux segment-duration=1000 name=mux ! "
                               "appsink name=out ") +
                   kVideo + "queue ! ts. " + kAudio + "queue ! ts.");
  ASSERT_EQ(run.error, "");
  EXPECT_EQ(std::count(run.messages.begin(), run.messages.end(), "m4f-tracks"), 1);
}

TEST(M4fTsDemux, StatsCountPackets) {
  GstStructure* stats = nullptr;
  const Outcome run = run_pipeline(std::string(kVideo) + "mpegtsmux ! m4ftsdemux name=demux ! fakesink",
                                   [&](GstElement* pipeline) {
                                     Ptr<GstElement> demux(gst_bin_get_by_name(GST_BIN(pipeline), "demux"));
                                     g_object_get(demux.get(), "stats", &stats, nullptr);
                                   });
  ASSERT_EQ(run.error, "");
  Ptr<GstStructure> owned(stats);
  guint64 packets = 0, bytes = 0, breaks = 9;
  ASSERT_TRUE(gst_structure_get(stats, "packets", G_TYPE_UINT64, &packets, "bytes", G_TYPE_UINT64, &bytes,
                                "continuity-errors", G_TYPE_UINT64, &breaks, nullptr));
  EXPECT_GT(packets, 100u);
  EXPECT_EQ(bytes, packets * 188);
  EXPECT_EQ(breaks, 0u);
}

TEST(M4fTsDemux, WhatIsNoTransportStreamIsOneWarningAndAClearError) {
  const Outcome run =
      run_pipeline("fakesrc num-buffers=1000 sizetype=fixed sizemax=4096 filltype=random ! m4ftsdemux");
  EXPECT_EQ(run.error, "the source ended without a stream that can be carried");
  ASSERT_EQ(run.warnings.size(), 1u);
  EXPECT_NE(run.warnings[0].find("no MPEG-TS program"), std::string::npos) << run.warnings[0];
}

TEST(M4fTsDemux, AWrongPidListIsRefusedAtTheStart) {
  const Outcome run = run_pipeline("fakesrc ! m4ftsdemux pids=45,x");
  EXPECT_EQ(run.error, "pids: \"x\" is no PID; write them as 45,46 (0 to 8191)");
}

}  // namespace
}  // namespace sluice
