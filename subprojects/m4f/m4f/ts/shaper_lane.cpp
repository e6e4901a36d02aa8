#include "m4f/ts/shaper_lane.h"

#include <algorithm>

namespace m4f::ts {
namespace {

constexpr int64_t kUsualDuration = 40 * kClockPerMs, kLongestDuration = 1000 * kClockPerMs;
constexpr int64_t kCatchUp = 4;  // a frame that is late leaves at most so many times faster

}  // namespace

Lane::Plan Lane::plan_of_head() const {
  const int64_t begin = std::max({release(), waiting_.front().arrived, plan_.end}),
                length = duration_of_head();
  const int64_t room = begin > release() ? std::clamp(head_dts() - begin, length / kCatchUp, length) : length;
  return {begin, begin + room};
}

bool Lane::activate() {
  plan_ = plan_of_head();
  deadline_ = head_dts();
  const Entry entry = std::move(waiting_.front());
  waiting_.pop_front();
  packets_.clear();
  at_ = 0;
  const Frame& frame = entry.frame();
  write_frame(entry.program->streams[frame.track], frame, false, scratch_, packets_);
  return !packets_.empty();
}

int64_t Lane::duration_of_head() const {
  const Frame& frame = head();
  int64_t length = waiting_.size() > 1 ? (waiting_[1].frame().dts - frame.dts).count * kClockPerTick : 0;
  if (length <= 0) length = frame.duration.count * kClockPerTick;
  if (length <= 0)
    length = waiting_.front().segment->header().tracks[frame.track].frame_duration.count * kClockPerTick;
  if (length <= 0) length = kUsualDuration;
  return std::min(length, kLongestDuration);
}

int64_t Lane::time_of_place(size_t place) const {
  if (sending()) {
    const size_t count = packets_.size() / kPacketSize, index = at_ / kPacketSize + place;
    return index < count ? plan_.time_of(index, count) : INT64_MAX;
  }
  if (!waiting()) return INT64_MAX;
  const Frame& frame = head();
  const size_t count = head_program()->streams[frame.track].layout.packets(frame, frame.data.size(), false);
  return place < count ? plan_of_head().time_of(place, count) : INT64_MAX;
}

void Lane::drop() {
  waiting_.pop_front();
  dropping_ = true;
}

size_t Lane::drop_all() {
  const size_t frames = waiting_.size();
  waiting_.clear();
  packets_.clear();
  at_ = 0;
  plan_.end = INT64_MIN;
  dropping_ = false;
  return frames;
}

void Lane::shift(int64_t by) {
  plan_.begin += by;
  if (plan_.end != INT64_MIN) plan_.end += by;
  for (Entry& entry : waiting_) entry.arrived += by;
}

}  // namespace m4f::ts
