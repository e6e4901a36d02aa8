#include "orchestrator/stream/ingest.h"

#include <gst/app/gstappsink.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>

#include "orchestrator/stream/advice.h"
#include "orchestrator/stream/multicast.h"
#include "orchestrator/stream/pipeline_builder.h"
#include "orchestrator/stream/publish_feed.h"

namespace sluice::stream {
namespace {

constexpr guint kStopDeadlineMs = 5000;

// The answer to rtspsrc's select-stream: `num` counts the SDP's media from 0.
gboolean select_stream(GstElement*, guint num, GstCaps*, gpointer data) {
  const auto& tracks = *static_cast<const std::vector<int>*>(data);
  return std::find(tracks.begin(), tracks.end(), static_cast<int>(num) + 1) != tracks.end();
}

// What an element cannot be told by properties alone.
m4f::Result<void> set_up_source(GstElement* pipeline, const plan::Supervision& supervision) {
  if (supervision.tracks.empty() && !supervision.multicast) return {};
  Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline), "source"));
  if (!source) return m4f::error(m4f::Errc::kInvalid, "the pipeline has no element 'source'");
  if (!supervision.tracks.empty())
    g_signal_connect_data(
        source.get(), "select-stream", G_CALLBACK(select_stream), new std::vector<int>(supervision.tracks),
        [](gpointer data, GClosure*) { delete static_cast<std::vector<int>*>(data); }, GConnectFlags(0));
  if (supervision.multicast) return join_group(source.get(), supervision.multicast_sources);
  return {};
}

}  // namespace

// Outlives the ingest as long as a pipeline that hangs does.
struct Ingest::Body {
  explicit Body(std::shared_ptr<Junction> j) : junction(std::move(j)) {}

  const std::shared_ptr<Junction> junction;
  // Made by the ingest, filled by a worker.
  const std::shared_ptr<GstElement> pipeline{
      static_cast<GstElement*>(gst_object_ref_sink(gst_pipeline_new(nullptr))), GstRelease()};

  std::mutex mutex;  // guards what follows; nothing is called with it held
  Ptr<GstElement> mux;
  std::shared_ptr<Junction::Seat> seat;
  std::shared_ptr<PublishFeed> feed;  // while it is attached
  std::shared_ptr<void> clients;      // of other streams that it reads
  bool hold = false;
  bool ended = false;

  // Both in a worker.
  m4f::Result<void> build(const plan::InputPlan& plan, const FindStream& find, std::function<void()> began,
                          std::function<void(std::string)> unlinked);
  void attach(Publication& publication);
  void detach(Publication& publication);
  void take_down() { gst_element_set_state(pipeline.get(), GST_STATE_NULL); }

  std::shared_ptr<Junction::Seat> current_seat() {
    std::lock_guard lock(mutex);
    return seat;
  }
  Ptr<GstElement> current_mux() {
    std::lock_guard lock(mutex);
    return mux ? ref(mux.get()) : nullptr;
  }
};

namespace {

// What the callbacks of one pipeline need.
struct Passage {
  std::shared_ptr<Junction> junction;
  std::shared_ptr<Junction::Seat> seat;

  static GstFlowReturn new_sample(GstAppSink* sink, gpointer data) {
    auto* passage = static_cast<Passage*>(data);
    Ptr<GstSample> sample(gst_app_sink_pull_sample(sink));
    if (!sample) return GST_FLOW_EOS;
    if (GstBuffer* buffer = gst_sample_get_buffer(sample.get()))
      passage->junction->push(*passage->seat, gst_buffer_ref(buffer));
    return GST_FLOW_OK;
  }
  static void drop(gpointer data) { delete static_cast<Passage*>(data); }
};

// The same for the muxer's own signal: the seat keeps the muxer, so the muxer must not keep the seat.
struct Beginning {
  std::shared_ptr<Junction> junction;
  std::weak_ptr<Junction::Seat> seat;

