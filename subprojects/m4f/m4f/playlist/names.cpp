#include <fmt/format.h>

#include <charconv>

#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

constexpr size_t kDateLength = sizeof("2026/11/20/13/05/37") - 1;

int64_t milliseconds(Ticks duration) {
  return (duration.count + 45) / 90;
}

int64_t floor_seconds(Ticks time) {
  return (time.count - (time.count < 0 ? Ticks::kPerSecond - 1 : 0)) / Ticks::kPerSecond;
}

// "2026/11/20/13/05/37"
std::string date_path(Ticks start) {
  using namespace std::chrono;
  const sys_seconds time{seconds{floor_seconds(start)}};
  const auto day = floor<days>(time);
  const year_month_day date{day};
  const hh_mm_ss clock{time - day};
  return fmt::format("{:04}/{:02}/{:02}/{:02}/{:02}/{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

}  // namespace

std::string segment_name(Ticks start, Ticks duration) {
  return fmt::format("{}-{:05}", date_path(start), milliseconds(duration));
}

std::string segment_name(const Segment& segment) {
  return segment_name(segment.header().start, segment.duration());
}

SegmentPtr find_segment(const RingView& view, std::string_view name) {
  if (name.size() < kDateLength + 6 || name[kDateLength] != '-') return nullptr;
  const std::string_view digits = name.substr(kDateLength + 1);
  int64_t duration = 0;
  const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), duration);
  if (failed != std::errc() || end != digits.data() + digits.size()) return nullptr;
  // The newest first: that is what live players ask for.
  for (auto it = view.segments.rbegin(); it != view.segments.rend(); ++it) {
    const Segment& segment = **it;
    if (!segment.sealed() || milliseconds(segment.duration()) != duration) continue;
    if (segment_name(segment) == name) return *it;
  }
  return nullptr;
}

std::string part_name(uint64_t segment_number, size_t part_index) {
  return fmt::format("part-{}-{}.m4s", segment_number, part_index);
}

std::string init_name(uint64_t init_hash) {
  return fmt::format("init-{:016x}.mp4", init_hash);
}

}  // namespace m4f
