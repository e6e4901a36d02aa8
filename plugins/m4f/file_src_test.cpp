// m4ffilesrc: rounds of a file join without a seam.
#include <gst/app/gstappsink.h>

#include <fmt/format.h>

#include <filesystem>
#include <fstream>

#include "common/testing.h"
#include "m4f/base/ticks.h"
#include "m4f/ring/live_ring.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::Ticks;
using testing::run_pipeline;

// Two seconds of pictures with reordering, and sound that is a little longer.
std::filesystem::path make_clip(const std::string& muxer, const std::string& ending) {
  const std::filesystem::path path =
      std::filesystem::path(::testing::TempDir()) / ("m4ffilesrc-" + std::to_string(getpid()) + "." + ending);
  const auto made = run_pipeline(
      "videotestsrc num-buffers=50 ! video/x-raw,format=I420,width=160,height=96,framerate=25/1 ! "
      "x264enc bframes=2 key-int-max=25 speed-preset=ultrafast ! h264parse ! queue ! mux. "
      "audiotestsrc num-buffers=97 samplesperbuffer=1024 ! audio/x-raw,rate=48000,channels=2 ! avenc_aac ! "
      "aacparse ! queue ! mux. " +
      muxer + " name=mux ! filesink location=" + path.string());
  EXPECT_EQ(made.error, "");
  return path;
}

struct Frame {
  int64_t dts;  // running time in ticks
  bool discont;
  size_t size;
};

// The first `count` frames of one kind.
std::vector<Frame> play(const std::filesystem::path& file, const char* kind, size_t count) {
  Ptr<GError> fault;
  const std::string text =
      "m4ffilesrc name=source loop=true location=" + file.string() + " source. ! " + kind +
      " ! appsink name=out sync=false async=false max-buffers=4 source. ! fakesink async=false sync=false";
  Ptr<GstElement> pipeline(gst_parse_launch(text.c_str(), gstx::out(fault)));
  EXPECT_FALSE(fault) << fault->message;
  gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  Ptr<GstElement> out(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
  std::vector<Frame> frames;
  while (frames.size() < count) {
    Ptr<GstSample> sample(gst_app_sink_try_pull_sample(GST_APP_SINK(out.get()), 20 * GST_SECOND));
    if (!sample) break;
    GstBuffer* buffer = gst_sample_get_buffer(sample.get());
    guint64 running = 0;
    const int sign = gst_segment_to_running_time_full(gst_sample_get_segment(sample.get()), GST_FORMAT_TIME,
                                                      GST_BUFFER_DTS_OR_PTS(buffer), &running);
    frames.push_back({Ticks::from_ns(sign * static_cast<int64_t>(running)).count,
                      GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DISCONT) != FALSE,
                      gst_buffer_get_size(buffer)});
  }
  gst_element_set_state(pipeline.get(), GST_STATE_NULL);
  return frames;
}

// In one round.
size_t count_frames(const std::filesystem::path& file, const char* kind) {
  const auto run = run_pipeline("m4ffilesrc name=source location=" + file.string() + " source. ! " + kind +
                                " ! appsink name=out source. ! fakesink async=false sync=false");
  EXPECT_EQ(run.error, "");
  return run.buffers.size();
}

// Matroska's times are whole milliseconds.
constexpr double kTolerance = 90;

class M4fFileSrc : public ::testing::TestWithParam<std::pair<const char*, const char*>> {};

TEST_P(M4fFileSrc, RoundsJoinWithoutASeam) {
  const auto file = make_clip(GetParam().first, GetParam().second);
  const bool has_decoding_times = file.extension() != ".mkv";
  const size_t sounds = count_frames(file, "audio/mpeg");
  ASSERT_GE(sounds, 97u);
  const int64_t round = static_cast<int64_t>(sounds) * 1920;  // its sound is longer than its 50 pictures
  const auto video = play(file, "video/x-h264", 50 * 4);
  ASSERT_EQ(video.size(), 200u);
  for (size_t i = 1; i < video.size(); ++i) {
    EXPECT_FALSE(video[i].discont) << i;
    if (i < 50) {
      if (has_decoding_times) {
        EXPECT_NEAR(static_cast<double>(video[i].dts - video[i - 1].dts), 3600, kTolerance) << i;
      }
      continue;
    }
    EXPECT_NEAR(static_cast<double>(video[i].dts - video[i - 50].dts), static_cast<double>(round), kTolerance)
        << i;
    EXPECT_EQ(video[i].size, video[i - 50].size) << "frame " << i << " is another one than a round before";
  }
  const auto audio = play(file, "audio/mpeg", sounds * 3);
  ASSERT_EQ(audio.size(), sounds * 3);
  for (size_t i = 1; i < audio.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(audio[i].dts - audio[i - 1].dts), 1920, kTolerance) << i;
  }
  EXPECT_EQ(audio[sounds * 2].dts - audio[0].dts, video[100].dts - video[0].dts) << "sound and picture part";
  std::filesystem::remove(file);
}

