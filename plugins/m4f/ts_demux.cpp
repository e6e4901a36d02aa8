// m4ftsdemux: MPEG-TS into whole frames with full caps and the source's own timestamps.
#include <array>
#include <charconv>
#include <cinttypes>

#include "gstx/element.h"
#include "m4f/caps.h"
#include "m4f/elements.h"
#include "m4f/stats.h"
#include "m4f/track_pads.h"
#include "m4f/ts/demuxer.h"

namespace sluice {
namespace {

using gstx::Lock;
using gstx::Ptr;
using m4f::ByteView;
using m4f::InputFrame;
using m4f::Result;
using m4f::Track;

constexpr uint64_t kLookForTs = 2u << 20;  // bytes without a program before an operator is told

struct Settings {
  uint32_t program = 0;
  std::string pids;
  std::string tracks;
};

// "45,46"
Result<std::vector<uint16_t>> parse_pids(std::string_view text) {
  std::vector<uint16_t> pids;
  while (!text.empty()) {
    uint16_t pid = 0;
    const auto [end, fault] = std::from_chars(text.data(), text.data() + text.size(), pid);
    const size_t used = static_cast<size_t>(end - text.data());
    if (fault != std::errc() || pid > 0x1fff || (used < text.size() && text[used] != ',')) {
      return m4f::error(m4f::Errc::kInvalid, "pids: \"{}\" is no PID; write them as 45,46 (0 to 8191)", text);
    }
    pids.push_back(pid);
    text.remove_prefix(std::min(used + 1, text.size()));
  }
  return pids;
}

// RTP version 2 with whole TS packets inside (RFC 3551 5.7); a bare TS packet begins with 0x47.
bool looks_like_rtp(ByteView b) {
  if (b.size() < 12 + 188 || b[0] >> 6 != 2) return false;
  const size_t header = 12 + 4u * (b[0] & 0x0f);
  return b.size() > header && (b.size() - header) % 188 == 0 && b[header] == 0x47;
}

// Everything but stats_ belongs to the streaming thread, which runs only between start() and stop().
class TsDemux final : public m4f::ts::DemuxerSink {
 public:
  using Base = GstElement;
  using BaseClass = GstElementClass;
  static constexpr const char* kTypeName = "SluiceM4fTsDemux";
  static GType base_type() { return GST_TYPE_ELEMENT; }
  static const auto& fields() {
    static const std::array kFields{
        gstx::Field<Settings>{"program", "Program number; 0 = the first one", &Settings::program, 0, 65535},
        gstx::Field<Settings>{"pids", "Elementary streams to take, \"45,46\"; empty = all of the program",
                              &Settings::pids},
        gstx::Field<Settings>{"tracks", kTracksBlurb, &Settings::tracks},
    };
    return kFields;
  }
  static const auto& computed() {
    static const std::array kComputed{
        gstx::Computed<TsDemux>{"stats", "Packets, bytes and transport errors so far", GST_TYPE_STRUCTURE,
                                &TsDemux::get_stats, nullptr},
    };
    return kComputed;
  }

