// m4fmux: parsed streams become segments.
#include <algorithm>
#include <map>

#include "common/event_meta.h"
#include "common/record_feed.h"
#include "common/testing.h"
#include "m4f/ring/live_ring.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::RecordEvent;
using m4f::SegmentPtr;
using m4f::Ticks;
using testing::Outcome;
using testing::run_pipeline;

constexpr const char* kVideo =
    "videotestsrc num-buffers=50 ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 ! ";
constexpr const char* kAudio =
    "audiotestsrc num-buffers=100 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 ! ";
constexpr const char* kX264 = "x264enc bframes=0 key-int-max=25 speed-preset=ultrafast ! ";

std::vector<SegmentPtr> segments_of(const std::vector<Ptr<GstBuffer>>& buffers) {
  RecordFeed feed;
  std::vector<RecordEvent> events;
  std::vector<SegmentPtr> segments;
  for (const Ptr<GstBuffer>& buffer : buffers) EXPECT_TRUE(feed.take(buffer.get(), events));
  for (const RecordEvent& event : events) {
    if (auto* opened = std::get_if<m4f::SegmentOpened>(&event)) segments.push_back(opened->segment);
  }
  return segments;
}

// All frames of one track, in order.
std::vector<m4f::Frame> frames_of(const std::vector<SegmentPtr>& segments, const std::string& id) {
  std::vector<m4f::Frame> frames;
  for (const SegmentPtr& segment : segments) {
    for (size_t i = 0; i < segment->frame_count(); ++i) {
      const m4f::Frame& frame = segment->frame(i);
      if (segment->header().tracks[frame.track].id.text() == id) frames.push_back(frame);
    }
  }
  return frames;
}

class EveryInput : public ::testing::TestWithParam<std::tuple<const char*, const char*, m4f::Codec, size_t>> {
};

TEST_P(EveryInput, BecomesOneTrackWithAllItsFrames) {
  const auto& [source, coder, codec, count] = GetParam();
  const Outcome run =
      run_pipeline(std::string(source) + coder + " ! m4fmux segment-duration=1000 ! appsink name=out");
  ASSERT_EQ(run.error, "");
  EXPECT_TRUE(run.warnings.empty()) << run.warnings[0];
  const auto segments = segments_of(run.buffers);
  ASSERT_FALSE(segments.empty());
  for (const SegmentPtr& segment : segments) {
    EXPECT_TRUE(segment->sealed());
    ASSERT_EQ(segment->header().tracks.size(), 1u);
    EXPECT_EQ(segment->header().tracks[0].codec, codec);
    EXPECT_FALSE(segment->header().discontinuity);
  }
  const auto frames = frames_of(segments, m4f::content_of(codec) == m4f::Content::kVideo ? "v1" : "a1");
  EXPECT_GE(frames.size(), count);
  EXPECT_TRUE(frames[0].key);
}

INSTANTIATE_TEST_SUITE_P(
    Mux, EveryInput,
    ::testing::Values(
        std::tuple{kVideo, "x264enc ! h264parse ! video/x-h264,stream-format=avc", m4f::Codec::kH264, 50u},
        std::tuple{kVideo, "x264enc ! h264parse ! video/x-h264,stream-format=avc3", m4f::Codec::kH264, 50u},
        std::tuple{kVideo, "x264enc ! video/x-h264,stream-format=byte-stream", m4f::Codec::kH264, 50u},
        std::tuple{kVideo, "x265enc ! h265parse ! video/x-h265,stream-format=hvc1", m4f::Codec::kH265, 50u},
        std::tuple{kVideo, "x265enc ! h265parse ! video/x-h265,stream-format=hev1", m4f::Codec::kH265, 50u},
        std::tuple{kVideo, "x265enc ! video/x-h265,stream-format=byte-stream", m4f::Codec::kH265, 50u},
        std::tuple{kVideo, "mpeg2enc format=3 ! mpegvideoparse", m4f::Codec::kMpeg2Video, 50u},
        std::tuple{kVideo, "vp8enc deadline=1", m4f::Codec::kVp8, 50u},
        std::tuple{kVideo, "vp9enc deadline=1 ! vp9parse", m4f::Codec::kVp9, 50u},
        std::tuple{kAudio, "avenc_aac ! aacparse ! audio/mpeg,stream-format=raw", m4f::Codec::kAac, 100u},
        std::tuple{kAudio, "avenc_aac ! aacparse ! audio/mpeg,stream-format=adts", m4f::Codec::kAac, 100u},
        std::tuple{kAudio, "avenc_mp2 ! mpegaudioparse", m4f::Codec::kMpegAudio, 80u},
        std::tuple{kAudio, "avenc_ac3 ! ac3parse", m4f::Codec::kAc3, 60u},
        std::tuple{kAudio, "avenc_eac3 ! ac3parse", m4f::Codec::kEac3, 60u},
        std::tuple{kAudio, "opusenc ! opusparse", m4f::Codec::kOpus, 100u}));

