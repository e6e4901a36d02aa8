#include "orchestrator/stream/ingest.h"

#include <gst/app/gstappsink.h>

#include <algorithm>
#include <atomic>
#include <utility>

#include "orchestrator/stream/advice.h"
#include "orchestrator/stream/multicast.h"
#include "orchestrator/stream/pipeline_builder.h"

namespace sluice::stream {
namespace {

constexpr guint kStopDeadlineMs = 5000;

// Seals what the muxer holds: its end of stream comes out as the last record.
void end_muxer(GstElement* pipeline) {
  Ptr<GstElement> mux(gst_bin_get_by_name(GST_BIN(pipeline), "mux"));
  if (!mux) return;
  std::vector<Ptr<GstPad>> pads;
  gst_element_foreach_sink_pad(
      mux.get(),
      [](GstElement*, GstPad* pad, gpointer data) -> gboolean {
        static_cast<std::vector<Ptr<GstPad>>*>(data)->push_back(ref(pad));
        return TRUE;
      },
      &pads);
  for (const Ptr<GstPad>& pad : pads) gst_pad_send_event(pad.get(), gst_event_new_eos());
}

// The answer to rtspsrc's select-stream: `num` counts the SDP's media from 0.
gboolean select_stream(GstElement*, guint num, GstCaps*, gpointer data) {
  const auto& tracks = *static_cast<const std::vector<int>*>(data);
  return std::find(tracks.begin(), tracks.end(), static_cast<int>(num) + 1) != tracks.end();
}

// What an element cannot be told by properties alone.
m4f::Result<void> set_up_source(GstElement* pipeline, const plan::Supervision& supervision) {
  if (supervision.tracks.empty() && supervision.multicast_sources.empty()) return {};
  Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline), "source"));
  if (!source) return m4f::error(m4f::Errc::kInvalid, "the pipeline has no element 'source'");
  if (!supervision.tracks.empty())
    g_signal_connect_data(
        source.get(), "select-stream", G_CALLBACK(select_stream), new std::vector<int>(supervision.tracks),
        [](gpointer data, GClosure*) { delete static_cast<std::vector<int>*>(data); }, GConnectFlags(0));
  if (!supervision.multicast_sources.empty()) return join_from(source.get(), supervision.multicast_sources);
  return {};
}

}  // namespace

// Shared with the streaming thread: outlives the ingest as long as a pipeline that hangs does.
struct Ingest::Entry {
  std::shared_ptr<Spine> spine;
  uint64_t ticket = 0;

