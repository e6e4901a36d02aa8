#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

// What one track's share of the output weighs.
struct Rate {
  int64_t peak = 0, average = 0;  // bit/s
};

// Bytes that the container adds, from above: TS packets with their headers, padding and tables; sample tables
// and boxes of fMP4.
int64_t packaged_size(Container container, const Frame& frame) {
  const auto size = static_cast<int64_t>(frame.data.size());
  if (container == Container::kFmp4) return size + 24;
  return (size + 24 + 183) / 184 * 188;
}

class Master {
 public:
  Master(const RingView& view, const MasterPlaylistOptions& options) : view_(view), options_(options) {
    if (view_.segments.empty()) return;
    tracks_ = &view_.segments.back()->header().tracks;
    choose();
    arrange();
  }

  std::string write() {
    if (variants_.empty()) return {};
    measure();
    const bool fmp4 = options_.container == Container::kFmp4;
    // rfc8216bis 8: EXT-X-MEDIA needs 4, EXT-X-MAP in the media playlists 6.
    print("#EXTM3U\n#EXT-X-VERSION:{}\n", fmp4 ? 6 : groups_.empty() ? 3 : 4);
    if (independent()) print("#EXT-X-INDEPENDENT-SEGMENTS\n");
    for (const Group& group : groups_)
      for (size_t track : group.tracks) rendition(group, track);
    for (const Variant& variant : variants_) stream_inf(variant);
    return std::move(out_);
  }

  std::vector<RenditionReport> children() const {
    std::vector<RenditionReport> list;
    const auto add = [&](const std::vector<size_t>& tracks) {
      RenditionReport child{uri_of(tracks), selection_of(tracks)};
      const auto same = [&](const RenditionReport& other) { return other.uri == child.uri; };
      if (std::none_of(list.begin(), list.end(), same)) list.push_back(std::move(child));
    };
    for (const Group& group : groups_)
      for (size_t track : group.tracks) add({track});
    for (const Variant& variant : variants_) add(variant.tracks);
    return list;
  }

 private:
  struct Group {
    std::string id;
    std::vector<size_t> tracks;
  };
  struct Variant {
    std::vector<size_t> tracks;    // in the variant's own media playlist
    const Group* group = nullptr;  // its audio, null = none or muxed
  };

  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  const Track& track(size_t i) const { return (*tracks_)[i]; }

  // The tracks to offer, in the order of the selection.
  void choose() {
    std::vector<size_t> chosen;
    for (size_t i = 0; i < tracks_->size(); ++i)
      if (carries(options_.container, track(i).codec)) chosen.push_back(i);
    if (!options_.tracks.ids.empty()) {
      std::vector<size_t> ordered;
      for (const TrackId& id : options_.tracks.ids)
        for (size_t i : chosen)
          if (track(i).id == id) ordered.push_back(i);
      chosen = std::move(ordered);
    }
    for (size_t i : chosen) {
      if (track(i).id.content == Content::kVideo) videos_.push_back(i);
      if (track(i).id.content == Content::kAudio) audios_.push_back(i);
    }
  }

  void arrange() {
    const bool fmp4 = options_.container == Container::kFmp4;
    const bool separate =
        !options_.all_audio && !audios_.empty() &&
        (videos_.empty() ? audios_.size() > 1 : fmp4 || options_.separate_audio || audios_.size() > 1);
    if (separate) {
      // Audio tracks of one group may replace each other, so they share the codec.
      for (size_t i : audios_) {
        const std::string id(codec_name(track(i).codec));
        auto group = std::find_if(groups_.begin(), groups_.end(), [&](const Group& g) { return g.id == id; });
        if (group == groups_.end()) group = groups_.insert(groups_.end(), Group{id, {}});
        group->tracks.push_back(i);
      }
    }
    if (videos_.empty() && separate) {
      for (const Group& group : groups_) variants_.push_back({{group.tracks.front()}, &group});
    } else if (videos_.empty() && !audios_.empty()) {
      variants_.push_back({audios_, nullptr});
    }
    for (size_t video : videos_) {
      if (!separate) {
        std::vector<size_t> muxed{video};
        muxed.insert(muxed.end(), audios_.begin(), audios_.end());
        variants_.push_back({std::move(muxed), nullptr});
      }
      for (const Group& group : groups_) variants_.push_back({{video}, &group});
    }
    // Last, so that nobody begins with it.
    if (options_.audio_only && !options_.all_audio && !videos_.empty() && !audios_.empty())
      variants_.push_back({{audios_.front()}, nullptr});
  }

  // Peak and average over the sealed segments that playlists list, per track.
  void measure() {
    rates_.resize(tracks_->size());
    std::vector<int64_t> total(tracks_->size()), bytes(tracks_->size());
    double seconds = 0;
    const auto look_at = [&](const Segment& segment, double at_least) {
      std::fill(bytes.begin(), bytes.end(), 0);
      const auto& tracks = segment.header().tracks;
      for (size_t f = 0, n = segment.frame_count(); f < n; ++f) {
        const Frame& frame = segment.frame(f);
        for (size_t i = 0; i < tracks_->size(); ++i)
          if (track(i).id == tracks[frame.track].id) bytes[i] += packaged_size(options_.container, frame);
      }
      const double length = std::max(segment.duration().seconds(), at_least);
      if (length <= 0) return;
      seconds += length;
      for (size_t i = 0; i < bytes.size(); ++i) {
        total[i] += bytes[i];
        rates_[i].peak =
            std::max(rates_[i].peak, static_cast<int64_t>(static_cast<double>(bytes[i]) * 8 / length));
      }
    };
    for (const SegmentPtr& segment : view_.segments)
      if (segment->sealed()) look_at(*segment, 0);
    // Nothing but the beginning of the first segment: its key frame must not count as a whole second's rate.
    if (seconds == 0) look_at(*view_.segments.back(), 1);
    for (size_t i = 0; i < total.size() && seconds > 0; ++i)
      rates_[i].average = static_cast<int64_t>(static_cast<double>(total[i]) * 8 / seconds);
  }

