#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "m4f/mp4/packager.h"
#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

constexpr int kPartTargets = 3;       // parts stay listed for so many target durations (rfc8216bis 4.4.4.9)
constexpr unsigned kSkipTargets = 6;  // the skip boundary in target durations (rfc8216bis 4.4.3.8)

constexpr Ticks kClockGrain = Ticks::from_ms(1);

// One listed segment as a rendition sees it.
struct Entry {
  SegmentPtr segment;            // null: it never arrived
  std::vector<size_t> picked;    // empty: the segment holds none of the rendition's tracks
  Ticks duration;                // of the complete parts, for the open segment
  std::vector<mp4::Part> parts;  // low latency only
  Ticks start;
};

bool starts_with_key_frame(const Segment& segment, size_t track) {
  if (track == segment.lead_track()) return segment.header().key_start;
  for (size_t i = 0, n = segment.frame_count(); i < n; ++i)
    if (segment.frame(i).track == track) return segment.frame(i).key;
  return true;
}

std::string utc_text(Ticks time) {
  using namespace std::chrono;
  const sys_time<milliseconds> at{milliseconds{time.count / 90}};
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss clock{at - day};
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count(),
                     clock.subseconds().count());
}

// Writes one media playlist.
class Writer {
 public:
  Writer(const RingView& view, const MediaPlaylistOptions& options) : view_(view), options_(options) {
    target_ =
        options.target_duration ? options.target_duration : target_duration(view, options.segment_duration);
    hold_back_ = options.part_hold_back.count ? options.part_hold_back : part_hold_back(view);
    low_latency_ = options.low_latency && options.container == Container::kFmp4 && hold_back_.count > 0;
  }

  std::string write() {
    collect();
    declare();
    const size_t skipped = skippable();
    if (skipped > 0) print("#EXT-X-SKIP:SKIPPED-SEGMENTS={}\n", skipped);
    // A client that asked for a delta has the tags of the skipped segments, the last EXT-X-MAP among them.
    if (skipped > 0) map_ = init_of(sealed_[skipped - 1]).value_or("");
    Ticks behind_edge = length_;
    for (size_t i = 0; i < skipped; ++i) behind_edge -= sealed_[i].duration;
    for (size_t i = skipped; i < sealed_.size(); ++i) {
      const Entry& entry = sealed_[i];
      before_media(entry, i == 0);
      if (behind_edge <= Ticks::from_seconds(target_) * kPartTargets || i + 1 == sealed_.size()) parts(entry);
      segment(entry);
      behind_edge -= entry.duration;
    }
    if (open_ && !open_->parts.empty()) {
      before_media(*open_, sealed_.empty());
      parts(*open_);
    }
    if (view_.ended) {
      print("#EXT-X-ENDLIST\n");
    } else if (low_latency_) {
      preload_hint();
      for (const RenditionReport& report : options_.reports) rendition_report(report);
    }
    return std::move(out_);
  }

 private:
  template <typename... Args>
  void print(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }
  std::string address(std::string_view name) const {
    return fmt::format("{}{}{}{}", options_.segment_prefix, name, options_.query.empty() ? "" : "?",
                       options_.query);
  }

  Entry entry_of(const SegmentPtr& segment, bool open) const {
    Entry entry{segment,
                pick_tracks(segment->header().tracks, options_.tracks, options_.container),
                {},
                {},
                segment->header().start};
    if (entry.picked.empty()) {
      entry.duration = segment->duration();
      return entry;
    }
    if (low_latency_) entry.parts = mp4::parts(*segment, entry.picked);
    if (open) {
      for (const mp4::Part& part : entry.parts) entry.duration += part.duration;
    } else {
      entry.duration = rendition_duration(*segment, lead_of(segment->header().tracks, entry.picked));
    }
    return entry;
  }

