#include "orchestrator/stream/input_choice.h"

#include <algorithm>

namespace sluice::stream {
namespace {

using Kind = Order::Kind;

constexpr Millis kFirstRetry(500);
constexpr Millis kFlapped(30000);  // lost so soon after it was returned to, an input must prove itself longer
constexpr int kMostFlaps = 5;
constexpr Millis kBackupRetry(5000);

}  // namespace

InputChoice::InputChoice(ChoiceRules rules)
    : rules_(std::move(rules)), round_backoff_(kFirstRetry, Millis(30000), rules_.seed) {
  Millis longest = kFirstRetry;
  for (size_t i = 0; i < rules_.inputs.size(); ++i) {
    inputs_.emplace_back(Backoff(kFirstRetry, rules_.inputs[i].max_retry_timeout, rules_.seed + i + 1));
    longest = std::max(longest, rules_.inputs[i].max_retry_timeout);
  }
  round_backoff_ = Backoff(kFirstRetry, longest, rules_.seed);
}

void InputChoice::start(TimePoint now) {
  stop();
  running_ = true;
  last_shown_ = last_shown_video_ = last_shown_audio_ = now;
  last_ = inputs_.empty() ? 0 : inputs_.size() - 1;
  for (Input& input : inputs_) input.retry_at = input.checked = now;
  settle(now);
}

void InputChoice::stop() {
  running_ = false;
  for (Input& input : inputs_) {
    const bool allowed = input.allowed, published = input.published;
    Backoff backoff = input.backoff;
    backoff.reset();
    input = Input(backoff);
    input.allowed = allowed;
    input.published = published;
  }
  orders_.clear();
  shown_ = next_ = forced_ = told_ = std::nullopt;
  pause_until_.reset();
  round_backoff_.reset();
  rounds_ = 0;
  backup_open_ = backup_shown_ = false;
  backup_retry_at_ = {};
  wake_at_ = TimePoint::max();
}

bool InputChoice::available(size_t i, TimePoint now) {
  const Input& input = inputs_[i];
  if (!input.allowed || (rules_.inputs[i].publish && !input.published)) return false;
  if (now >= input.retry_at) return true;
  wake(input.retry_at);
  return false;
}

bool InputChoice::fresh(size_t i, TimePoint now) const {
  const Input& input = inputs_[i];
  const InputRules& rules = rules_.inputs[i];
  const auto recent = [&](std::optional<TimePoint> last) { return last && now - *last <= kFreshness; };
  return input.open && recent(input.seen.any()) &&
         (rules.video_timeout <= Millis(0) || recent(input.seen.video)) &&
         (rules.audio_timeout <= Millis(0) || recent(input.seen.audio));
}

Millis InputChoice::proof(size_t i) const {
  return rules_.inputs[i].proof * (1 << std::min(inputs_[i].flaps, kMostFlaps));
}

void InputChoice::open(size_t i, bool held, TimePoint now) {
  Input& input = inputs_[i];
  input.open = true;
  input.released = !held;
  input.checking = input.timed_out = false;
  input.resume_after.reset();
  input.opened = now;
  input.seen = {};
  order(Kind::kOpen, i, held);
}

void InputChoice::close(size_t i) {
  Input& input = inputs_[i];
  if (!input.open) return;
  input.open = input.released = input.checking = false;
  input.resume_after.reset();
  if (next_ == i) next_.reset();
  if (shown_ == i) shown_.reset();
  order(Kind::kClose, i);
}

void InputChoice::release(size_t i, TimePoint now) {
  Input& input = inputs_[i];
  if (!input.open) return open(i, false, now);
  input.checking = false;
  input.resume_after.reset();
  if (input.released) return;
  input.released = true;
  order(Kind::kRelease, i);
}

// It is the one to be shown; who was to be shown and is not, is not any more.
void InputChoice::turn_to(size_t i, TimePoint now) {
  if (next_ && next_ != i) close(*next_);
  next_ = i;
  if (told_ && told_ != i) order(Kind::kSwitched, i);
  told_ = i;
  release(i, now);
}

// An input that is open is no good.
void InputChoice::drop(size_t i, std::string reason, TimePoint now) {
  Input& input = inputs_[i];
  if (!input.open) return;
  const bool wanted = shown_ == i || next_ == i;
  order(wanted ? Kind::kLost : Kind::kFailed, i, false, std::move(reason));
  if (shown_ == i) {
    const auto lasted = now - input.shown_since;
    input.flaps = lasted < kFlapped ? input.flaps + 1 : 0;
    for (Input& other : inputs_) other.tried = false;
    round_backoff_.reset();
  }
  if (wanted) {
    last_ = i;
    input.tried = true;
  }
  if (forced_ == i) forced_.reset();
  input.checked = now;
  input.retry_at = now + input.backoff.next();
  if (!have_clients_) input.retry_at = std::max(input.retry_at, now + rules_.inputs[i].no_clients_delay);
  close(i);
}

void InputChoice::saw(size_t i, const SeenFrames& seen, TimePoint now) {
  Input& input = inputs_[i];
  if (!input.open || !seen.any()) return;
  if (!input.seen.any() || *seen.any() - *input.seen.any() > kFreshness) input.frames_since = *seen.any();
  input.seen = seen;
  if (input.checking) {
    order(Kind::kChecked, i);
    input.checked = now;
    return close(i);
  }
  if (shown_ != i) return;
  last_shown_ = std::max(last_shown_, *seen.any());
  if (seen.video) last_shown_video_ = std::max(last_shown_video_, *seen.video);
  if (seen.audio) last_shown_audio_ = std::max(last_shown_audio_, *seen.audio);
}

void InputChoice::lost(size_t i, std::string reason, TimePoint now) {
  if (!running_) return;
  drop(i, std::move(reason), now);
  settle(now);
}

void InputChoice::took_over(size_t i, TimePoint now) {
  if (!running_) return;
  Input& input = inputs_[i];
  if (!input.open) return interrupted(now);
  backup_shown_ = false;
  if (backup_open_) {
    backup_open_ = false;
    order(Kind::kCloseBackup);
  }
  if (next_ == i) next_.reset();
  shown_ = i;
  input.shown_since = now;
  last_shown_ = last_shown_video_ = last_shown_audio_ = now;
  input.backoff.reset();
  round_backoff_.reset();
  rounds_ = 0;
  pause_until_.reset();
  for (Input& other : inputs_) other.tried = false;
  order(Kind::kReady, i);
  for (size_t other = 0; other < inputs_.size(); ++other)
    if (other != i && (!better(other, i) || forced_ == i)) close(other);
  settle(now);
}

void InputChoice::interrupted(TimePoint now) {
  if (!running_) return;
  if (shown_) {
    const size_t i = *shown_;
    inputs_[i].released = false;
    if (!next_) next_ = i;
    if (next_ == i) shown_.reset();
    release(i, now);
  }
  settle(now);
}

void InputChoice::backup_took_over(TimePoint now) {
  if (!running_) return;
  if (!backup_open_) return interrupted(now);
  if (!shown_) {
    backup_shown_ = true;
    return settle(now);
  }
  Input& input = inputs_[*shown_];
  input.released = false;  // by the one that took over
  input.resume_after = now;
  const BackupRules rules = rules_.backup.value_or(BackupRules{});
  input.resume_video = rules.video_timeout > Millis(0) && now - last_shown_video_ >= rules.video_timeout;
  input.resume_audio = rules.audio_timeout > Millis(0) && now - last_shown_audio_ >= rules.audio_timeout;
  if (!next_) next_ = shown_;
  shown_.reset();
  backup_shown_ = true;
  settle(now);
}

void InputChoice::backup_lost(TimePoint now) {
  backup_open_ = backup_shown_ = false;
  backup_retry_at_ = now + kBackupRetry;
  settle(now);
}

void InputChoice::allow(size_t i, bool allowed, TimePoint now) {
  if (std::exchange(inputs_[i].allowed, allowed) == allowed || !running_) return;
  if (!allowed) {
    if (inputs_[i].open) drop(i, "switched off by its allow_if or deny_if file", now);
  } else {
    inputs_[i].retry_at = now;
    inputs_[i].tried = false;
  }
  settle(now);
}

void InputChoice::publisher(size_t i, bool there, TimePoint now) {
  if (std::exchange(inputs_[i].published, there) == there || !running_) return;
  if (there) {
    inputs_[i].retry_at = now;
    inputs_[i].tried = false;
  } else if (inputs_[i].open) {
    drop(i, "the publisher has left", now);
  }
  settle(now);
}

void InputChoice::clients(bool any, TimePoint now) {
  if (std::exchange(have_clients_, any) == any || !running_) return;
  if (any) {
    for (size_t i = 0; i < inputs_.size(); ++i)
      if (rules_.inputs[i].no_clients_delay > Millis(0))
        inputs_[i].retry_at = std::min(inputs_[i].retry_at, now);
  }
  settle(now);
}

void InputChoice::select(size_t i, TimePoint now) {
  if (!running_) return;
  forced_ = i;
  inputs_[i].retry_at = now;
  if (shown_ == i) {
    if (next_) close(*next_);
  } else if (available(i, now)) {
    turn_to(i, now);
  } else {
    forced_.reset();
  }
  settle(now);
}

bool InputChoice::may_publish(size_t i) const {
  if (!rules_.inputs[i].publish || !inputs_[i].allowed) return false;
  return !shown_ || *shown_ == i || (better(i, *shown_) && !forced_);
}

}  // namespace sluice::stream
