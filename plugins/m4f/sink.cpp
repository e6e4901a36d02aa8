// m4fsink: an M4F stream for other servers, over TCP.
#include <gst/base/gstbasesink.h>

#include <array>

#include "common/event_meta.h"
#include "common/ring_writer.h"
#include "gstx/element.h"
#include "m4f/elements.h"
#include "m4f/m4f_server.h"

namespace sluice {
namespace {

struct Settings {
  uint32_t port = 0;
  std::string address;
  std::string name_filter;
};

class Sink {
 public:
  using Base = GstBaseSink;
  using BaseClass = GstBaseSinkClass;
  static constexpr const char* kTypeName = "SluiceM4fSink";
  static GType base_type() { return GST_TYPE_BASE_SINK; }
  static const auto& fields() {
    static const std::array kFields{
        gstx::Field<Settings>{"port", "TCP port to serve m4f://HOST:PORT/NAME at; 0 = none", &Settings::port,
                              0, 65535},
        gstx::Field<Settings>{"address", "Address to listen on; empty = all", &Settings::address},
        gstx::Field<Settings>{"name-filter", "The only NAME that is answered; empty = any",
                              &Settings::name_filter},
    };
    return kFields;
  }
  static const auto& computed() {
    static const std::array kComputed{
        gstx::Computed<Sink>{"ring",
                             "std::shared_ptr<m4f::LiveRing>* to write to (copied); null = one of its own",
                             G_TYPE_POINTER, nullptr, &Sink::set_ring},
    };
    return kComputed;
  }

  static void class_init(GstBaseSinkClass* klass) {
    gstx::override<&Sink::start>(klass->start);
    gstx::override<&Sink::stop>(klass->stop);
    gstx::override<&Sink::render>(klass->render);
    gstx::override<&Sink::event>(klass->event);
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "M4F sink", "Sink/Network",
                                          "Serves an M4F stream over TCP to any number of m4fsrc", "Sluice");
    gstx::add_template(klass, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, kM4fCaps);
  }

  explicit Sink(GstBaseSink* element) : element_(element) {
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

  GstBaseSink* const element_;
  RingWriter writer_;
  std::unique_ptr<M4fServer> server_;
  bool warned_ = false;
};

gboolean Sink::start() {
  const Settings settings = settings_.get();
  warned_ = false;
  m4f::RingPtr ring = writer_.start({});
  if (settings.port == 0) return TRUE;
  server_ = std::make_unique<M4fServer>(
      M4fServerSettings{settings.address, static_cast<uint16_t>(settings.port), settings.name_filter},
      std::move(ring));
  if (auto started = server_->start(); !started) {
    server_.reset();
    GST_ELEMENT_ERROR(element_, RESOURCE, OPEN_WRITE, ("%s", started.error().message().c_str()), (nullptr));
    return FALSE;
  }
  return TRUE;
}

gboolean Sink::stop() {
  writer_.stop();
  server_.reset();
  return TRUE;
}

GstFlowReturn Sink::render(GstBuffer* buffer) {
  if (auto written = writer_.write(buffer); !written && !warned_) {
    warned_ = true;
    GST_ELEMENT_WARNING(
        element_, STREAM, DEMUX,
        ("damaged M4F input: %s; going on with the next segment", written.error().message().c_str()),
        (nullptr));
  }
  return GST_FLOW_OK;
}

gboolean Sink::event(GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS) writer_.finish();
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) writer_.flush();
  return gstx::parent_class<Sink>()->event(element_, event);
}

}  // namespace

bool register_sink(GstPlugin* plugin) {
  return gstx::register_element<Sink>(plugin, "m4fsink");
}

}  // namespace sluice
