#include "orchestrator/api/stream_json.h"

#include <algorithm>
#include <cmath>

namespace sluice::api {
namespace {

const char* status_text(stream::Status status) {
  switch (status) {
    case stream::Status::kRunning:
      return "running";
    case stream::Status::kWaiting:
      return "waiting";
    case stream::Status::kError:
      return "error";
  }
  return "error";
}

void moment(json::Object& out, const char* name, int64_t ms) {
  if (ms > 0) out.number(name, ms);
}

json::Object track_json(const m4f::Track& track) {
  json::Object out;
  const bool video = track.id.content == m4f::Content::kVideo;
  out.text("track_id", track.id.text());
  out.text("content", video ? "video" : track.id.content == m4f::Content::kAudio ? "audio" : "text");
  out.text("codec", m4f::codec_name(track.codec));
  if (track.bitrate > 0) out.number("bitrate", (track.bitrate + 500) / 1000);
  out.text_if("language", track.language).text_if("title", track.title);
  if (video && track.width > 0 && track.height > 0) {
    const uint64_t sar_width = std::max(track.sar_width, 1u), sar_height = std::max(track.sar_height, 1u);
    out.number("width", static_cast<int64_t>((track.width * sar_width + sar_height / 2) / sar_height));
    out.number("height", track.height);
    out.number("pixel_width", track.width).number("pixel_height", track.height);
    out.number("sar_width", track.sar_width).number("sar_height", track.sar_height);
  }
  if (video && track.fps_num > 0 && track.fps_den > 0) {
    const double fps = std::round(1000.0 * track.fps_num / track.fps_den) / 1000;
    out.real("fps", fps).real("avg_fps", fps);
  }
  if (video && (track.codec == m4f::Codec::kH264 || track.codec == m4f::Codec::kH265))
    out.number("length_size", 4);
  if (track.channels > 0) out.number("channels", track.channels);
  if (track.sample_rate > 0) out.number("sample_rate", track.sample_rate);
  return out;
}

json::Object input_json(const config::Input& input, const stream::InputStatus* status) {
  json::Object out = input_config_json(input, Secrets::kHidden);
  if (!status) return out;

  json::Object stats;
  stats.text_if("id", status->id);
  if (status->opened_at_ms > 0)
    stats.number("opened_at", status->opened_at_ms / 1000);  // seconds, here alone
  moment(stats, "connected_at", status->connected_at_ms);
  moment(stats, "started_at", status->started_at_ms);
  stats.number("bytes", static_cast<int64_t>(status->bytes)).flag("active", status->active);
  stats.text("url", status->url).number("retries", static_cast<int64_t>(status->retries));
  const stream::InputErrors& errors = status->errors;
  stats.number("errors_continuity", static_cast<int64_t>(errors.continuity));
  stats.number("errors_timestamps", static_cast<int64_t>(errors.timestamps));
  stats.number("errors_lost_packets", static_cast<int64_t>(errors.lost_packets));
  stats.number("errors_broken", static_cast<int64_t>(errors.broken));
  stats.number("errors_scrambled", static_cast<int64_t>(errors.scrambled));
  stats.text_if("source_error", status->last_error);
  out.object("stats", std::move(stats));
  return out;
}

json::Object push_json(const config::Push& push, const stream::PushStatus* status) {
  json::Object out;
  out.text("url", without_credentials(push.url));
  if (push.disabled) out.flag("disabled", true);
  out.number("retry_timeout", push.retry_timeout.count());
  if (push.retry_limit) out.number("retry_limit", *push.retry_limit);
  if (push.timeout) out.number("timeout", push.timeout->count());
  if (push.bitrate) out.number("bitrate", static_cast<int64_t>(*push.bitrate));
  if (push.pnr) out.number("pnr", *push.pnr);
  if (push.multicast_loop) out.flag("multicast_loop", true);
  if (push.standby) out.flag("standby", true);
  out.text_if("comment", push.comment);
  if (!status || status->state.empty()) return out;

  json::Object stats;
  stats.text_if("id", status->id);
  moment(stats, "opened_at", status->opened_at_ms);
  moment(stats, "started_at", status->started_at_ms);
  const auto number = [&](const char* name, uint64_t value) {
    stats.number(name, static_cast<int64_t>(value));
  };
  stats.text("status", status->state);
  number("bytes", status->bytes);
  number("retries", status->retries);
  number("packets", status->packets);
  number("fillers", status->null_packets);
  number("frames", status->frames);
  number("frames_late", status->frames_late);
  number("frames_dropped", status->frames_dropped);
  number("errors", status->errors);
  number("datagrams_dropped", status->datagrams_dropped);
  number("does_not_fit_cbr", status->does_not_fit);
  if (status->does_not_fit > 0) number("bitrate_needed", status->needed_kbit);
  stats.text_if("last_error", status->last_error);
  out.object("stats", std::move(stats));
  return out;
}

json::Object protocols_json(const config::Protocols& protocols) {
  json::Object out;
  out.flag("hls", protocols.hls).flag("cmaf", protocols.cmaf).flag("dash", protocols.dash);
  out.flag("tshttp", protocols.tshttp).flag("player", protocols.player).flag("api", protocols.api);
  return out;
}

json::Object stats_json(const stream::StreamStatus& status, const config::Stream& config, int64_t now_ms) {
  json::Object out;
  const auto active =
      std::find_if(status.inputs.begin(), status.inputs.end(), [](const auto& i) { return i.active; });
  const bool source = active != status.inputs.end();
  out.text_if("id", status.id);
  if (source) out.text_if("source_id", active->id);
  out.text("status", status_text(status.status)).flag("alive", status.alive);
  out.flag("running", status.status == stream::Status::kRunning);
  moment(out, "opened_at", status.opened_at_ms);
  moment(out, "started_at", status.started_at_ms);
  moment(out, "start_running_at", status.started_at_ms);
  out.real("lifetime", status.started_at_ms > 0
                           ? static_cast<double>(std::max<int64_t>(now_ms - status.started_at_ms, 0))
                           : 0);
  if (status.last_dts_at_ms > 0) {
    out.real("last_dts", status.last_dts_ms).number("last_dts_at", status.last_dts_at_ms);
    out.number("ts_delay", std::max<int64_t>(now_ms - status.last_dts_at_ms, 0));
  }
  out.number("bitrate", status.bitrate_kbit).number("input_bitrate", status.input_bitrate_kbit);
  out.number("output_bitrate", status.output_bitrate_kbit)
      .number("out_bandwidth", status.output_bitrate_kbit);
  out.number("bytes_in", static_cast<int64_t>(status.bytes_in))
      .number("bytes_out", static_cast<int64_t>(status.bytes_out));
  out.number("online_clients", status.online_clients).number("client_count", status.online_clients);
  out.number("playback_opened_sessions", status.online_clients);
  out.number("playback_total_sessions", static_cast<int64_t>(status.total_sessions));
  out.number("retry_count", static_cast<int64_t>(status.retry_count))
      .number("frames", static_cast<int64_t>(status.frames))
      .number("ring_bytes", static_cast<int64_t>(status.ring_bytes));
  out.flag("dvr_enabled", false).flag("remote", false);
  out.flag("backup_running", status.backup_running);
  out.flag("running_transcoder", false).flag("transcoder_overloaded", false);
  if (source) {
    out.text("url", active->url);
    out.text_if("source_error", active->last_error);
  } else if (!status.inputs.empty()) {
    out.text_if("source_error", status.inputs.front().last_error);
  }
  if (!status.tracks.empty()) out.object("media_info", media_info_json(status, config));
  return out;
}

}  // namespace

json::Object media_info_json(const stream::StreamStatus& status, const config::Stream& config) {
  json::Object out;
  out.text("flow_type", "stream").text_if("title", config.title).text_if("provider", config.provider);
  json::Array tracks;
  for (const m4f::Track& track : status.tracks) tracks.add(track_json(track));
  out.array("tracks", std::move(tracks));
  return out;
}

json::Object stream_json(const stream::StreamHandle& stream, size_t position, int64_t now_ms,
                         json::Node stored) {
  const config::Stream config = stream.config();
  const stream::StreamStatus status = stream.status();
  json::Object out;
  out.text("name", stream.name())
      .text("named_by", status.named_by_user ? "user" : "config")
      .number("position", config.position.value_or(static_cast<int>(position)));
  out.flag("static", config.is_static);
  if (config.disabled) out.flag("disabled", true);
  out.text_if("title", config.title).text_if("comment", config.comment).text_if("provider", config.provider);
  json::Array inputs;
  for (size_t i = 0; i < config.inputs.size(); ++i)
    inputs.add(input_json(config.inputs[i], i < status.inputs.size() ? &status.inputs[i] : nullptr));
  out.array("inputs", std::move(inputs));
  if (!config.pushes.empty()) {
    json::Array pushes;
    for (size_t i = 0; i < config.pushes.size(); ++i)
      pushes.add(push_json(config.pushes[i], i < status.pushes.size() ? &status.pushes[i] : nullptr));
    out.array("pushes", std::move(pushes));
  }
  out.number("segment_duration", config.segment_duration.count())
      .number("segment_count", config.segment_count);
  out.number("chunk_duration", config.chunk_duration.count()).flag("cmaf_enabled", config.protocols.cmaf);
  out.object("protocols", protocols_json(config.protocols));
  add_values(out, config, Secrets::kHidden);
  if (stored) out.node("config_on_disk", std::move(stored));
  out.object("stats", stats_json(status, config, now_ms));
  return out;
}

json::Object public_stream_json(const stream::StreamHandle& stream) {
  const config::Stream config = stream.config();
  const stream::StreamStatus status = stream.status();
  json::Object out;
  out.text("name", stream.name()).text_if("title", config.title).text_if("provider", config.provider);
  json::Object stats;
  stats.text("status", status_text(status.status)).flag("alive", status.alive);
  moment(stats, "last_dts_at", status.last_dts_at_ms);
  if (!status.tracks.empty()) stats.object("media_info", media_info_json(status, config));
  out.object("stats", std::move(stats));
  return out;
}

}  // namespace sluice::api
