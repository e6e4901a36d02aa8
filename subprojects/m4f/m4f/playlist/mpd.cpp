#include <fmt/chrono.h>

#include <algorithm>

#include "m4f/mp4/packager.h"
#include "m4f/playlist/dash_timeline.h"
#include "m4f/playlist/playlist.h"
#include "m4f/playlist/xml.h"

namespace m4f {
namespace {

std::string iso8601(int64_t ms) {
  const std::chrono::sys_time<std::chrono::seconds> seconds{std::chrono::seconds(ms / 1000)};
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z", seconds, ms % 1000);
}

// xs:duration in milliseconds, which are whole ticks.
std::string duration(Ticks t) {
  const int64_t ms = t.to_ms();
  return ms % 1000 == 0 ? fmt::format("PT{}S", ms / 1000) : fmt::format("PT{}.{:03}S", ms / 1000, ms % 1000);
}

// '$' doubled (23009-1 5.3.9.4.4).
std::string template_text(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '$' ? "$$" : std::string(1, c);
  return out;
}

// "?query" as it may stand in a template: '$' doubled (23009-1 5.3.9.4.4), and nothing that a URL may not
// hold.
std::string template_query(std::string_view query) {
  if (query.empty()) return {};
  std::string out = "?";
  for (const char c : query) {
    const auto byte = static_cast<uint8_t>(c);
    if (c == '$')
      out += "$$";
    else if (byte <= 0x20 || byte >= 0x7f)
      out += fmt::format("%{:02X}", byte);
    else
      out += c;
  }
  return out;
}

Ticks end_of(const DashPeriod& period) {
  Ticks end;
  for (const DashTrack& track : period.tracks)
    end = std::max(end, track.segments.back().time + track.segments.back().duration);
  return end;
}

// Where the period's first listed segment starts.
Ticks begin_of(const DashPeriod& period) {
  Ticks begin = period.tracks.front().segments.front().time;
  for (const DashTrack& track : period.tracks) begin = std::min(begin, track.segments.front().time);
  return begin;
}

// Video tracks that a player may switch between at every segment: their codec is the same and their segments
// start with a key frame. Audio tracks stay apart: which of them are the same content nobody says.
bool share_a_set(const DashTrack& a, const DashTrack& b) {
  return a.track.id.content == Content::kVideo && b.track.id.content == Content::kVideo &&
         a.track.codec == b.track.codec && a.track.language == b.track.language && a.starts_with_keys() &&
         b.starts_with_keys();
}

class MpdWriter {
 public:
  MpdWriter(const MpdOptions& options, bool ended)
      : prefix_(template_text(options.prefix)), query_(template_query(options.query)), ended_(ended) {}

  std::string write(const std::vector<DashPeriod>& periods, Ticks target, Ticks newest_end, int64_t now_ms) {
    Ticks longest;
    for (const DashPeriod& period : periods)
      for (const DashTrack& track : period.tracks)
        for (const DashSegment& s : track.segments) longest = std::max(longest, s.duration);

    xml_.open("MPD")
        .attribute("xmlns", "urn:mpeg:dash:schema:mpd:2011")
        .attribute("profiles", "urn:mpeg:dash:profile:isoff-live:2011")
        .attribute("type", "dynamic")
        .attribute("availabilityStartTime", "1970-01-01T00:00:00Z")
        .attribute("publishTime", iso8601(newest_end.to_ms()));
    // Without an update period players know that nothing will follow (23009-1 5.3.1.2).
    if (ended_)
      xml_.attribute("mediaPresentationDuration", duration(newest_end));
    else
      xml_.attribute("minimumUpdatePeriod", duration(std::max(target / 2, Ticks::from_seconds(1))));
    xml_.attribute("minBufferTime", duration(target))
        .attribute("maxSegmentDuration", duration(longest + Ticks(89)))
        .attribute("timeShiftBufferDepth", duration(newest_end - begin_of(periods.front()) + Ticks(89)))
        .attribute("suggestedPresentationDelay", duration(target * 3));
    for (const DashPeriod& period : periods) write_period(period);
    xml_.open("UTCTiming")
        .attribute("schemeIdUri", "urn:mpeg:dash:utc:direct:2014")
        .attribute("value", iso8601(now_ms))
        .close();
    xml_.close();
    return xml_.take();
  }

 private:
  void write_period(const DashPeriod& period) {
    // The start alone names a period: there is one run at a time.
    xml_.open("Period")
        .attribute("id", fmt::format("p{}", period.start.to_ms()))
        .attribute("start", duration(period.start));
    std::vector<bool> done(period.tracks.size());
    for (size_t i = 0; i < period.tracks.size(); ++i) {
      if (done[i]) continue;
      std::vector<const DashTrack*> set;
      for (size_t k = i; k < period.tracks.size(); ++k) {
        if (done[k] || (k != i && !share_a_set(period.tracks[i], period.tracks[k]))) continue;
        done[k] = true;
        set.push_back(&period.tracks[k]);
      }
      write_set(period, set);
    }
    xml_.close();
  }