  void collect() {
    // The open segment may be sealed while it is looked at; then it is looked at again, as a sealed one.
    for (bool again = true; again;) {
      window_ = listed_window(view_, target_, options_.first_number);
      open_.reset();
      if (window_.open && low_latency_) open_ = entry_of(window_.open, true);
      again = window_.open && window_.open->sealed();
    }
    for (size_t i = window_.first; i < window_.end; ++i) {
      sealed_.push_back(entry_of(view_.segments[i], false));
      const SegmentPtr& next = i + 1 < window_.end ? view_.segments[i + 1] : window_.open;
      if (next) add_missing(*view_.segments[i], *next);
    }
    for (const Entry& entry : sealed_) length_ += entry.duration;
    if (open_) length_ += open_->duration;
  }

  // Segments that never arrived keep their numbers and their time.
  void add_missing(const Segment& before, const Segment& after) {
    const auto missing = static_cast<int64_t>(missing_between(before, after, target_).value_or(0));
    const Ticks begin = before.header().start + before.duration(), hole = after.header().start - begin;
    for (int64_t n = 0; n < missing; ++n) {
      Entry entry;
      entry.start = begin + hole * n / missing;
      entry.duration = hole * (n + 1) / missing - hole * n / missing;
      sealed_.push_back(std::move(entry));
    }
  }

  const Segment* first() const {
    if (!sealed_.empty()) return sealed_.front().segment.get();
    return window_.open.get();
  }

  bool independent() const {
    for (const Entry& entry : sealed_)
      if (!entry.picked.empty() &&
          !starts_with_key_frame(*entry.segment, lead_of(entry.segment->header().tracks, entry.picked)))
        return false;
    if (open_ && !open_->picked.empty() &&
        !starts_with_key_frame(*open_->segment, lead_of(open_->segment->header().tracks, open_->picked)))
      return false;
    return true;
  }

  void declare() {
    // rfc8216bis 8: floating-point EXTINF needs 3, EXT-X-MAP 6, EXT-X-SKIP 9.
    const int version = low_latency_ ? 9 : options_.container == Container::kFmp4 ? 6 : 3;
    print("#EXTM3U\n#EXT-X-TARGETDURATION:{}\n#EXT-X-VERSION:{}\n", target_, version);
    if (independent()) print("#EXT-X-INDEPENDENT-SEGMENTS\n");
    if (low_latency_) {
      print("#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL={}.0,PART-HOLD-BACK={:.5f}\n",
            kSkipTargets * target_, hold_back_.seconds());
      if (const Ticks part_target = this->part_target(); part_target.count > 0)
        print("#EXT-X-PART-INF:PART-TARGET={:.5f}\n", part_target.seconds());
    }
    if (const Segment* first = this->first()) {
      const SegmentHeader& header = first->header();
      print("#EXT-X-MEDIA-SEQUENCE:{}\n", header.number);
      // The tag of the first segment is still listed, so its discontinuity does not count as removed yet.
      const uint64_t removed = header.discontinuity_sequence - (has_discontinuity_tag(header) ? 1 : 0);
      if (removed > 0) print("#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", removed);
    }
  }

  static bool has_discontinuity_tag(const SegmentHeader& header) {
    return header.discontinuity && header.discontinuity_sequence > 0;
  }

  Ticks part_target() const {
    const Entry* newest = open_ && !open_->picked.empty() ? &*open_ : nullptr;
    for (auto it = sealed_.rbegin(); !newest && it != sealed_.rend(); ++it)
      if (!it->picked.empty()) newest = &*it;
    if (!newest) return {};
    const auto& tracks = newest->segment->header().tracks;
    return tracks[lead_of(tracks, newest->picked)].part_target;
  }

  // How many listed segments a delta update leaves out: those that lie whole before the skip boundary.
  size_t skippable() const {
    if (!low_latency_ || !options_.skip) return 0;
    const Ticks boundary = Ticks::from_seconds(target_) * kSkipTargets;
    Ticks behind_edge = length_;
    size_t n = 0;
    for (; n < sealed_.size(); ++n) {
      behind_edge -= sealed_[n].duration;
      if (behind_edge < boundary) break;
    }
    return n;
  }

  std::optional<std::string> init_of(const Entry& entry) const {
    if (options_.container != Container::kFmp4 || entry.picked.empty()) return std::nullopt;
    return init_name(mp4::init_hash(entry.segment->header().tracks, entry.picked));
  }

