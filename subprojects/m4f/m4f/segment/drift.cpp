#include "m4f/segment/drift.h"

#include <algorithm>

namespace m4f {
namespace {

constexpr Ticks kBucket = Ticks::from_seconds(10);
constexpr Ticks kBegin = Ticks::from_ms(300), kEnd = Ticks::from_ms(100);
constexpr Ticks kSilence = Ticks::from_seconds(2);    // without a frame
constexpr Ticks kJudgement = Ticks::from_seconds(3);  // after it
constexpr Ticks kTolerance = Ticks::from_seconds(1);  // behind where it was
constexpr Ticks kCatchingUp = Ticks::from_ms(300);  // within kJudgement: the network stalled, not the source
constexpr Ticks kTooFar = Ticks::from_seconds(2);   // to be made good in small steps
constexpr Ticks kRateWindow = Ticks::from_seconds(60);

Ticks absolute(Ticks t) {
  return t < Ticks() ? -t : t;
}

}  // namespace

void Drift::start(Ticks steady) {
  *this = Drift();
  bucket_since_ = started_ = last_ = steady;
}

void Drift::forget_window() {
  buckets_ = {};
  rotations_ = 0;
  bucket_since_ = last_;
  silence_.reset();
  behind_ = Ticks();
}

std::optional<Ticks> Drift::highest() const {
  std::optional<Ticks> out;
  for (const auto& bucket : buckets_)
    if (bucket && (!out || *bucket > *out)) out = bucket;
  return out;
}

void Drift::rotate(Ticks steady) {
  if (steady - bucket_since_ < kBucket) return;
  bucket_since_ = steady;
  if (++rotations_ == buckets_.size()) {
    // Relearned after a jump, only downward: a source that is fast must not push it up with each jump.
    const auto now = highest();
    if (now) baseline_ = std::min(baseline_.value_or(*now), *now);
  }
  std::rotate(buckets_.begin(), buckets_.end() - 1, buckets_.end());
  buckets_[0].reset();
}

void Drift::watch_silence(Ticks lag, Ticks steady) {
  if (!silence_ && steady - last_ >= kSilence)
    if (auto before = highest()) silence_ = Silence{steady, lag, lag, *before};
  if (!silence_) return;
  silence_->highest = std::max(silence_->highest, lag);
  if (silence_->highest > silence_->before - kTolerance) {
    silence_.reset();
    behind_ = Ticks();
  } else if (steady - silence_->since >= kJudgement) {
    if (silence_->highest - silence_->lag < kCatchingUp)
      behind_ = silence_->before - silence_->highest;
    else
      silence_ = Silence{steady, silence_->highest, silence_->highest, silence_->before};
  }
}

void Drift::observe(Ticks lag, Ticks steady) {
  watch_silence(lag, steady);
  last_ = steady;
  rotate(steady);
  if (!buckets_[0] || lag > *buckets_[0]) buckets_[0] = lag;
  if (behind_ == Ticks() && baseline_ && rotations_ >= buckets_.size()) {
    const Ticks drift = *highest() + corrected_ - *baseline_;
    if (drift < -kTooFar) behind_ = -drift;
  }
}

Ticks Drift::begin_segment(Ticks max_step) {
  const auto now = highest();
  if (!baseline_ || !now || rotations_ < buckets_.size() || max_step <= Ticks()) return Ticks();
  const Ticks drift = *now + corrected_ - *baseline_;
  if (absolute(drift) > kBegin) following_ = true;
  if (absolute(drift) < kEnd) following_ = false;
  if (!following_) return Ticks();
  const Ticks step = std::clamp(-drift, -max_step, max_step);
  corrected_ += step;
  return step;
}

int64_t Drift::ppm() const {
  const auto now = highest();
  const Ticks elapsed = last_ - started_;
  if (!baseline_ || !now || elapsed < kRateWindow) return 0;
  return (*now - *baseline_).count * 1'000'000 / elapsed.count;
}

}  // namespace m4f