  void write_set(const DashPeriod& period, const std::vector<const DashTrack*>& set) {
    const Track& first = set.front()->track;
    const bool video = first.id.content == Content::kVideo;
    const bool aligned = std::ranges::all_of(set, [&](const DashTrack* t) {
      return std::ranges::equal(t->segments, set.front()->segments, {}, &DashSegment::time,
                                &DashSegment::time);
    });
    xml_.open("AdaptationSet")
        .attribute("id", static_cast<int64_t>(set.front()->index + 1))
        .attribute("contentType", video ? "video" : "audio")
        .attribute("mimeType", video ? "video/mp4" : "audio/mp4");
    if (!first.language.empty()) xml_.attribute("lang", first.language);
    if (aligned) xml_.attribute("segmentAlignment", "true");
    if (set.front()->starts_with_keys()) xml_.attribute("startWithSAP", 1);
    xml_.open("Role")
        .attribute("schemeIdUri", "urn:mpeg:dash:role:2011")
        .attribute("value", first.id.number == 1 || video ? "main" : "alternate")
        .close();
    if (!video && !first.title.empty()) xml_.open("Label").text(first.title).close();
    for (const DashTrack* track : set) write_representation(period, *track);
    xml_.close();
  }

  void write_representation(const DashPeriod& period, const DashTrack& dash) {
    const Track& track = dash.track;
    xml_.open("Representation").attribute("id", track.id.text());
    if (!track.rfc6381.empty()) xml_.attribute("codecs", track.rfc6381);
    xml_.attribute("bandwidth", static_cast<int64_t>(std::max<uint64_t>(dash.bandwidth(), 1)));
    if (track.id.content == Content::kVideo) {
      if (track.width && track.height) xml_.attribute("width", track.width).attribute("height", track.height);
      if (track.sar_width && track.sar_height)
        xml_.attribute("sar", fmt::format("{}:{}", track.sar_width, track.sar_height));
      if (track.fps_num && track.fps_den == 1) xml_.attribute("frameRate", track.fps_num);
      if (track.fps_num && track.fps_den > 1)
        xml_.attribute("frameRate", fmt::format("{}/{}", track.fps_num, track.fps_den));
    } else {
      if (track.sample_rate) xml_.attribute("audioSamplingRate", track.sample_rate);
      write_channels(track.channels);
    }
    write_template(period, dash);
    xml_.close();
  }

  // The number means a ChannelConfiguration of ISO/IEC 23001-8; up to six it is the number of channels.
  void write_channels(uint32_t channels) {
    const uint32_t configuration = channels == 7 ? 11 : channels == 8 ? 12 : channels <= 6 ? channels : 0;
    if (configuration == 0) return;
    xml_.open("AudioChannelConfiguration")
        .attribute("schemeIdUri", channels <= 6 ? "urn:mpeg:dash:23003:3:audio_channel_configuration:2011"
                                                : "urn:mpeg:mpegB:cicp:ChannelConfiguration")
        .attribute("value", configuration)
        .close();
  }

  void write_template(const DashPeriod& period, const DashTrack& dash) {
    const std::string folder = prefix_ + "tracks-" + dash.track.id.text() + "/";
    const size_t selection[] = {dash.index};
    xml_.open("SegmentTemplate")
        .attribute("timescale", Ticks::kPerSecond)
        .attribute("presentationTimeOffset", period.start.count)
        .attribute("initialization", folder + init_name(mp4::init_hash(period.table, selection)) + query_)
        .attribute("media", folder + "dash-$Time$.m4s" + query_);
    xml_.open("SegmentTimeline");
    const std::vector<DashSegment>& all = dash.segments;
    Ticks expected(-1);
    for (size_t i = 0; i < all.size();) {
      size_t same = i + 1;
      while (same < all.size() && all[same].duration == all[i].duration &&
             all[same].time == all[same - 1].time + all[same - 1].duration)
        ++same;
      xml_.open("S");
      if (all[i].time != expected) xml_.attribute("t", all[i].time.count);
      xml_.attribute("d", all[i].duration.count);
      if (same - i > 1) xml_.attribute("r", static_cast<int64_t>(same - i - 1));
      xml_.close();
      expected = all[same - 1].time + all[same - 1].duration;
      i = same;
    }
    xml_.close();
    xml_.close();
  }

  XmlWriter xml_;
  const std::string prefix_, query_;
  const bool ended_;
};

}  // namespace

std::string mpd(const RingView& view, const MpdOptions& options, std::chrono::system_clock::time_point now) {
  const std::vector<DashPeriod> periods = dash_periods(view, options.tracks);
  if (periods.empty()) return {};
  const Ticks target = std::max(options.segment_duration, Ticks::from_seconds(1));
  const int64_t now_ms = std::chrono::floor<std::chrono::milliseconds>(now.time_since_epoch()).count();
  return MpdWriter(options, view.ended).write(periods, target, end_of(periods.back()), now_ms);
}

}  // namespace m4f
