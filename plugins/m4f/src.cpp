// m4fsrc: an M4F stream from another server, as it was cut there.
#include <gst/base/gstpushsrc.h>

#include <array>
#include <deque>

#include "common/event_meta.h"
#include "gstx/element.h"
#include "m4f/elements.h"
#include "m4f/m4f_client.h"

namespace sluice {
namespace {

using gstx::Ptr;
using m4f::RecordEvent;

struct Settings {
  std::string uri;
  uint32_t timeout = 10000;
};

class Src {
 public:
  using Base = GstPushSrc;
  using BaseClass = GstPushSrcClass;
  static constexpr const char* kTypeName = "SluiceM4fSrc";
  static GType base_type() { return GST_TYPE_PUSH_SRC; }
  static const auto& fields() {
    static const std::array kFields{
        gstx::Field<Settings>{"uri", "m4f://HOST:PORT/NAME", &Settings::uri},
        gstx::Field<Settings>{"timeout", "Longest time without a byte (ms), at connecting and later",
                              &Settings::timeout, 1, 3600000},
    };
    return kFields;
  }
  static const auto& computed() {
    static const std::array<gstx::Computed<Src>, 0> kComputed{};
    return kComputed;
  }
  static void add_interfaces(GType type);

  static void class_init(GstPushSrcClass* klass) {
    auto* base = GST_BASE_SRC_CLASS(klass);
    gstx::override<&Src::start>(base->start);
    gstx::override<&Src::stop>(base->stop);
    gstx::override<&Src::unlock>(base->unlock);
    gstx::override<&Src::unlock_stop>(base->unlock_stop);
    gstx::override<&Src::create>(klass->create);
    gst_element_class_set_static_metadata(GST_ELEMENT_CLASS(klass), "M4F source", "Source/Network",
                                          "Takes an M4F stream from another server over TCP", "Sluice");
    gstx::add_template(klass, "src", GST_PAD_SRC, GST_PAD_ALWAYS, kM4fCaps);
  }

  explicit Src(GstPushSrc* element) : element_(element) {
    gst_base_src_set_live(GST_BASE_SRC(element), TRUE);
    gst_base_src_set_format(GST_BASE_SRC(element), GST_FORMAT_TIME);
    gst_base_src_set_do_timestamp(GST_BASE_SRC(element), TRUE);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  gboolean start();
  gboolean stop();
  gboolean unlock() {
    g_cancellable_cancel(cancellable_.get());
    return TRUE;
  }
  gboolean unlock_stop() {
    g_cancellable_reset(cancellable_.get());
    return TRUE;
  }
  GstFlowReturn create(GstBuffer** out);
  GstFlowReturn read_more();
  GstFlowReturn fail(const m4f::Error& error);

  GstPushSrc* const element_;
  const Ptr<GCancellable> cancellable_{g_cancellable_new()};
  // The streaming thread's, between start() and stop().
  std::optional<M4fClient> client_;
  std::optional<m4f::RecordReader> reader_;
  std::vector<uint8_t> buffer_;
  std::vector<RecordEvent> read_;
  std::deque<RecordEvent> ready_;
  m4f::SegmentPtr current_;
  size_t sent_ = 0;  // frames of current_
  bool ended_ = false;
  bool warned_ = false;
};

gboolean Src::start() {
  const Settings settings = settings_.get();
  auto address = M4fAddress::parse(settings.uri);
  if (!address) {
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("%s", address.error().message().c_str()), (nullptr));
    return FALSE;
  }
  client_.emplace(*address, std::chrono::milliseconds(settings.timeout), cancellable_.get());
  reader_.emplace();
  buffer_.resize(64 * 1024);
  ended_ = warned_ = false;
  return TRUE;
}

gboolean Src::stop() {
  client_.reset();
  reader_.reset();
  ready_.clear();
  current_.reset();
  sent_ = 0;
  return TRUE;
}

GstFlowReturn Src::fail(const m4f::Error& error) {
  if (error.code == m4f::Errc::kNotFound) {
    GST_ELEMENT_ERROR(element_, RESOURCE, NOT_FOUND, ("%s", error.message().c_str()), (nullptr));
  } else {
    GST_ELEMENT_ERROR(element_, RESOURCE, READ, ("%s", error.message().c_str()), (nullptr));
  }
  return GST_FLOW_ERROR;
}

GstFlowReturn Src::read_more() {
  if (!client_->connected()) {
    auto connected = client_->connect();
    if (!connected) return fail(connected.error());
    if (*connected == M4fClient::Got::kCancelled) return GST_FLOW_FLUSHING;
  }
  size_t size = 0;
  auto got = client_->read(buffer_, size);
  if (!got) return fail(got.error());
  if (*got == M4fClient::Got::kCancelled) return GST_FLOW_FLUSHING;
  read_.clear();
  if (*got == M4fClient::Got::kEnd) {
    ended_ = true;
    reader_->finish(read_);
  } else if (auto fed = reader_->feed({buffer_.data(), size}, read_); !fed && !warned_) {
    warned_ = true;
    GST_ELEMENT_WARNING(
        element_, STREAM, DEMUX,
        ("damaged M4F input: %s; going on with the next segment", fed.error().message().c_str()), (nullptr));
  }
  for (const RecordEvent& event : read_) {
    auto* frames = std::get_if<m4f::FramesAdded>(&event);
    if (!frames) {
      ready_.push_back(event);
      continue;
    }
    // One buffer per record.
    if (frames->segment != current_) sent_ = 0;
    current_ = frames->segment;
    for (; sent_ < frames->end; ++sent_) ready_.push_back(m4f::FramesAdded{current_, sent_ + 1});
  }
  return GST_FLOW_OK;
}

GstFlowReturn Src::create(GstBuffer** out) {
  while (ready_.empty()) {
    if (ended_) return GST_FLOW_EOS;
    const GstFlowReturn flow = read_more();
    if (flow != GST_FLOW_OK) return flow;
  }
  *out = buffer_of(ready_.front()).release();
  ready_.pop_front();
  return GST_FLOW_OK;
}

void Src::add_interfaces(GType type) {
  GInterfaceInfo info{};
  info.interface_init = [](gpointer iface, gpointer) {
    auto* handler = static_cast<GstURIHandlerInterface*>(iface);
    handler->get_type = [](GType) { return GST_URI_SRC; };
    handler->get_protocols = [](GType) -> const gchar* const* {
      static const gchar* const kProtocols[] = {"m4f", nullptr};
      return kProtocols;
    };
    handler->get_uri = [](GstURIHandler* object) {
      return g_strdup(gstx::self<Src>(object).settings_.get().uri.c_str());
    };
    handler->set_uri = [](GstURIHandler* object, const gchar* uri, GError** error) -> gboolean {
      if (auto address = M4fAddress::parse(uri); !address) {
        g_set_error_literal(error, GST_URI_ERROR, GST_URI_ERROR_BAD_URI, address.error().message().c_str());
        return FALSE;
      }
      gstx::self<Src>(object).settings_.change([&](Settings& settings) { settings.uri = uri; });
      return TRUE;
    };
  };
  g_type_add_interface_static(type, GST_TYPE_URI_HANDLER, &info);
}

}  // namespace

bool register_src(GstPlugin* plugin) {
  return gstx::register_element<Src>(plugin, "m4fsrc", GST_RANK_PRIMARY);
}

}  // namespace sluice