  void before_media(const Entry& entry, bool first) {
    if (!entry.segment) {
      after_gap_ = true;
      return;
    }
    const SegmentHeader& header = entry.segment->header();
    const bool discontinuity = has_discontinuity_tag(header);
    if (discontinuity) print("#EXT-X-DISCONTINUITY\n");
    const std::vector<Track>* tracks = &header.tracks;
    if (!map_tracks_ || *map_tracks_ != *tracks || map_.empty()) {
      if (auto init = init_of(entry); init && *init != map_) {
        print("#EXT-X-MAP:URI=\"{}\"\n", address(*init));
        map_ = *init;
      }
      map_tracks_ = tracks;
    }
    if (first || discontinuity || low_latency_ || after_gap_)
      print("#EXT-X-PROGRAM-DATE-TIME:{}\n", utc_text(header.start));
    after_gap_ = false;
  }

  void parts(const Entry& entry) {
    if (entry.parts.empty()) return;
    const auto& tracks = entry.segment->header().tracks;
    const Ticks target = tracks[lead_of(tracks, entry.picked)].part_target;
    for (size_t i = 0; i < entry.parts.size(); ++i) {
      Ticks duration = entry.parts[i].duration;
      // The last frame counts with its usual duration until its successor is known, and source clocks may be
      // rounded to milliseconds: that alone must not exceed the target (rfc8216bis 4.4.3.7).
      if (duration > target && duration - target <= kClockGrain) duration = target;
      print("#EXT-X-PART:DURATION={:.5f},URI=\"{}\"{}\n", duration.seconds(),
            address(part_name(entry.segment->header().number, i)),
            entry.parts[i].independent ? ",INDEPENDENT=YES" : "");
    }
  }

  void segment(const Entry& entry) {
    // It never arrived, or the rendition's track came later or went: nothing to fetch, but the numbers go on
    // (rfc8216bis 4.4.4.7).
    if (entry.picked.empty()) print("#EXT-X-GAP\n");
    if (low_latency_) {
      print("#EXTINF:{:.5f},\n", entry.duration.seconds());
    } else {
      print("#EXTINF:{:.3f},\n", entry.duration.seconds());
    }
    const char* ending = options_.container == Container::kTs ? ".ts" : ".m4s";
    print("{}\n",
          address((entry.segment ? segment_name(*entry.segment) : segment_name(entry.start, entry.duration)) +
                  ending));
  }

  void preload_hint() {
    if (part_target().count == 0) return;
    std::string name;
    if (open_) {
      if (open_->picked.empty()) return;
      name = part_name(open_->segment->header().number, open_->parts.size());
    } else if (!sealed_.empty()) {
      name = part_name(sealed_.back().segment->header().number + 1, 0);
    } else {
      return;
    }
    print("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}\"\n", address(name));
  }

  void rendition_report(const RenditionReport& report) {
    MediaPlaylistOptions other = options_;
    other.tracks = report.tracks;
    const Writer writer(view_, other);
    std::optional<Entry> last;
    if (window_.open) last = writer.entry_of(window_.open, true);
    for (size_t i = sealed_.size(); i-- > 0 && (!last || last->parts.empty());)
      if (sealed_[i].segment) last = writer.entry_of(sealed_[i].segment, false);
    if (!last || last->parts.empty()) return;
    print("#EXT-X-RENDITION-REPORT:URI=\"{}{}{}\",LAST-MSN={},LAST-PART={}\n", report.uri,
          options_.query.empty() ? "" : "?", options_.query, last->segment->header().number,
          last->parts.size() - 1);
  }

  const RingView& view_;
  const MediaPlaylistOptions& options_;
  unsigned target_ = 0;
  Ticks hold_back_;
  bool low_latency_ = false;
  ListedWindow window_;
  std::vector<Entry> sealed_;
  std::optional<Entry> open_;
  Ticks length_;  // of all that is listed
  bool after_gap_ = false;
  std::string map_;
  const std::vector<Track>* map_tracks_ = nullptr;
  std::string out_;
};

}  // namespace

std::string media_playlist(const RingView& view, const MediaPlaylistOptions& options) {
  return Writer(view, options).write();
}

}  // namespace m4f