INSTANTIATE_TEST_SUITE_P(Containers, M4fFileSrc,
                         ::testing::Values(std::pair("mp4mux", "mp4"), std::pair("mpegtsmux", "ts"),
                                           std::pair("matroskamux", "mkv")),
                         [](const auto& info) { return std::string(info.param.second); });

TEST(M4fFileSrc, WithoutLoopItEndsWithTheFile) {
  const auto file = make_clip("mp4mux", "mp4");
  const auto run = run_pipeline("m4ffilesrc location=" + file.string() + " : m4fmux ! appsink name=out");
  EXPECT_EQ(run.error, "");
  EXPECT_GT(run.buffers.size(), 140u);
  EXPECT_TRUE(run.warnings.empty()) << run.warnings[0];
  std::filesystem::remove(file);
}

TEST(M4fFileSrc, WhatIsNoMediaFileIsAnError) {
  EXPECT_NE(run_pipeline("m4ffilesrc location=/nonexistent/x.mp4 : m4fmux ! fakesink async=false").error, "");
  EXPECT_NE(run_pipeline("m4ffilesrc : m4fmux ! fakesink").error, "");
  const auto text = std::filesystem::path(::testing::TempDir()) / "m4ffilesrc.txt";
  std::ofstream(text) << "this is text, and more of it, until a type is found\n";
  EXPECT_NE(
      run_pipeline("m4ffilesrc loop=true location=" + text.string() + " : m4fmux ! fakesink async=false")
          .error,
      "");
  std::filesystem::remove(text);
}

// A list that is played beside one stream, "news"; it may not have its own.
struct Listed {
  explicit Listed(const std::string& text) {
    std::ofstream(list) << text;
    pipeline.reset(gst_parse_launch(("m4ffilesrc name=source playlist=" + list.string() +
                                     " source. ! video/x-h264 ! appsink name=out sync=false async=false "
                                     "source. ! audio/mpeg ! appsink name=sound sync=false async=false")
                                        .c_str(),
                                    nullptr));
    Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "source"));
    out.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "out"));
    sound.reset(gst_bin_get_by_name(GST_BIN(pipeline.get()), "sound"));
    g_signal_connect(source.get(), "find-stream", G_CALLBACK(on_find), this);
    gst_element_set_state(pipeline.get(), GST_STATE_PLAYING);
  }
  ~Listed() {
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    std::filesystem::remove(list);
  }
  static gchar* on_find(GstElement*, const gchar* name, gpointer out, gpointer data) {
    auto* self = static_cast<Listed*>(data);
    if (std::string(name) == "own") return g_strdup("no: not that one");
    if (std::string(name) != "news") return nullptr;
    *static_cast<m4f::RingPtr*>(out) = self->ring;
    return nullptr;
  }
  void put(uint64_t number, Ticks start, bool with_sound = true) {
    for (const auto& event : testing::events_of(testing::make_segment(number, start, 1, with_sound)))
      ring->push(event);
  }
  // The next sound of all, as it says what it is; empty = none comes.
  std::string next_sound() {
    Ptr<GstSample> sample(gst_app_sink_try_pull_sample(GST_APP_SINK(sound.get()), 20 * GST_SECOND));
    if (!sample) return {};
    const gstx::ReadMap map(gst_sample_get_buffer(sample.get()));
    return {reinterpret_cast<const char*>(map.data()), map.size()};
  }
  // The time of the next picture, in ticks; -1 = none comes.
  int64_t next() {
    Ptr<GstSample> sample(gst_app_sink_try_pull_sample(GST_APP_SINK(out.get()), 20 * GST_SECOND));
    if (!sample) return -1;
    const gstx::ReadMap map(gst_sample_get_buffer(sample.get()));
    picture.assign(reinterpret_cast<const char*>(map.data()), map.size());
    guint64 running = 0;
    const int sign =
        gst_segment_to_running_time_full(gst_sample_get_segment(sample.get()), GST_FORMAT_TIME,
                                         GST_BUFFER_DTS(gst_sample_get_buffer(sample.get())), &running);
    return Ticks::from_ns(sign * static_cast<int64_t>(running)).count;
  }
  std::string warning() {
    Ptr<GstBus> bus(gst_element_get_bus(pipeline.get()));
    Ptr<GstMessage> message(gst_bus_timed_pop_filtered(bus.get(), 20 * GST_SECOND, GST_MESSAGE_WARNING));
    if (!message) return "nothing";
    Ptr<GError> error;
    gst_message_parse_warning(message.get(), gstx::out(error), nullptr);
    const std::string text = error->message;
    return text.substr(text.find(": ") + 2);
  }

  const std::filesystem::path list =
      std::filesystem::path(::testing::TempDir()) / ("m4ffilesrc-list-" + std::to_string(getpid()));
  m4f::RingPtr ring = std::make_shared<m4f::LiveRing>();
  Ptr<GstElement> pipeline, out, sound;
  std::string picture;  // the last one
};