  static void begin(GstElement*, gpointer data) {
    auto* beginning = static_cast<Beginning*>(data);
    if (auto seat = beginning->seat.lock()) beginning->junction->take_over(seat);
  }
  static void drop(gpointer data, GClosure*) { delete static_cast<Beginning*>(data); }
};

}  // namespace

m4f::Result<void> Ingest::Body::build(const plan::InputPlan& plan, const FindStream& find,
                                      std::function<void()> began,
                                      std::function<void(std::string)> unlinked) {
  GstBin* bin = GST_BIN(pipeline.get());
  plan::Pipeline pipeline_plan = plan.pipeline;
  const auto& local = plan.supervision.local;
  if (plan.supervision.published) pipeline_plan = with_publish_source(std::move(pipeline_plan));
  if (!local.empty()) pipeline_plan = with_local_sources(std::move(pipeline_plan), local);
  if (auto built = stream::build(pipeline_plan, bin, std::move(unlinked)); !built) return built;
  if (!local.empty()) {
    auto joined = join_local(pipeline.get(), local, find);
    if (!joined) return tl::unexpected(joined.error());
    std::lock_guard lock(mutex);
    if (!ended) clients = std::move(*joined);
  }
  if (plan.supervision.list)
    if (auto set = let_list_find(pipeline.get(), find, junction->spine()->ring()); !set) return set;
  if (auto set = set_up_source(pipeline.get(), plan.supervision); !set) return set;
  Ptr<GstElement> made(gst_bin_get_by_name(bin, "mux"));
  GstElement* sink = gst_element_factory_make("appsink", nullptr);
  if (!made || !sink) return m4f::error(m4f::Errc::kNotFound, "the pipeline has no muxer or no appsink");
  // The muxer goes on with the numbers and the counters of the segments that are there.
  m4f::RingPtr ring = junction->spine()->ring();
  g_object_set(made.get(), "ring", &ring, nullptr);
  g_object_set(sink, "sync", FALSE, "async", FALSE, "enable-last-sample", FALSE, nullptr);
  gst_bin_add(bin, sink);
  if (!gst_element_link(made.get(), sink)) return m4f::error(m4f::Errc::kInvalid, "the muxer does not link");
  auto place = std::make_shared<Junction::Seat>(ref(made.get()), std::move(began));
  GstAppSinkCallbacks callbacks{};
  callbacks.new_sample = Passage::new_sample;
  gst_app_sink_set_callbacks(GST_APP_SINK(sink), &callbacks, new Passage{junction, place}, Passage::drop);
  g_signal_connect_data(made.get(), "begin", G_CALLBACK(Beginning::begin), new Beginning{junction, place},
                        Beginning::drop, GConnectFlags(0));
  std::lock_guard lock(mutex);
  g_object_set(made.get(), "hold", hold ? TRUE : FALSE, nullptr);
  mux = std::move(made);
  seat = std::move(place);
  return {};
}

void Ingest::Body::attach(Publication& publication) {
  Ptr<GstElement> source(gst_bin_get_by_name(GST_BIN(pipeline.get()), "source"));
  auto made = std::make_shared<PublishFeed>(std::move(source), publication.weak_from_this());
  {
    std::lock_guard lock(mutex);
    feed = made;
  }
  publication.attach(std::move(made));
}

void Ingest::Body::detach(Publication& publication) {
  std::shared_ptr<PublishFeed> old;
  {
    std::lock_guard lock(mutex);
    old = std::exchange(feed, nullptr);
  }
  if (old) publication.detach(old.get());
}

Ingest::Ingest(plan::InputPlan plan, std::shared_ptr<Junction> junction, Workers& workers,
               Callbacks callbacks, IngestFeeds feeds)
    : plan_(std::move(plan)),
      workers_(workers),
      callbacks_(std::move(callbacks)),
      publication_(plan_.supervision.published ? std::move(feeds.publication) : nullptr),
      find_(std::move(feeds.find)),
      body_(std::make_shared<Body>(std::move(junction))) {}

Ingest::~Ingest() {
  if (watch_) g_source_remove(watch_);
}