TEST(M4fMux, TimestampDifferencesAreTheSourcesAlsoWithBFrames) {
  const Outcome run = run_pipeline(
      std::string(kVideo) +
      "x264enc bframes=3 key-int-max=25 ! h264parse ! m4fmux segment-duration=1000 ! appsink name=out");
  ASSERT_EQ(run.error, "");
  auto frames = frames_of(segments_of(run.buffers), "v1");
  ASSERT_EQ(frames.size(), 50u);
  bool reordered = false;
  for (size_t i = 1; i < frames.size(); ++i) {
    EXPECT_GT(frames[i].dts, frames[i - 1].dts) << i;
    reordered = reordered || frames[i].pts() < frames[i - 1].pts();
  }
  EXPECT_TRUE(reordered);
  std::sort(frames.begin(), frames.end(), [](const auto& a, const auto& b) { return a.pts() < b.pts(); });
  for (size_t i = 1; i < frames.size(); ++i)
    EXPECT_EQ(frames[i].pts() - frames[i - 1].pts(), Ticks(3600)) << i;
}

TEST(M4fMux, PictureAndSoundKeepTheirOffsetAndParsebinLinksAll) {
  const Outcome run = run_pipeline(
      std::string(
          "m4fmux name=mux segment-duration=1000 ! appsink name=out mpegtsmux name=ts ! parsebin : mux. ") +
      kVideo + kX264 + "queue ! ts. " + kAudio + "avenc_aac ! aacparse ! queue ! ts.");
  ASSERT_EQ(run.error, "");
  const auto segments = segments_of(run.buffers);
  ASSERT_GE(segments.size(), 2u);
  EXPECT_EQ(segments[0]->header().tracks.size(), 2u);
  EXPECT_EQ(std::count(run.messages.begin(), run.messages.end(), "m4f-tracks"), 1);
  const auto video = frames_of(segments, "v1"), audio = frames_of(segments, "a1");
  ASSERT_EQ(video.size(), 50u);
  ASSERT_GE(audio.size(), 90u);
  // Both test sources begin at 0; the coder's delay and one frame are the most they may differ by.
  EXPECT_LT(std::abs((video[0].pts() - audio[0].pts()).count), 4000);
}

// parsebin shows FLV's sound a moment after its picture: it must not be missing from the first segment.
TEST(M4fMux, APadThatAppearsLateIsInTheFirstSegment) {
  const Outcome run = run_pipeline(
      std::string(
          "m4fmux name=mux segment-duration=1000 ! appsink name=out flvmux name=flv ! parsebin : mux. ") +
      kVideo + kX264 + "queue ! flv. " + kAudio + "avenc_aac ! aacparse ! queue ! flv.");
  ASSERT_EQ(run.error, "");
  const auto segments = segments_of(run.buffers);
  ASSERT_GE(segments.size(), 2u);
  EXPECT_EQ(segments[0]->header().tracks.size(), 2u);
  EXPECT_EQ(frames_of(segments, "v1").size(), 50u);
  EXPECT_GE(frames_of(segments, "a1").size(), 100u);
}

// Read as fast as it goes, with a thread per track.
TEST(M4fMux, TracksOfAFileStayTogether) {
  const Outcome run = run_pipeline(
      std::string("m4fmux name=mux segment-duration=1000 ! appsink name=out ") + kVideo + kX264 +
      "queue max-size-buffers=0 max-size-time=0 ! mux. " + kAudio +
      "avenc_aac ! aacparse ! identity sleep-time=3000 ! queue max-size-buffers=0 max-size-time=0 ! mux.");
  ASSERT_EQ(run.error, "");
  std::map<std::string, Ticks> newest;
  for (const SegmentPtr& segment : segments_of(run.buffers)) {
    for (size_t i = 0; i < segment->frame_count(); ++i) {
      const m4f::Frame& frame = segment->frame(i);
      newest[segment->header().tracks[frame.track].id.text()] = frame.dts;
      if (newest.size() < 2 || frame.dts - segment->header().start > Ticks::from_ms(1900)) continue;
      EXPECT_LT(std::abs((newest["v1"] - newest["a1"]).count), Ticks::from_ms(1000).count) << i;
    }
  }
  EXPECT_EQ(newest.size(), 2u);
}

