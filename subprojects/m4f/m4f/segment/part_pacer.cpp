#include "m4f/segment/part_pacer.h"

#include <algorithm>

namespace m4f {

Ticks part_target_of(Ticks part_duration, Ticks frame_duration) {
  constexpr int64_t kTicksPerMs = Ticks::kPerSecond / 1000;
  if (part_duration <= Ticks()) return Ticks();
  const Ticks frame = frame_duration > Ticks() ? frame_duration : part_duration;
  const int64_t frames = std::max<int64_t>(1, (part_duration.count + frame.count / 2) / frame.count);
  return Ticks::from_ms((frames * frame.count + kTicksPerMs - 1) / kTicksPerMs);
}

bool PartPacer::ends_part(Ticks dts, Ticks duration) {
  if (target_ <= Ticks()) return false;
  if (!open_) {
    open_ = true;
    begin_ = dts;
  }
  if (dts + duration * 2 - begin_ <= target_) return false;
  open_ = false;
  return true;
}

}  // namespace m4f
