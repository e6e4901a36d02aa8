// m4fudpsink: an M4F stream as MPEG-TS over UDP, at a constant rate or at the pace of its frames.
#include <gst/base/gstbasesink.h>

#include <array>

#include "common/event_meta.h"
#include "common/record_feed.h"
#include "gstx/element.h"
#include "m4f/ts/pids.h"
#include "m4fudp/sender.h"

namespace sluice {
namespace {

using SenderPtr = std::shared_ptr<m4fudp::Sender>;

constexpr std::chrono::milliseconds kLongestEnd(3000);  // EOS waits so long for what has still to leave

struct Settings {
  std::string host;
  uint32_t port = 0;
  std::string iface;
  uint32_t ttl = 0;
  bool loop = false;
  bool standby = false;
  uint32_t bitrate = 0;
  uint32_t pcr_interval = 35;
  uint32_t delay = 700;
  std::string tracks;
  uint32_t program = 1;
  std::string title, provider;
  std::string pids;
  uint32_t retry_timeout = 5;
  uint32_t retry_limit = 0;
  uint32_t timeout = 0;
};

m4f::Result<m4fudp::PushSettings> push_settings(const Settings& s) {
  m4fudp::PushSettings out;
  if (s.host.empty() || s.port == 0)
    return m4f::error(m4f::Errc::kInvalid, "set host= and port= to the address that is to receive");
  if (s.bitrate > 0 && s.bitrate < 100)
    return m4f::error(m4f::Errc::kInvalid,
                      "bitrate={} is less than the 100 kbit/s that tables and clock need", s.bitrate);
  out.to = {s.host, static_cast<uint16_t>(s.port), s.iface, s.ttl, s.loop};
  out.standby = s.standby;
  out.retry_timeout = std::chrono::seconds(s.retry_timeout);
  if (s.retry_limit > 0) out.retry_limit = s.retry_limit;
  out.timeout = std::chrono::seconds(s.timeout);
  out.shaper.bitrate = uint64_t{s.bitrate} * 1000;
  out.shaper.pcr_interval = std::chrono::milliseconds(s.pcr_interval);
  out.shaper.delay = std::chrono::milliseconds(s.delay);
  m4f::ts::Options& ts = out.shaper.options;
  ts.program = static_cast<uint16_t>(s.program);
  ts.title = s.title;
  ts.provider = s.provider;
  if (!s.tracks.empty()) {
    auto tracks = m4f::TrackSelection::parse(s.tracks);
    if (!tracks) return m4f::error(m4f::Errc::kInvalid, "tracks={} is no selection such as v1a2", s.tracks);
    ts.tracks = std::move(*tracks);
  }
  if (auto read = m4f::ts::parse_pids(s.pids, ts); !read)
    return tl::unexpected(std::move(read.error()).within("pids"));
  return out;
}

class UdpSink {
 public:
  using Base = GstBaseSink;
  using BaseClass = GstBaseSinkClass;
  static constexpr const char* kTypeName = "SluiceM4fUdpSink";
  static GType base_type() { return GST_TYPE_BASE_SINK; }
  static const auto& fields() {
    using F = gstx::Field<Settings>;
    static const std::array kFields{
        F{"host", "IP address that receives, usually a multicast group", &Settings::host},
        F{"port", "UDP port that receives", &Settings::port, 0, 65535},
        F{"iface", "Interface to send by, its name or an address of it; empty = the kernel's choice",
          &Settings::iface},
        F{"ttl", "Time to live; 0 = the system's (1 for multicast)", &Settings::ttl, 0, 255},
        F{"loop", "Multicast: receivers on this machine get it, too", &Settings::loop},
        F{"standby", "Silent while another sender uses the group", &Settings::standby},
        F{"bitrate",
          "Constant rate of all packets (kbit/s), filled up with null packets; 0 = as the frames come",
          &Settings::bitrate, 0, 10'000'000},
        F{"pcr-interval", "Longest distance of two PCRs (ms)", &Settings::pcr_interval, 5, 100},
        F{"delay", "How long before its DTS a picture may leave (ms)", &Settings::delay, 50, 10'000},
        F{"tracks", "Tracks to send (v1a2); empty = all that MPEG-TS carries", &Settings::tracks},
        F{"program", "Program number", &Settings::program, 1, 65535},
        F{"title", "Service name (SDT)", &Settings::title},
        F{"provider", "Service provider (SDT)", &Settings::provider},
        F{"pids", "PIDs (pmt=4095,sdt=0x12,pcr=300,v1=211,a0=220); what is not named is chosen",
          &Settings::pids},
        F{"retry-timeout", "Pause (s) before another attempt when it cannot be sent there",
          &Settings::retry_timeout, 0, 3600},
        F{"retry-limit", "Attempts in a row; 0 = for ever", &Settings::retry_limit},
        F{"timeout", "Falls silent when no frames come for so long (s); 0 = never", &Settings::timeout, 0,
          86400},
    };
    return kFields;
  }
  static const auto& computed() {
    using C = gstx::Computed<UdpSink>;
    static const std::array kComputed{
        C{"sender", "std::shared_ptr<m4fudp::Sender>* whose thread sends (copied); null = one of its own",
          G_TYPE_POINTER, nullptr, &UdpSink::set_sender},
        C{"stats", "How the sending goes", GST_TYPE_STRUCTURE, &UdpSink::get_stats, nullptr},
    };
    return kComputed;
  }

  static void class_init(GstBaseSinkClass* klass) {
    gstx::override<&UdpSink::start>(klass->start);
    gstx::override<&UdpSink::stop>(klass->stop);
    gstx::override<&UdpSink::render>(klass->render);
    gstx::override<&UdpSink::event>(klass->event);
    gst_element_class_set_static_metadata(
        GST_ELEMENT_CLASS(klass), "M4F to MPEG-TS over UDP", "Sink/Network",
        "Sends an M4F stream as MPEG-TS over UDP, at a constant rate if asked for", "Sluice");
    gstx::add_template(klass, "sink", GST_PAD_SINK, GST_PAD_ALWAYS, kM4fCaps);
  }

  // Frames of a source that is not live are taken at their time: the default sync=true of every sink.
  explicit UdpSink(GstBaseSink* element) : element_(element) {
    gst_base_sink_set_last_sample_enabled(element, FALSE);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  void set_sender(const GValue* value) {
    auto* sender = static_cast<const SenderPtr*>(g_value_get_pointer(value));
    gstx::Lock lock(mutex_);
    handed_in_ = sender ? *sender : nullptr;
  }
  void get_stats(GValue* value);
  gboolean start();
  gboolean stop();
  GstFlowReturn render(GstBuffer* buffer);
  gboolean event(GstEvent* event);
  void write_events();
  void tell();

  GstBaseSink* const element_;
  gstx::Mutex mutex_;
  SenderPtr handed_in_ GUARDED_BY(mutex_);
  std::shared_ptr<m4fudp::Push> push_ GUARDED_BY(mutex_);  // set in start() and stop() alone
  // Between start() and stop(), the streaming thread's.
  SenderPtr sender_;
  m4fudp::Push* to_ = nullptr;
  RecordFeed feed_;
  std::vector<m4f::RecordEvent> events_;
  bool warned_ = false;
  uint64_t news_ = 0, told_not_fitting_ = 0;
  std::string told_error_;
};

gboolean UdpSink::start() {
  auto settings = push_settings(settings_.get());
  if (!settings) {
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("%s", settings.error().message().c_str()), (nullptr));
    return FALSE;
  }
  gstx::Lock lock(mutex_);
  sender_ = handed_in_ ? handed_in_ : std::make_shared<m4fudp::Sender>();
  push_ = sender_->add(std::move(*settings));
  to_ = push_.get();
  warned_ = false;
  news_ = told_not_fitting_ = 0;
  told_error_.clear();
  return TRUE;
}

gboolean UdpSink::stop() {
  feed_.reset();
  std::shared_ptr<m4fudp::Push> push;
  {
    gstx::Lock lock(mutex_);
    push = std::exchange(push_, nullptr);
  }
  to_ = nullptr;
  if (push) sender_->remove(push);
  push.reset();
  sender_.reset();
  return TRUE;
}

GstFlowReturn UdpSink::render(GstBuffer* buffer) {
  if (auto taken = feed_.take(buffer, events_); !taken && !std::exchange(warned_, true)) {
    GST_ELEMENT_WARNING(
        element_, STREAM, DEMUX,
        ("damaged M4F input: %s; going on with the next segment", taken.error().message().c_str()),
        (nullptr));
  }
  write_events();
  if (to_->news() != news_) tell();
  return GST_FLOW_OK;
}

void UdpSink::write_events() {
  for (const m4f::RecordEvent& event : events_) to_->write(event);
  events_.clear();
}

// Once per cause and occurrence.
void UdpSink::tell() {
  news_ = to_->news();
  const m4fudp::PushStatus status = to_->status();
  if (std::exchange(told_not_fitting_, status.shaper.does_not_fit) < status.shaper.does_not_fit) {
    GST_ELEMENT_WARNING(
        element_, RESOURCE, WRITE,
        ("the stream takes about %u kbit/s and does not fit into bitrate=%u: raise it, or lower the "
         "source's; frames are late or left out",
         static_cast<guint>(status.shaper.needed / 1000), settings_.get().bitrate),
        ("udp_pusher_does_not_fit_cbr"));
  }
  if (told_error_ == status.last_error) return;
  told_error_ = status.last_error;
  if (!told_error_.empty())
    GST_ELEMENT_WARNING(element_, RESOURCE, WRITE, ("%s", told_error_.c_str()), (nullptr));
}

gboolean UdpSink::event(GstEvent* event) {
  if (GST_EVENT_TYPE(event) == GST_EVENT_FLUSH_STOP) feed_.reset();
  if (GST_EVENT_TYPE(event) == GST_EVENT_EOS && to_) {
    feed_.finish(events_);
    write_events();
    to_->wait_drained(kLongestEnd);
  }
  return gstx::parent_class<UdpSink>()->event(element_, event);
}

void UdpSink::get_stats(GValue* value) {
  m4fudp::PushStatus s;
  {
    gstx::Lock lock(mutex_);
    if (push_) s = push_->status();
  }
  g_value_take_boxed(
      value,
      gst_structure_new("m4fudpsink-stats", "state", G_TYPE_STRING, m4fudp::state_name(s.state), "bytes",
                        G_TYPE_UINT64, s.bytes, "datagrams", G_TYPE_UINT64, s.datagrams, "datagrams-dropped",
                        G_TYPE_UINT64, s.dropped, "errors", G_TYPE_UINT64, s.errors, "retries", G_TYPE_UINT64,
                        s.retries, "last-error", G_TYPE_STRING, s.last_error.c_str(), "frames", G_TYPE_UINT64,
                        s.shaper.frames, "frames-late", G_TYPE_UINT64, s.shaper.late_frames, "frames-dropped",
                        G_TYPE_UINT64, s.shaper.dropped_frames, "packets", G_TYPE_UINT64, s.shaper.packets,
                        "null-packets", G_TYPE_UINT64, s.shaper.null_packets, "does-not-fit", G_TYPE_UINT64,
                        s.shaper.does_not_fit, "bitrate-needed", G_TYPE_UINT64, s.shaper.needed,
                        "clock-restarts", G_TYPE_UINT64, s.shaper.restarts, nullptr));
}

}  // namespace
}  // namespace sluice

static gboolean plugin_init(GstPlugin* plugin) {
  return gstx::register_element<sluice::UdpSink>(plugin, "m4fudpsink");
}

// The plugin is not named after its folder alone: "udp" is one of GStreamer's own.
GST_PLUGIN_DEFINE(GST_VERSION_MAJOR, GST_VERSION_MINOR, m4fudp, "M4F streams as MPEG-TS over UDP",
                  plugin_init, PACKAGE_VERSION, "LGPL", "sluice", "https://gstreamer.freedesktop.org/")
