// The rules of the choice: what follows from how things stand now.
#include <fmt/format.h>

#include <algorithm>

#include "orchestrator/stream/input_choice.h"

namespace sluice::stream {
namespace {

using Kind = Order::Kind;

constexpr Millis kPoll(200);  // while something is awaited
constexpr Millis kCheckAtMost(10000);
constexpr Millis kHour(3600'000);

std::string no_frames(const char* kind, Millis timeout, const char* option) {
  return fmt::format("no {} for {} s: is the source sending? ({})", kind, timeout.count() / 1000.0, option);
}

}  // namespace

void InputChoice::settle(TimePoint now) {
  if (!running_) return;
  wake_at_ = now + kHour;
  check_timeouts(now);
  check_frames_timeout(now);
  if (!shown_) search(now);
  if (!running_) return;
  if (!forced_) {
    probe_better(now);
    if (shown_) return_to_better(now);
  }
  recheck(now);
  resume(now);
  backup(now);
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (inputs_[i].open && shown_ != i) wake(now + kPoll);
}

void InputChoice::check_timeouts(TimePoint now) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    const Input& input = inputs_[i];
    if (!input.open) continue;
    const InputRules& rules = rules_.inputs[i];
    const auto late = [&](std::optional<TimePoint> last, Millis timeout) {
      if (timeout <= Millis(0)) return false;
      const TimePoint due = std::max(last.value_or(input.opened), input.opened) + timeout;
      if (now >= due) return true;
      wake(due);
      return false;
    };
    std::string reason;
    if (late(input.seen.any(), rules.source_timeout))
      reason = no_frames("frames", rules.source_timeout, "source_timeout");
    else if (late(input.seen.video, rules.video_timeout))
      reason = no_frames("video", rules.video_timeout, "video_timeout");
    else if (late(input.seen.audio, rules.audio_timeout))
      reason = no_frames("audio", rules.audio_timeout, "audio_timeout");
    else if (input.checking && late(std::nullopt, kCheckAtMost))
      reason = no_frames("frames", kCheckAtMost, "recheck_secondary_inputs_interval");
    if (reason.empty()) continue;
    drop(i, std::move(reason), now);
  }
}

void InputChoice::check_frames_timeout(TimePoint now) {
  const std::optional<size_t> current = shown_ ? shown_ : next_;
  if (!current) return;
  Input& input = inputs_[*current];
  const Millis timeout = rules_.inputs[*current].frames_timeout;
  if (timeout <= Millis(0) || !input.seen.any()) return;
  const TimePoint due = *input.seen.any() + timeout;
  const bool late = now >= due;
  if (!late) wake(due);
  if (late) wake(now + kPoll);
  if (std::exchange(input.timed_out, late) == late) return;
  order(late ? Kind::kTimedOut : Kind::kRestored, *current);
}

// Nothing is shown.
void InputChoice::search(TimePoint now) {
  // Whoever gives frames will do, the best of them first.
  if (!forced_ || (next_ && !fresh(*next_, now)))
    for (size_t i = 0; i < inputs_.size(); ++i) {
      if (next_ == i && fresh(i, now)) return;
      if (!fresh(i, now) || inputs_[i].resume_after) continue;
      if (next_ && !better(i, *next_) && inputs_[*next_].released && fresh(*next_, now)) return;
      return turn_to(i, now);
    }
  if (next_) return;
  if (pause_until_) {
    if (now < *pause_until_) return wake(*pause_until_);
    pause_until_.reset();
    for (Input& input : inputs_) {
      input.tried = false;
      input.retry_at = have_clients_ ? now : input.retry_at;
    }
    last_ = inputs_.size() - 1;
  }
  bool any = false, later = false;
  for (size_t n = 1; n <= inputs_.size(); ++n) {
    const size_t i = (last_ + n) % inputs_.size();
    Input& input = inputs_[i];
    if (!input.allowed || (rules_.inputs[i].publish && !input.published)) continue;
    any = true;
    if (input.tried) continue;
    // The pause between attempts is for whole rounds; the one without clients is for the input.
    if (!have_clients_ && rules_.inputs[i].no_clients_delay > Millis(0) && now < input.retry_at) {
      later = true;
      wake(input.retry_at);
      continue;
    }
    last_ = i;
    return turn_to(i, now);
  }
  if (any && !later) fail_round(now);
}

