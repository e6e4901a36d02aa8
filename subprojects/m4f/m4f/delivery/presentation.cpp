#include "m4f/delivery/presentation.h"

#include <fmt/format.h>

#include <algorithm>

namespace m4f {
namespace {

constexpr size_t kMaxWarnings = 64;  // per stream's life

}  // namespace

Presentation::Limits Presentation::limits(const RingView& view, Ticks segment_duration) {
  const std::lock_guard lock(mutex_);
  if (!view.segments.empty() && target_duration_ == 0) {
    target_duration_ = target_duration(view, segment_duration);
    hold_back_ = part_hold_back(view);
  }
  for (const SegmentPtr& segment : view.segments) {
    if (!segment->sealed() || segment->header().number <= checked_number_) continue;
    checked_number_ = segment->header().number;
    const double seconds = segment->duration().seconds();
    if (seconds < target_duration_ + 0.5) continue;
    const auto raised = static_cast<unsigned>(seconds * 1.25) + 1;
    warn(fmt::format(
        "a segment of {:.1f} s is longer than the announced target duration of {} s, now {} s: players may "
        "stop once; set segment_duration to a multiple of the source's key frame interval",
        seconds, target_duration_, raised));
    target_duration_ = raised;
  }
  if (const Ticks needed = part_hold_back(view); needed > hold_back_) {
    if (hold_back_.count > 0)
      warn(fmt::format("parts of {:.3f} s are longer than announced: low-latency players may stop once",
                       needed.seconds() / 3));
    hold_back_ = needed;
  }
  // A view that was taken before others were asked about lists what it listed then.
  const bool old = view.version < newest_version_;
  const uint64_t first_number = old ? 0 : first_number_;
  Limits limits{target_duration_, hold_back_, first_number,
                listed_window(view, target_duration_, first_number)};
  if (old) return limits;
  newest_version_ = view.version;
  const ListedWindow& window = limits.window;
  if (window.first < window.end) {
    first_number_ = std::max(first_number_, view.segments[window.first]->header().number);
  } else if (window.open) {
    first_number_ = std::max(first_number_, window.open->header().number);
  }
  return limits;
}

void Presentation::warn_left_out(const RingView& view, Container container, std::string_view output) {
  if (view.segments.empty()) return;
  for (const Track& track : view.segments.back()->header().tracks) {
    if (carries(container, track.codec)) continue;
    const std::lock_guard lock(mutex_);
    warn(fmt::format("track {} ({}) cannot be carried in {}: left out of it", track.id.text(),
                     codec_name(track.codec), output));
  }
}

void Presentation::warn(std::string text) {
  if (warned_.size() >= kMaxWarnings || !warned_.insert(text).second) return;
  warnings_.push_back(std::move(text));
}

std::vector<std::string> Presentation::take_warnings() {
  const std::lock_guard lock(mutex_);
  return std::exchange(warnings_, {});
}

}  // namespace m4f