TEST(M4fMux, StatsCountWhatWentThrough) {
  GstStructure* stats = nullptr;
  const Outcome run =
      run_pipeline(std::string(kVideo) + kX264 + "m4fmux name=mux segment-duration=1000 ! fakesink",
                   [&](GstElement* pipeline) {
                     Ptr<GstElement> mux(gst_bin_get_by_name(GST_BIN(pipeline), "mux"));
                     g_object_get(mux.get(), "stats", &stats, nullptr);
                   });
  ASSERT_EQ(run.error, "");
  Ptr<GstStructure> owned(stats);
  guint64 frames = 0, bytes = 0, segments = 0, jumps = 9;
  gint64 last = 0;
  ASSERT_TRUE(gst_structure_get(stats, "frames", G_TYPE_UINT64, &frames, "bytes", G_TYPE_UINT64, &bytes,
                                "segments", G_TYPE_UINT64, &segments, "timestamp-jumps", G_TYPE_UINT64,
                                &jumps, "last-dts", G_TYPE_INT64, &last, nullptr));
  EXPECT_EQ(frames, 50u);
  EXPECT_GT(bytes, 1000u);
  EXPECT_EQ(segments, 2u);
  EXPECT_EQ(jumps, 0u);
  EXPECT_GT(last, Ticks::from_seconds(1'600'000'000).count);
}

guint64 stat(GstElement* mux, const char* field) {
  GstStructure* stats = nullptr;
  g_object_get(mux, "stats", &stats, nullptr);
  Ptr<GstStructure> owned(stats);
  guint64 value = 0;
  gst_structure_get_uint64(stats, field, &value);
  return value;
}

TEST(M4fMux, CountsFramesOnHoldAndCutsNone) {
  const Outcome run =
      run_pipeline(std::string("m4fmux name=mux hold=true segment-duration=1000 ! appsink name=out ") +
                       kVideo + kX264 + "mux. " + kAudio + "avenc_aac ! mux.",
                   [&](GstElement* pipeline) {
                     Ptr<GstElement> mux(gst_bin_get_by_name(GST_BIN(pipeline), "mux"));
                     EXPECT_EQ(stat(mux.get(), "video-frames"), 50u);
                     EXPECT_GE(stat(mux.get(), "audio-frames"), 90u);
                     EXPECT_GT(stat(mux.get(), "video-last"), 0u);
                     EXPECT_EQ(stat(mux.get(), "frames"), 0u);
                   });
  EXPECT_EQ(run.error, "");
  EXPECT_TRUE(run.buffers.empty());
}

TEST(M4fMux, PacedInputComesAtItsTime) {
  const gint64 before = g_get_monotonic_time();
  const Outcome run = run_pipeline(
      std::string(
          "videotestsrc num-buffers=26 ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 ! ") +
      kX264 + "m4fmux pace=true segment-duration=1000 ! appsink name=out sync=false");
  ASSERT_EQ(run.error, "");
  EXPECT_GE(g_get_monotonic_time() - before, 1'000'000);
  EXPECT_EQ(frames_of(segments_of(run.buffers), "v1").size(), 26u);
}

TEST(M4fMux, APacedThreadIsLetGoAtOnceWhenItStops) {
  Ptr<GstElement> pipeline(gst_parse_launch(
      "videotestsrc ! video/x-raw,framerate=1/30 ! x264enc ! m4fmux pace=true ! fakesink async=false",
      nullptr));
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  gst_element_get_state(pipeline.get(), nullptr, nullptr, GST_SECOND);
  const gint64 before = g_get_monotonic_time();
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  EXPECT_LT(g_get_monotonic_time() - before, 5'000'000);
}

// Input pads of one muxer, fed by hand in one thread.
class Hand {
 public:
  Hand() : mux_(gst_harness_new_with_padnames("m4fmux", nullptr, "src")) {}
  GstHarness* pad(const char* name, const char* caps) {
    testing::Harness h(gst_harness_new_with_element(mux_->element, name, nullptr));
    if (caps) gst_harness_set_src_caps_str(h.get(), caps);
    pads_.push_back(std::move(h));
    return pads_.back().get();
  }
  GstElement* element() { return mux_->element; }
  GstHarness* out() { return mux_.get(); }
  std::vector<SegmentPtr> segments() {
    while (GstBuffer* buffer = gst_harness_try_pull(mux_.get())) got_.emplace_back(buffer);
    return segments_of(got_);
  }

 private:
  testing::Harness mux_;
  std::vector<testing::Harness> pads_;
  std::vector<Ptr<GstBuffer>> got_;
};

constexpr const char* kAacCaps =
    "audio/mpeg,mpegversion=4,stream-format=raw,rate=48000,channels=2,codec_data=(buffer)1190";

// A raw AAC frame (any bytes but an ADTS header will do) at `n` frames from the start.
GstFlowReturn push_aac(GstHarness* to, int n) {
  const std::string payload = "!aac frame " + std::to_string(n);
  GstBuffer* buffer = gst_buffer_new_memdup(payload.data(), payload.size());
  GST_BUFFER_PTS(buffer) = static_cast<GstClockTime>(Ticks(1920 * n).to_ns());
  return gst_harness_push(to, buffer);
}

TEST(M4fMux, TrackIdsFollowThePadsNotWhoComesFirst) {
  Hand hand;
  GstHarness* first = hand.pad("audio_0", nullptr);
  GstHarness* second = hand.pad("audio_1", kAacCaps);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(push_aac(second, i), GST_FLOW_OK);
  EXPECT_TRUE(hand.segments().empty());
  gst_harness_set_src_caps_str(first, "audio/x-opus,channel-mapping-family=0,channels=2,rate=48000");
  const uint8_t opus[] = {0xfc, 0xff, 0xfe};
  GstBuffer* buffer = gst_buffer_new_memdup(opus, sizeof(opus));
  GST_BUFFER_PTS(buffer) = 0;
  EXPECT_EQ(gst_harness_push(first, buffer), GST_FLOW_OK);
  const auto segments = hand.segments();
  ASSERT_EQ(segments.size(), 1u);
  ASSERT_EQ(segments[0]->header().tracks.size(), 2u);
  EXPECT_EQ(frames_of(segments, "a1").size(), 1u);
  EXPECT_EQ(frames_of(segments, "a2").size(), 3u);
}

TEST(M4fMux, EosOfAllPadsSealsAndEnds) {
  Hand hand;
  GstHarness* one = hand.pad("audio_0", kAacCaps);
  GstHarness* two = hand.pad("audio_1", kAacCaps);
  push_aac(one, 0);
  push_aac(two, 0);
  gst_harness_push_event(one, gst_event_new_eos());
  auto segments = hand.segments();
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_FALSE(segments[0]->sealed());
  push_aac(two, 1);
  gst_harness_push_event(two, gst_event_new_eos());
  segments = hand.segments();
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_TRUE(segments[0]->sealed());
  bool eos = false;
  while (Ptr<GstEvent> event{gst_harness_try_pull_event(hand.out())})
    eos = GST_EVENT_TYPE(event.get()) == GST_EVENT_EOS;
  EXPECT_TRUE(eos);
}

TEST(M4fMux, AFlushIsADiscontinuity) {
  Hand hand;
  GstHarness* one = hand.pad("audio_0", kAacCaps);
  for (int i = 0; i < 5; ++i) push_aac(one, i);
  gst_harness_push_event(one, gst_event_new_flush_start());
  gst_harness_push_event(one, gst_event_new_flush_stop(TRUE));
  GstSegment segment;
  gst_segment_init(&segment, GST_FORMAT_TIME);
  gst_harness_push_event(one, gst_event_new_segment(&segment));
  for (int i = 0; i < 5; ++i) EXPECT_EQ(push_aac(one, i), GST_FLOW_OK);
  const auto segments = hand.segments();
  ASSERT_EQ(segments.size(), 2u);
  EXPECT_TRUE(segments[0]->sealed());
  EXPECT_TRUE(segments[1]->header().discontinuity);
}

TEST(M4fMux, GoesOnAfterTheRingsNewestSegment) {
  auto ring = std::make_shared<m4f::LiveRing>();
  const Ticks ahead = Ticks::from_seconds(4'000'000'000);
  for (const RecordEvent& event : testing::events_of(testing::make_segment(77, ahead))) ring->push(event);
  Hand hand;
  gst_element_set_state(hand.element(), GST_STATE_NULL);
  g_object_set(hand.element(), "ring", &ring, nullptr);
  gst_element_set_state(hand.element(), GST_STATE_PLAYING);
  GstHarness* one = hand.pad("audio_0", kAacCaps);
  push_aac(one, 0);
  const auto segments = hand.segments();
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0]->header().number, 78u);
  EXPECT_TRUE(segments[0]->header().discontinuity);
  // The last picture of the other one is shown a frame after its decoding time.
  EXPECT_EQ(segments[0]->header().start, ahead + Ticks::from_seconds(1) + Ticks(3600));
}

TEST(M4fMux, AReleasedPadLeavesTheOthersAlone) {
  Hand hand;
  GstHarness* one = hand.pad("audio_0", kAacCaps);
  push_aac(one, 0);
  Ptr<GstPad> pad(gst_element_request_pad_simple(hand.element(), "audio_%u"));
  ASSERT_TRUE(pad);
  EXPECT_STREQ(GST_PAD_NAME(pad.get()), "audio_1");
  gst_element_release_request_pad(hand.element(), pad.get());
  EXPECT_EQ(push_aac(one, 1), GST_FLOW_OK);
  gst_harness_push_event(one, gst_event_new_eos());
  EXPECT_EQ(frames_of(hand.segments(), "a1").size(), 2u);
}

TEST(M4fMux, TheLanguageTagNamesTheTracksLanguage) {
  Hand hand;
  GstHarness* one = hand.pad("audio_0", kAacCaps);
  gst_harness_push_event(one, gst_event_new_tag(gst_tag_list_new(GST_TAG_LANGUAGE_CODE, "de", nullptr)));
  push_aac(one, 0);
  const auto segments = hand.segments();
  ASSERT_EQ(segments.size(), 1u);
  EXPECT_EQ(segments[0]->header().tracks[0].language, "deu");
}

TEST(M4fMux, UnusableInputIsOneWarningAndTheOthersGoOn) {
  Hand hand;
  Ptr<GstBus> bus(gst_bus_new());
  gst_element_set_bus(hand.element(), bus.get());
  GstHarness* good = hand.pad("audio_0", kAacCaps);
  GstHarness* bad = hand.pad("video_0", "video/x-h264,stream-format=avc,alignment=au");
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(push_aac(good, i), GST_FLOW_OK);
    EXPECT_EQ(gst_harness_push(bad, gst_buffer_new_memdup("abcd", 4)), GST_FLOW_OK);
  }
  Ptr<GstMessage> warning(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_WARNING));
  ASSERT_TRUE(warning);
  Ptr<GError> told;
  gst_message_parse_warning(warning.get(), gstx::out(told), nullptr);
  EXPECT_STREQ(told->message, "video_0: stream-format=avc without codec_data: put a parser before m4fmux");
  EXPECT_FALSE(Ptr<GstMessage>(gst_bus_pop_filtered(bus.get(), GST_MESSAGE_WARNING)));
  gst_harness_push_event(good, gst_event_new_eos());
  gst_harness_push_event(bad, gst_event_new_eos());
  EXPECT_EQ(frames_of(hand.segments(), "a1").size(), 5u);
  gst_element_set_bus(hand.element(), nullptr);
}

TEST(M4fMux, AddsNoLatency) {
  Hand hand;
  GstHarness* one = hand.pad("audio_0", kAacCaps);
  gst_harness_set_upstream_latency(one, 70 * GST_MSECOND);
  EXPECT_EQ(gst_harness_query_latency(hand.out()), 70 * GST_MSECOND);
}

TEST(M4fMux, RequestPadsGoWithTheElement) {
  testing::expect_freed("m4fmux", [](GstElement* mux) {
    for (const char* name : {"video_%u", "audio_%u", "audio_7"}) {
      Ptr<GstPad> pad(gst_element_request_pad_simple(mux, name));
      EXPECT_TRUE(pad);
    }
    gst_element_set_state(mux, GST_STATE_PAUSED);
  });
}

}  // namespace
}  // namespace sluice
