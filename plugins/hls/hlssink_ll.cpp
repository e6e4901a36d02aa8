// hlssink-ll: HLS, LL-HLS and DASH from memory; by itself over HTTP, or into a ring that the daemon serves.
#include <gst/base/gstbasesink.h>

#include <array>

#include "common/event_meta.h"
#include "common/ring_writer.h"
#include "gstx/element.h"
#include "m4f/delivery/delivery.h"
#include "m4fhttp/delivery_handler.h"

namespace sluice {
namespace {

constexpr size_t kPackageCache = 64u << 20;  // bytes of packaged segments

struct Settings {
  uint32_t port = 0;
  std::string address;
  std::string stream_name = "live";
  uint32_t segment_count = 4;
  uint32_t segment_duration = 5000;
};

class HlsSink {
 public:
  using Base = GstBaseSink;
  using BaseClass = GstBaseSinkClass;
  static constexpr const char* kTypeName = "SluiceHlsSinkLl";
  static GType base_type() { return GST_TYPE_BASE_SINK; }
  static const auto& fields() {
    static const std::array kFields{
        gstx::Field<Settings>{"port",
                              "HTTP port to serve /STREAM-NAME/index.m3u8 and the other formats at; 0 = none",
                              &Settings::port, 0, 65535},
        gstx::Field<Settings>{"address", "Address to listen on; empty = all", &Settings::address},
        gstx::Field<Settings>{"stream-name", "The first part of the URLs' paths", &Settings::stream_name},
        gstx::Field<Settings>{"segment-count", "Segments in playlists", &Settings::segment_count, 1, 1000},
        gstx::Field<Settings>{"segment-duration", "Segment duration (ms) that m4fmux was set to",
                              &Settings::segment_duration, 100, 60000},
    };
    return kFields;
  }
  static const auto& computed() {
    static const std::array kComputed{
        gstx::Computed<HlsSink>{"ring",
                                "std::shared_ptr<m4f::LiveRing>* to write to (copied); null = one of its own",
                                G_TYPE_POINTER, nullptr, &HlsSink::set_ring},
    };
    return kComputed;
  }

  static void class_init(GstBaseSinkClass* klass) {
    gstx::override<&HlsSink::start>(klass->start);
    gstx::override<&HlsSink::stop>(klass->stop);
    gstx::override<&HlsSink::render>(klass->render);
    gstx::override<&HlsSink::event>(klass->event);
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "HLS, LL-HLS and DASH sink",
                                          "Sink/Network",
                                          "Serves an M4F stream to players over HTTP, from memory", "Sluice");
    gstx::add_template(klass, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, kM4fCaps);
  }

  explicit HlsSink(GstBaseSink* element) : element_(element) {
    gst_base_sink_set_sync(element, FALSE);
    gst_base_sink_set_async_enabled(element, FALSE);
    gst_base_sink_set_last_sample_enabled(element, FALSE);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  void set_ring(const GValue* value) { writer_.set_ring(value); }
  gboolean start();
  gboolean stop();
  GstFlowReturn render(GstBuffer* buffer);
  gboolean event(GstEvent* event);
  bool serve(const Settings& settings, const m4f::RingPtr& ring);

  GstBaseSink* const element_;
  RingWriter writer_;
  std::shared_ptr<m4f::Delivery> delivery_;  // while it serves by itself
  std::unique_ptr<m4fhttp::StreamServer> server_;
  bool warned_ = false;
};

gboolean HlsSink::start() {
  const Settings settings = settings_.get();
  warned_ = false;
  m4f::RingSettings own;
  own.segment_count = settings.segment_count;
  const m4f::RingPtr ring = writer_.start(own);
  return settings.port == 0 || serve(settings, ring) ? TRUE : FALSE;
}

bool HlsSink::serve(const Settings& settings, const m4f::RingPtr& ring) {
  m4f::DeliveryOptions options;
  options.segment_duration = m4f::Ticks::from_ms(settings.segment_duration);
  options.title = settings.stream_name;
  delivery_ = std::make_shared<m4f::Delivery>(settings.stream_name, ring,
                                              std::make_shared<m4f::PackageCache>(kPackageCache), options);
  m4fhttp::ServerSettings http;
  http.listeners.push_back({});
  http.listeners[0].address = settings.address;
  http.listeners[0].port = static_cast<uint16_t>(settings.port);
  http.listeners[0].setting = "port=" + std::to_string(settings.port);
  server_ = std::make_unique<m4fhttp::StreamServer>(settings.stream_name, delivery_, http);
  auto started = server_->start();
  if (started) return true;
  server_.reset();
  delivery_.reset();
  GST_ELEMENT_ERROR(element_, RESOURCE, OPEN_WRITE, ("%s", started.error().message().c_str()), (nullptr));
  return false;
}

gboolean HlsSink::stop() {
  writer_.stop();
  server_.reset();
  delivery_.reset();
  return TRUE;
}

GstFlowReturn HlsSink::render(GstBuffer* buffer) {
  if (auto written = writer_.write(buffer); !written && !warned_) {
    warned_ = true;
    GST_ELEMENT_WARNING(
        element_, STREAM, DEMUX,
        ("damaged M4F input: %s; going on with the next segment", written.error().message().c_str()),
        (nullptr));
  }
  // A segment begins: the moment to tell what could not be packaged of the ones before.
  if (delivery_ && !GST_BUFFER_FLAG_IS_SET(buffer, GST_BUFFER_FLAG_DELTA_UNIT)) {
    for (const std::string& text : delivery_->take_warnings()) {
      GST_ELEMENT_WARNING(element_, STREAM, FORMAT, ("%s", text.c_str()), (nullptr));
    }
  }
  return GST_FLOW_OK;
}

gboolean HlsSink::event(GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) writer_.finish();
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) writer_.flush();
  return gstx::parent_class<HlsSink>()->event(element_, event);
}

}  // namespace
}  // namespace sluice

static gboolean plugin_init(GstPlugin* plugin) {
  return gstx::register_element<sluice::HlsSink>(plugin, "hlssink-ll");
}

// The plugin is not named after its file alone: "hls" is one of GStreamer's own.
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, hlsll, "HLS, LL-HLS and DASH from memory",
                  plugin_init, PACKAGE_VERSION, "LGPL", "sluice", "https://gstreamer.freedesktop.org/")