  static void class_init(GstElementClass* klass) {
    gstx::override<&TsDemux::change_state>(klass->change_state);
    gst_element_class_set_static_metadata(klass, "M4F MPEG-TS demuxer", "Codec/Demuxer",
                                          "MPEG-TS into whole frames with the source's timestamps", "Sluice");
    gstx::add_template(klass, "sink", GST_PAD_SINK, GST_PAD_ALWAYS,
                       "video/mpegts, systemstream=(boolean)true; video/mpegts; "
                       "application/x-rtp, encoding-name=(string)MP2T");
    gstx::add_template(klass, "video_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, kVideoOutputCaps);
    gstx::add_template(klass, "audio_%u", GST_PAD_SRC, GST_PAD_SOMETIMES, kAudioOutputCaps);
  }

  explicit TsDemux(GstElement* element) : element_(element), pads_(element) {
    GstPad* sink = gstx::pad_from_template(element, "sink", "sink");
    gstx::on_chain<&TsDemux::chain>(sink);
    gstx::on_event<&TsDemux::sink_event>(sink);
    gst_element_add_pad(element, sink);
  }

  gstx::SettingsStore<Settings> settings_;

 private:
  GstStateChangeReturn change_state(GstStateChange transition);
  bool start();
  GstFlowReturn chain(GstPad* pad, Ptr<GstBuffer> buffer);
  bool sink_event(GstPad* pad, Ptr<GstEvent> event);
  void on_eos();
  void get_stats(GValue* value);
  void publish_stats();

  void on_track(size_t index, const Track& track) override { pads_.set_track(index, track); }
  void on_tracks_complete() override { note(pads_.complete()); }
  void on_frame(const InputFrame& frame) override;
  void on_unsupported(uint16_t pid, uint8_t stream_type, std::string_view what) override;
  void note(GstFlowReturn flow) {
    if (flow_ == GST_FLOW_OK) flow_ = flow;
  }

  GstElement* const element_;
  TrackPads pads_;
  m4f::ts::DemuxerSettings demuxer_settings_;
  std::optional<m4f::ts::Demuxer> demuxer_;
  std::optional<bool> rtp_;  // known with the first buffer
  GstSegment segment_ = {};
  uint64_t taken_ = 0;  // bytes
  bool told_no_ts_ = false;
  GstFlowReturn flow_ = GST_FLOW_OK;

  gstx::Mutex mutex_;
  m4f::ts::DemuxerStats stats_ GUARDED_BY(mutex_);
};

GstStateChangeReturn TsDemux::change_state(GstStateChange transition) {
  if (transition == GST_STATE_CHANGE_READY_TO_PAUSED && !start()) return GST_STATE_CHANGE_FAILURE;
  const GstStateChangeReturn result = gstx::parent_class<TsDemux>()->change_state(element_, transition);
  if (transition == GST_STATE_CHANGE_PAUSED_TO_READY) {
    pads_.stop();
    demuxer_.reset();
  }
  return result;
}

bool TsDemux::start() {
  const Settings settings = settings_.get();
  auto pids = parse_pids(settings.pids);
  if (!pids) {
    GST_ELEMENT_ERROR(element_, RESOURCE, SETTINGS, ("%s", pids.error().message().c_str()), (nullptr));
    return false;
  }
  if (!pads_.set_choice(settings.tracks)) return false;
  demuxer_settings_.program = static_cast<uint16_t>(settings.program);
  demuxer_settings_.pids = std::move(*pids);
  demuxer_.emplace(demuxer_settings_, *this);
  rtp_.reset();
  gst_segment_init(&segment_, GST_FORMAT_UNDEFINED);
  told_no_ts_ = false;
  taken_ = 0;
  publish_stats();
  return true;
}

GstFlowReturn TsDemux::chain(GstPad*, Ptr<GstBuffer> buffer) {
  gstx::ReadMap map(buffer.get());
  if (!map.ok()) return GST_FLOW_OK;
  const ByteView bytes(map.data(), map.size());
  if (!pads_.completed() && pads_.empty() && segment_.format == GST_FORMAT_TIME) {
    const GstClockTime running =
        gst_segment_to_running_time(&segment_, GST_FORMAT_TIME, GST_BUFFER_DTS_OR_PTS(buffer.get()));
    if (GST_CLOCK_TIME_IS_VALID(running)) pads_.set_base(running);
  }
  if (!rtp_) rtp_ = looks_like_rtp(bytes);
  flow_ = GST_FLOW_OK;
  taken_ += bytes.size();
  *rtp_ ? demuxer_->feed_datagram(bytes) : demuxer_->feed(bytes);
  publish_stats();
  return flow_;
}

void TsDemux::publish_stats() {
  const m4f::ts::DemuxerStats& stats = demuxer_->stats();
  {
    Lock lock(mutex_);
    stats_ = stats;
  }
  if (told_no_ts_ || stats.pat_count > 0 || taken_ < kLookForTs) return;
  told_no_ts_ = true;
  GST_ELEMENT_WARNING(
      element_, STREAM, WRONG_TYPE,
      ("no MPEG-TS program in the first %" PRIu64 " bytes: check what the source sends", taken_), (nullptr));
}

void TsDemux::on_frame(const InputFrame& in) {
  size_t size = 0, at = 0;
  for (ByteView piece : in.pieces) size += piece.size();
  TrackFrame frame;
  frame.track = in.track;
  frame.key = in.key;
  frame.discont = in.discont;
  frame.dts = *in.dts;
  frame.pts = *in.pts;
  frame.duration = in.duration;
  frame.data.reset(gst_buffer_new_allocate(nullptr, size, nullptr));
  for (ByteView piece : in.pieces) at += gst_buffer_fill(frame.data.get(), at, piece.data(), piece.size());
  note(pads_.push(std::move(frame)));
}

void TsDemux::on_unsupported(uint16_t pid, uint8_t stream_type, std::string_view what) {
  Ptr<gchar> text(g_strdup_printf("PID %u: %.*s is not carried; the stream is left out",
                                  static_cast<unsigned>(pid), static_cast<int>(what.size()), what.data()));
  Ptr<GError> reason(g_error_new_literal(GST_STREAM_ERROR, GST_STREAM_ERROR_CODEC_NOT_FOUND, text.get()));
  gst_element_post_message(element_, gst_message_new_warning_with_details(
                                         GST_OBJECT(element_), reason.get(), nullptr,
                                         unsupported_structure(pid, stream_type, what).release()));
}

void TsDemux::on_eos() {
  flow_ = GST_FLOW_OK;
  demuxer_->flush();
  pads_.complete();
  publish_stats();
  if (pads_.push_event(gst_event_new_eos())) return;
  GST_ELEMENT_ERROR(element_, STREAM, WRONG_TYPE, ("the source ended without a stream that can be carried"),
                    (nullptr));
}

bool TsDemux::sink_event(GstPad* pad, Ptr<GstEvent> event) {
  switch (GST_EVENT_TYPE(event.get())) {
    case GST_EVENT_SEGMENT:
      gst_event_copy_segment(event.get(), &segment_);
      return true;
    case GST_EVENT_EOS:
      on_eos();
      return true;
    // Comes beside the streaming thread, to which pads_ belongs.
    case GST_EVENT_FLUSH_START:
      return gst_pad_event_default(pad, GST_OBJECT(element_), event.release()) != FALSE;
    case GST_EVENT_FLUSH_STOP:
      pads_.push_event(event.release());
      demuxer_.emplace(demuxer_settings_, *this);
      pads_.flush();
      return true;
    // Describes the transport stream, not its programs.
    default:
      return true;
  }
}

void TsDemux::get_stats(GValue* value) {
  m4f::ts::DemuxerStats stats;
  {
    Lock lock(mutex_);
    stats = stats_;
  }
  g_value_take_boxed(value, stats_structure(stats).release());
}

}  // namespace

bool register_ts_demux(GstPlugin* plugin) {
  return gstx::register_element<TsDemux>(plugin, "m4ftsdemux");
}

}  // namespace sluice