TEST(M4fFileSrc, AListPlaysAStreamUntilItEndsAndThenTheNextItem) {
  Listed listed("news\nown\nnone\n");
  const Ticks start = Ticks::from_ns(g_get_real_time() * 1000);
  listed.put(1, start);
  const int64_t first = listed.next();
  ASSERT_GE(first, 0);
  EXPECT_LT(first, Ticks::from_seconds(10).count) << "on the clock of the list, not of the stream";
  listed.put(2, start + Ticks::from_seconds(1));
  for (int64_t i = 1; i < 50; ++i) ASSERT_EQ(listed.next(), first + i * 3600) << i;
  EXPECT_EQ(listed.picture, "v2 48");
  EXPECT_GT(listed.ring.use_count(), 1) << "no client of the stream";
  listed.ring->end();
  EXPECT_EQ(listed.warning(), "not that one");
  EXPECT_EQ(listed.warning(),
            "no VOD location and no stream has 'none': items are written LOCATION/FILE or STREAM");
  EXPECT_EQ(listed.ring.use_count(), 1) << "a client after its turn";
}

TEST(M4fFileSrc, ADurationCutsAStream) {
  Listed listed("#EXTINF:1\nnews\n");
  const Ticks start = Ticks::from_ns(g_get_real_time() * 1000);
  listed.put(1, start);
  int64_t last = -1;
  for (int64_t turn = 0; turn < 3; ++turn) {
    for (int64_t i = 0; i < 25; ++i) {
      const int64_t at = listed.next();
      ASSERT_GT(at, last) << turn << " " << i;
      EXPECT_EQ(listed.picture, fmt::format("v{} {}", turn + 1, i * 2));
      last = at;
      // Its first picture is the one too many, and the next turn's first.
      if (i == 0) listed.put(static_cast<uint64_t>(turn) + 2, start + Ticks::from_seconds(1) * (turn + 1));
    }
  }
}

// As after a failover of that stream to an input without sound, and back.
TEST(M4fFileSrc, ATrackThatAListedStreamGetsBackIsPlayedAgain) {
  Listed listed("news\n");
  const Ticks start = Ticks::from_ns(g_get_real_time() * 1000);
  listed.put(1, start);
  for (int i = 0; i < 25; ++i) ASSERT_GE(listed.next(), 0) << i;
  listed.put(2, start + Ticks::from_seconds(1), false);
  for (int i = 0; i < 25; ++i) ASSERT_GE(listed.next(), 0) << i;
  EXPECT_EQ(listed.picture, "v2 48");
  listed.put(3, start + Ticks::from_seconds(2));
  while (listed.picture != "v3 48") ASSERT_GE(listed.next(), 0);
  std::string heard;
  for (int i = 0; i < 50; ++i) heard = listed.next_sound();
  EXPECT_EQ(heard, "a1 49");
  EXPECT_EQ(listed.next_sound(), "a3 0");
}

TEST(M4fFileSrc, AStreamThatGivesNothingIsLeft) {
  Listed listed("#EXTINF:1\nnews\nnone\n");
  EXPECT_EQ(listed.warning(), "that stream gives nothing");
  EXPECT_EQ(listed.warning(),
            "no VOD location and no stream has 'none': items are written LOCATION/FILE or STREAM");
}

}  // namespace
}  // namespace sluice