  static int64_t round_up(int64_t rate) { return std::max<int64_t>((rate + 999) / 1000, 1) * 1000; }

  Rate rate_of(const Variant& variant) const {
    Rate sum;
    // PAT and PMT every 100 ms, or the boxes around each part.
    sum.peak = sum.average = options_.container == Container::kTs ? 376 * 8 * 10 : 200 * 8 * 5;
    for (size_t i : variant.tracks) {
      sum.peak += rates_[i].peak;
      sum.average += rates_[i].average;
    }
    if (variant.group && !videos_.empty()) {
      Rate most;
      for (size_t i : variant.group->tracks) {
        most.peak = std::max(most.peak, rates_[i].peak);
        most.average = std::max(most.average, rates_[i].average);
      }
      sum.peak += most.peak;
      sum.average += most.average;
    }
    return sum;
  }

  bool independent() const {
    return std::all_of(view_.segments.begin(), view_.segments.end(),
                       [](const SegmentPtr& segment) { return segment->header().key_start; });
  }

  TrackSelection selection_of(const std::vector<size_t>& tracks) const {
    TrackSelection selection;
    for (size_t i : tracks) selection.ids.push_back(track(i).id);
    return selection;
  }

  std::string uri_of(const std::vector<size_t>& tracks) const {
    const char* kind = options_.low_latency                     ? "mono.ll.m3u8"
                       : options_.container == Container::kFmp4 ? "mono.fmp4.m3u8"
                                                                : "mono.m3u8";
    return fmt::format("{}tracks-{}/{}", options_.prefix, selection_of(tracks).text(), kind);
  }
  std::string address(const std::vector<size_t>& tracks) const {
    return fmt::format("{}{}{}", uri_of(tracks), options_.query.empty() ? "" : "?", options_.query);
  }

  void rendition(const Group& group, size_t i) {
    const Track& audio = track(i);
    print("#EXT-X-MEDIA:URI=\"{}\",TYPE=AUDIO,GROUP-ID=\"{}\",NAME=\"{} {}\"", address({i}), group.id,
          audio.language.empty() ? "undefined" : quotable(audio.language), audio.id.text());
    if (!audio.language.empty()) print(",LANGUAGE=\"{}\"", quotable(audio.language));
    print(",DEFAULT={},AUTOSELECT=YES", i == group.tracks.front() ? "YES" : "NO");
    if (audio.channels > 0) print(",CHANNELS=\"{}\"", audio.channels);
    print("\n");
  }

  // A quoted string holds no quotes and no line ends (rfc8216bis 4.2).
  static std::string quotable(std::string text) {
    std::erase_if(text, [](char c) { return c == '"' || static_cast<unsigned char>(c) < 0x20; });
    return text;
  }

  void stream_inf(const Variant& variant) {
    const Rate rate = rate_of(variant);
    print("#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH={},BANDWIDTH={}", round_up(rate.average),
          round_up(std::max(rate.peak, rate.average)));
    const Track& lead = track(variant.tracks.front());
    if (lead.id.content == Content::kVideo) {
      if (lead.width > 0 && lead.height > 0) {
        const uint64_t sar_height = std::max(lead.sar_height, 1u), sar_width = std::max(lead.sar_width, 1u);
        print(",RESOLUTION={}x{}", (lead.width * sar_width + sar_height / 2) / sar_height, lead.height);
      }
      if (lead.fps_num > 0 && lead.fps_den > 0)
        print(",FRAME-RATE={:.3f}", static_cast<double>(lead.fps_num) / lead.fps_den);
    }
    if (const std::string codecs = codecs_of(variant); !codecs.empty()) print(",CODECS=\"{}\"", codecs);
    if (variant.group) print(",AUDIO=\"{}\"", variant.group->id);
    print(",CLOSED-CAPTIONS=NONE\n{}\n", address(variant.tracks));
  }

  // Empty if some codec has no name to give: a list that lacks one is worse than none (rfc8216bis 4.4.6.2).
  std::string codecs_of(const Variant& variant) const {
    std::vector<size_t> all = variant.tracks;
    if (variant.group) all.insert(all.end(), variant.group->tracks.begin(), variant.group->tracks.end());
    std::vector<std::string> names;
    for (size_t i : all) {
      const std::string name = quotable(track(i).rfc6381);
      if (name.empty()) return {};
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    return fmt::format("{}", fmt::join(names, ","));
  }

  const RingView& view_;
  const MasterPlaylistOptions& options_;
  const std::vector<Track>* tracks_ = nullptr;
  std::vector<size_t> videos_, audios_;
  std::vector<Group> groups_;
  std::vector<Variant> variants_;
  std::vector<Rate> rates_;
  std::string out_;
};

}  // namespace

std::string master_playlist(const RingView& view, const MasterPlaylistOptions& options) {
  return Master(view, options).write();
}

std::vector<RenditionReport> master_children(const RingView& view, const MasterPlaylistOptions& options) {
  return Master(view, options).children();
}

}  // namespace m4f