void Ingest::start(bool held) {
  body_->hold = held;
  Ptr<GstBus> bus(gst_element_get_bus(body_->pipeline.get()));
  watch_ = gst_bus_add_watch(
      bus.get(),
      [](GstBus*, GstMessage* message, gpointer data) -> gboolean {
        auto self = static_cast<Ingest*>(data)->shared_from_this();
        self->on_message(message);
        return G_SOURCE_CONTINUE;
      },
      this);

  std::weak_ptr<Ingest> weak = weak_from_this();
  const auto fail = [weak](std::string reason) {
    post_to_main([weak, reason = std::move(reason)] {
      auto self = weak.lock();
      if (!self || std::exchange(self->over_, true)) return;
      self->callbacks_.lost(reason);
    });
  };
  const auto began = [weak] {
    post_to_main([weak] {
      if (auto self = weak.lock()) self->callbacks_.began();
    });
  };
  const auto unlinked = [weak](std::string text) {
    post_to_main([weak, text = std::move(text)] {
      if (auto self = weak.lock()) self->say_once(text);
    });
  };
  workers_.run_in_turn(
      [body = body_, plan = plan_, publication = publication_, find = find_, fail, began, unlinked] {
        {
          std::lock_guard lock(body->mutex);
          if (body->ended) return;
        }
        if (auto built = body->build(plan, find, began, unlinked); !built)
          return fail(built.error().message());
        {
          std::lock_guard lock(body->mutex);
          if (body->ended) return;
        }
        // If it fails the bus carries the reason, if the element gave one; it comes before this.
        if (gst_element_set_state(body->pipeline.get(), GST_STATE_PLAYING) == GST_STATE_CHANGE_FAILURE)
          return fail("the source could not be started");
        // An appsrc takes nothing before it runs.
        if (publication) body->attach(*publication);
        // Stopped meanwhile: the stop may have come before there was anything to take down.
        bool ended = false;
        {
          std::lock_guard lock(body->mutex);
          ended = body->ended;
        }
        if (!ended) return;
        if (publication) body->detach(*publication);
        body->take_down();
      });
}

void Ingest::release() {
  Ptr<GstElement> mux;
  {
    std::lock_guard lock(body_->mutex);
    body_->hold = false;
    if (body_->mux) mux = ref(body_->mux.get());
  }
  if (mux) g_object_set(mux.get(), "hold", FALSE, nullptr);
}

void Ingest::stop(std::function<void(bool)> done) {
  over_ = true;
  std::shared_ptr<void> clients;
  {
    std::lock_guard lock(body_->mutex);
    body_->ended = true;
    clients = std::exchange(body_->clients, nullptr);
  }
  if (publication_) body_->detach(*publication_);
  if (auto seat = body_->current_seat()) body_->junction->leave(seat);
  // Both ends of the race hold the flag; who comes first speaks.
  auto answered = std::make_shared<std::atomic<bool>>(false);
  auto deadline = std::make_shared<Timer>();
  *deadline = Timer(
      kStopDeadlineMs,
      [answered, done] {
        if (!answered->exchange(true)) done(false);
      },
      true);
  workers_.run([body = body_, answered, deadline, done = std::move(done)] {
    body->take_down();
    post_to_main([answered, deadline, done] {
      deadline->stop();
      if (!answered->exchange(true)) done(true);
    });
  });
}

IngestFigures Ingest::figures() const {
  return body_->current_mux() ? gather_figures(GST_BIN(body_->pipeline.get())) : IngestFigures{};
}

SeenFrames Ingest::seen() const {
  Ptr<GstElement> mux = body_->current_mux();
  return mux ? seen_frames(mux.get()) : SeenFrames{};
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
      callbacks_.lost(publication_ ? "the publisher has left" : "the source ended");
      break;
    case GST_MESSAGE_WARNING: {
      Ptr<GError> error;
      Ptr<gchar> debug;
      gst_message_parse_warning(message, out(error), out(debug));
      say_once(error->message);
      break;
    }
    case GST_MESSAGE_LATENCY:
      workers_.run([pipeline = body_->pipeline] { gst_bin_recalculate_latency(GST_BIN(pipeline.get())); });
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