  static GstFlowReturn new_sample(GstAppSink* sink, gpointer data) {
    auto* entry = static_cast<Entry*>(data);
    Ptr<GstSample> sample(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    if (GstBuffer* buffer = gst_sample_get_buffer(sample.get()))
      entry->spine->push(entry->ticket, gst_buffer_ref(buffer));
    return GST_FLOW_OK;
  }
};

Ingest::Ingest(plan::InputPlan plan, std::shared_ptr<Spine> spine, Workers& workers, Callbacks callbacks)
    : plan_(std::move(plan)), spine_(std::move(spine)), workers_(workers), callbacks_(std::move(callbacks)) {}

Ingest::~Ingest() {
  if (watch_) g_source_remove(watch_);
}

m4f::Result<void> Ingest::start() {
  pipeline_.reset(static_cast<GstElement*>(gst_object_ref_sink(gst_pipeline_new(nullptr))), GstRelease());
  std::weak_ptr<Ingest> weak = weak_from_this();
  auto built = build(plan_.pipeline, GST_BIN(pipeline_.get()), [weak](std::string text) {
    post_to_main([weak, text = std::move(text)] {
      if (auto self = weak.lock()) self->say_once(text);
    });
  });
  if (!built) return built;

  if (auto set = set_up_source(pipeline_.get(), plan_.supervision); !set) return set;
  Ptr<GstElement> mux(gst_bin_get_by_name(GST_BIN(pipeline_.get()), "mux"));
  GstElement* sink = gst_element_factory_make("appsink", nullptr);
  if (!mux || !sink) return m4f::error(m4f::Errc::kNotFound, "the pipeline has no muxer or no appsink");
  // The muxer goes on with the numbers and the counters of the segments that are there.
  m4f::RingPtr ring = spine_->ring();
  g_object_set(mux.get(), "ring", &ring, nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  gst_bin_add(GST_BIN(pipeline_.get()), sink);
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = Entry::new_sample;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, new Entry{spine_, spine_->new_ticket()},
                             [](gpointer data) { delete static_cast<Entry*>(data); });
  if (!gst_element_link(mux.get(), sink)) return m4f::error(m4f::Errc::kInvalid, "the muxer does not link");

  Ptr<GstBus> bus(gst_element_get_bus(pipeline_.get()));
  watch_ = gst_bus_add_watch(
      bus.get(),
      [](GstBus*, GstMessage* message, gpointer data) -> gboolean {
        auto self = static_cast<Ingest*>(data)->shared_from_this();
        self->on_message(message);
        return G_SOURCE_CONTINUE;
      },
      this);

  workers_.run([pipeline = pipeline_, weak] {
    const bool ok = gst_element_set_state(pipeline.get(), GST_STATE_PLAYING) != GST_STATE_CHANGE_FAILURE;
    if (ok) return;
    // The bus carries the reason, if the element that failed gave one; it comes before this.
    post_to_main([weak] {
      if (auto self = weak.lock(); self && !self->over_) {
        self->over_ = true;
        self->callbacks_.lost("the source could not be started");
      }
    });
  });
  return {};
}

void Ingest::stop(std::function<void(bool)> done) {
  over_ = true;
  if (!pipeline_) {
    post_to_main([done = std::move(done)] { done(true); });
    return;
  }
  // Both ends of the race hold the flag; who comes first speaks.
  auto answered = std::make_shared<std::atomic<bool>>(false);
  auto deadline = std::make_shared<Timer>();
  *deadline = Timer(
      kStopDeadlineMs,
      [answered, done] {
        if (!answered->exchange(true)) done(false);
      },
      true);
  workers_.run([pipeline = pipeline_, answered, deadline, done = std::move(done)] {
    end_muxer(pipeline.get());
    gst_element_set_state(pipeline.get(), GST_STATE_NULL);
    post_to_main([answered, deadline, done] {
      deadline->stop();
      if (!answered->exchange(true)) done(true);
    });
  });
}

IngestFigures Ingest::figures() const {
  return pipeline_ ? gather_figures(GST_BIN(pipeline_.get())) : IngestFigures{};
}

void Ingest::on_message(GstMessage* message) {
  if (over_) return;
  switch (GST_MESSAGE_TYPE(message)) {
    case GST_MESSAGE_ERROR: {
      Ptr<GError> error;
      Ptr<gchar> debug;
      gst_message_parse_error(message, out(error), out(debug));
      over_ = true;
      callbacks_.lost(advice(*error, debug ? debug.get() : ""));
      break;
    }
    case GST_MESSAGE_EOS:
      over_ = true;
      callbacks_.lost("the source ended");
      break;
    case GST_MESSAGE_WARNING: {
      Ptr<GError> error;
      Ptr<gchar> debug;
      gst_message_parse_warning(message, out(error), out(debug));
      say_once(error->message);
      break;
    }
    case GST_MESSAGE_LATENCY:
      workers_.run([pipeline = pipeline_] { gst_bin_recalculate_latency(GST_BIN(pipeline.get())); });
      break;
    default:
      break;
  }
}

void Ingest::say_once(std::string text) {
  constexpr size_t kMostCauses = 64;
  if (said_.size() >= kMostCauses || std::find(said_.begin(), said_.end(), text) != said_.end()) return;
  said_.push_back(text);
  callbacks_.warning(said_.back());
}

}  // namespace sluice::stream