void InputChoice::fail_round(TimePoint now) {
  ++rounds_;
  if (rules_.retry_limit && rounds_ >= *rules_.retry_limit) {
    for (size_t i = 0; i < inputs_.size(); ++i) close(i);
    if (backup_open_) order(Kind::kCloseBackup);
    std::vector<Order> orders = take_orders();
    stop();
    orders_ = std::move(orders);
    order(Kind::kGiveUp);
    return;
  }
  pause_until_ = now + round_backoff_.next();
  wake(*pause_until_);
}

void InputChoice::probe_better(TimePoint now) {
  const std::optional<size_t> current = shown_ ? shown_ : next_;
  if (!current) return;
  for (size_t i = 0; i < inputs_.size(); ++i)
    if (!inputs_[i].open && better(i, *current) && available(i, now)) open(i, true, now);
}

void InputChoice::return_to_better(TimePoint now) {
  for (size_t i = 0; i < inputs_.size(); ++i) {
    if (!better(i, *shown_)) continue;
    if (next_ && !better(i, *next_)) return;
    if (!fresh(i, now)) continue;
    const TimePoint proven = inputs_[i].frames_since + proof(i);
    if (now >= proven) return turn_to(i, now);
    wake(proven);
  }
}

void InputChoice::recheck(TimePoint now) {
  if (rules_.recheck_interval <= Millis(0) || !shown_) return;
  for (size_t i = 0; i < inputs_.size(); ++i) {
    Input& input = inputs_[i];
    if (input.open || i == *shown_ || better(i, *shown_) || rules_.inputs[i].publish) continue;
    const TimePoint due = input.checked + rules_.recheck_interval;
    if (now < due) {
      wake(due);
    } else if (available(i, now)) {
      open(i, true, now);
      input.checking = true;
    }
  }
}

// The input that the backup stands in for gives frames again.
void InputChoice::resume(TimePoint now) {
  if (!next_ || !inputs_[*next_].resume_after) return;
  const Input& input = inputs_[*next_];
  const auto newer = [&](std::optional<TimePoint> seen) { return seen && now - *seen <= kFreshness; };
  if (!input.seen.any() || *input.seen.any() <= *input.resume_after) return;
  if ((input.resume_video && !newer(input.seen.video)) || (input.resume_audio && !newer(input.seen.audio)))
    return;
  release(*next_, now);
}

bool InputChoice::backup_needed(TimePoint now) {
  const BackupRules& rules = *rules_.backup;
  const std::optional<size_t> current = shown_ ? shown_ : next_;
  if (inputs_.empty()) return true;
  Millis timeout = rules.timeout;
  if (timeout <= Millis(0)) timeout = rules_.inputs[current.value_or(last_)].source_timeout;
  const auto late = [&](TimePoint last, Millis limit) {
    if (limit <= Millis(0)) return false;
    if (now >= last + limit) return true;
    wake(last + limit);
    return false;
  };
  if (late(last_shown_, timeout)) return true;
  return shown_ &&
         (late(last_shown_video_, rules.video_timeout) || late(last_shown_audio_, rules.audio_timeout));
}

void InputChoice::backup(TimePoint now) {
  if (!rules_.backup || backup_shown_) return;
  const bool needed = backup_needed(now);
  if (needed && !backup_open_) {
    if (now < backup_retry_at_) return wake(backup_retry_at_);
    backup_open_ = true;
    order(Kind::kOpenBackup);
  } else if (!needed && backup_open_) {
    backup_open_ = false;
    order(Kind::kCloseBackup);
  }
}

}  // namespace sluice::stream
