#include "m4f/delivery/info_json.h"

#include <fmt/format.h>

#include <iterator>

namespace m4f {
namespace {

// Length of the valid UTF-8 sequence at the front, 0 = none (RFC 3629).
size_t utf8_length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  const size_t length = first >= 0xc2 && first < 0xe0   ? 2
                        : first >= 0xe0 && first < 0xf0 ? 3
                        : first >= 0xf0 && first < 0xf5 ? 4
                                                        : 0;
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i)
    if ((byte(i) & 0xc0) != 0x80) return 0;
  if (first == 0xe0 && byte(1) < 0xa0) return 0;
  if (first == 0xed && byte(1) >= 0xa0) return 0;
  if (first == 0xf0 && byte(1) < 0x90) return 0;
  if (first == 0xf4 && byte(1) >= 0x90) return 0;
  return length;
}

// Builds one object or array by hand: each value is appended complete.
class Object {
 public:
  void raw(std::string_view key, std::string_view json) {
    fmt::format_to(std::back_inserter(out_), "{}\"{}\":{}", out_.size() > 1 ? "," : "", key, json);
  }
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) raw(key, json_string(value));
  }
  void number(std::string_view key, int64_t value) { raw(key, fmt::format("{}", value)); }
  std::string close() { return std::move(out_) + "}"; }

 private:
  std::string out_ = "{";
};

std::string array(const std::vector<std::string>& items) {
  return fmt::format("[{}]", fmt::join(items, ","));
}

// Measured over the complete segments, else as declared; kbit/s, 0 = unknown.
int64_t bitrate(const RingView& view, const Track& track) {
  int64_t bytes = 0;
  Ticks length;
  for (const SegmentPtr& segment : view.segments) {
    if (!segment->sealed()) continue;
    const auto& tracks = segment->header().tracks;
    length += segment->duration();
    for (size_t i = 0, n = segment->frame_count(); i < n; ++i)
      if (tracks[segment->frame(i).track].id == track.id)
        bytes += static_cast<int64_t>(segment->frame(i).data.size());
  }
  if (length.count <= 0) return track.bitrate / 1000;
  return static_cast<int64_t>(static_cast<double>(bytes) * 8 / length.seconds() / 1000 + 0.5);
}

std::string track_json(const RingView& view, const Track& track) {
  Object out;
  out.text("track_id", track.id.text());
  const bool video = track.id.content == Content::kVideo;
  out.text("content", video ? "video" : track.id.content == Content::kAudio ? "audio" : "text");
  out.text("codec", codec_name(track.codec));
  if (const int64_t rate = bitrate(view, track); rate > 0) out.number("bitrate", rate);
  out.text("language", track.language);
  out.text("title", track.title);
  if (video && track.width > 0) {
    const uint64_t sar_width = std::max(track.sar_width, 1u), sar_height = std::max(track.sar_height, 1u);
    out.number("width", static_cast<int64_t>((track.width * sar_width + sar_height / 2) / sar_height));
    out.number("height", track.height);
    out.number("pixel_width", track.width);
    out.number("pixel_height", track.height);
    out.number("sar_width", track.sar_width);
    out.number("sar_height", track.sar_height);
    if (track.fps_num > 0 && track.fps_den > 0)
      out.raw("fps", fmt::format("{:.3f}", static_cast<double>(track.fps_num) / track.fps_den));
  }
  if (track.channels > 0) out.number("channels", track.channels);
  if (track.sample_rate > 0) out.number("sample_rate", track.sample_rate);
  return out.close();
}

std::string media_info(const RingView& view, const std::vector<Track>& tracks, const InfoOptions& options) {
  std::vector<std::string> list;
  for (const Track& track : tracks) list.push_back(track_json(view, track));
  Object out;
  out.text("flow_type", "stream");
  out.text("title", options.title);
  out.text("provider", options.provider);
  out.raw("tracks", array(list));
  return out.close();
}

std::vector<Track> newest_tracks(const RingView& view) {
  return view.segments.empty() ? std::vector<Track>{} : view.segments.back()->header().tracks;
}

}  // namespace

std::string json_string(std::string_view text) {
  std::string out = "\"";
  while (!text.empty()) {
    const size_t length = utf8_length(text);
    const char c = text[0];
    if (length == 0) {
      out += "\\ufffd";
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  return out + "\"";
}

std::string media_info_json(const RingView& view, const InfoOptions& options) {
  return media_info(view, newest_tracks(view), options) + "\n";
}

std::string info_json(const RingView& view, const InfoOptions& options) {
  Object stats;
  const bool running = !view.segments.empty() && !view.ended;
  stats.text("status", running ? "running" : "waiting");
  if (!view.segments.empty()) {
    const Segment& newest = *view.segments.back();
    stats.number("last_dts", (newest.header().start + newest.duration()).to_ms());
  }
  stats.raw("media_info", media_info(view, newest_tracks(view), options));
  Object out;
  out.text("name", options.name);
  out.text("title", options.title);
  out.text("provider", options.provider);
  out.raw("stats", stats.close());
  return out.close() + "\n";
}

std::string index_json(const RingView& view, size_t first, size_t end, const InfoOptions& options) {
  std::vector<std::string> periods;
  for (size_t i = first; i < end;) {
    const size_t begin = i;
    Ticks length;
    std::vector<std::string> segments;
    do {
      const Segment& segment = *view.segments[i];
      Object entry;
      entry.number("dts", segment.header().start.to_ms());
      entry.number("duration", segment.duration().to_ms());
      segments.push_back(entry.close());
      length += segment.duration();
      ++i;
    } while (i < end && !view.segments[i]->header().discontinuity);
    const SegmentHeader& header = view.segments[begin]->header();
    Object period;
    period.number("dts", header.start.to_ms());
    period.number("duration", length.to_ms());
    period.raw("media_info", media_info(view, header.tracks, options));
    period.raw("segments", array(segments));
    periods.push_back(period.close());
  }
  Object out;
  out.text("mutability", view.ended ? "static" : "live");
  out.text("segment_prefix", "live");
  out.raw("periods", array(periods));
  return out.close() + "\n";
}

}  // namespace m4f
