#include "m4fudp/push.h"

#include <fmt/format.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <random>

namespace m4fudp {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kLook(100);    // standby: how often a silent push listens
constexpr milliseconds kQuiet(1000);  // and how long the group must be silent, with as much again by chance
constexpr milliseconds kForget(10'000);  // an error that did not come back
constexpr milliseconds kPublish(100);
constexpr nanoseconds kEarly(50'000);  // what is due so soon goes with what is due now
constexpr size_t kMostEvents = 20'000;

int64_t count(Instant at) {
  return std::chrono::duration_cast<nanoseconds>(at.time_since_epoch()).count();
}

// Two that stand by for one group must not wake together.
milliseconds quiet_time() {
  std::random_device random;
  return kQuiet + milliseconds(random() % 1000);
}

// Of the datagram, not of the way: the next one may pass.
bool passing(int code) {
  return code == EAGAIN || code == ENOBUFS || code == ECONNREFUSED || code == EHOSTUNREACH || code == EPERM ||
         code == EMSGSIZE || code == EINTR;
}

}  // namespace

const char* state_name(PushState state) {
  switch (state) {
    case PushState::kStarting:
      return "starting";
    case PushState::kRunning:
      return "running";
    case PushState::kStandby:
      return "pending";
    case PushState::kStalled:
      return "stalling";
    case PushState::kRetry:
      return "retry";
    case PushState::kStopped:
      return "error";
  }
  return "";
}

Push::Push(PushSettings settings, std::function<void(Push&)> wake)
    : settings_(std::move(settings)),
      wake_(std::move(wake)),
      shaper_(settings_.shaper),
      quiet_(quiet_time()) {}

void Push::write(const m4f::RecordEvent& event) {
  if (!std::holds_alternative<m4f::FramesAdded>(event)) return;
  {
    const std::lock_guard lock(mutex_);
    if (inbox_.size() >= kMostEvents) return;  // the sender's thread has long been stopped
    inbox_.push_back(event);
    drained_.store(false, std::memory_order_release);
  }
  // One that sends anyway finds it soon enough.
  constexpr int64_t kSoon = 2'000'000;
  if (sleeps_until_.load(std::memory_order_acquire) > count(std::chrono::steady_clock::now()) + kSoon)
    wake_(*this);
}

PushStatus Push::status() const {
  const std::lock_guard lock(mutex_);
  return published_status_;
}

void Push::wait_drained(milliseconds at_most) const {
  std::unique_lock lock(mutex_);
  drained_condition_.wait_for(lock, at_most, [this] { return drained(); });
}

std::optional<Instant> Push::run(Instant now) {
  const PushState before = now_.state;
  const auto next = advance(now);
  // One that will sleep for long says how it stands.
  const bool sleeps = !next || *next - now >= kPublish;
  if (before != now_.state || sleeps || now - published_ >= kPublish) publish(now);
  sleeps_until_.store(next ? count(*next) : INT64_MAX, std::memory_order_release);
  // What was written while this ran might have seen the old time.
  const std::lock_guard lock(mutex_);
  if (inbox_.empty()) {
    const bool drained = !socket_ || silent_ || shaper_.drained();
    if (!drained_.exchange(drained, std::memory_order_acq_rel) && drained) drained_condition_.notify_all();
    return next;
  }
  return next ? std::min(*next, now + milliseconds(1)) : now + milliseconds(1);
}

std::optional<Instant> Push::advance(Instant now) {
  if (now_.state == PushState::kStopped) {
    take_inbox(now);
    return std::nullopt;
  }
  if (!socket_ && (now < retry_at_ || !open(now))) {
    take_inbox(now);
    if (now_.state == PushState::kStopped) return std::nullopt;
    return retry_at_;
  }
  silent_ = settings_.standby && !may_send(now);
  take_inbox(now);
  if (silent_) return now + kLook;
  if (settings_.timeout.count() == 0 || now_.state != PushState::kRunning) return send_due(now);
  const Instant limit = last_frame_ + settings_.timeout;
  if (now >= limit) {
    shaper_.reset();
    now_.state = PushState::kStalled;
    return std::nullopt;
  }
  const auto due = send_due(now);
  return due ? std::min(*due, limit) : limit;
}

bool Push::open(Instant now) {
  auto fd = open_sender(settings_.to);
  m4f::Result<m4f::UniqueFd> listener;
  if (fd && settings_.standby) listener = open_listener(settings_.to);
  if (!fd || !listener) {
    const std::string reason = (fd ? listener.error() : fd.error()).message();
    if (settings_.retry_limit && ++attempts_ > *settings_.retry_limit) {
      note_error(reason, now);
      now_.state = PushState::kStopped;
      return false;
    }
    close(now, reason);
    return false;
  }
  socket_ = std::move(*fd);
  listener_ = std::move(*listener);
  attempts_ = 0;
  heard_at_ = now;
  last_frame_ = now;
  now_.state = settings_.standby ? PushState::kStandby : PushState::kStarting;
  return true;
}

void Push::close(Instant now, std::string reason) {
  note_error(std::move(reason), now);
  ++now_.retries;
  socket_.reset();
  listener_.reset();
  shaper_.reset();
  retry_at_ = now + settings_.retry_timeout;
  now_.state = PushState::kRetry;
}

void Push::take_inbox(Instant now) {
  events_.clear();
  {
    const std::lock_guard lock(mutex_);
    events_.swap(inbox_);
  }
  if (!events_.empty()) last_frame_ = now;
  if (!socket_ || silent_) return;
  for (const m4f::RecordEvent& event : events_) shaper_.add(event, now);
}

bool Push::may_send(Instant now) {
  if (heard_others(listener_, socket_)) heard_at_ = now;
  const bool free = now - heard_at_ >= quiet_;
  if (free == (now_.state != PushState::kStandby)) return free;
  if (!free) shaper_.reset();
  now_.state = free ? PushState::kStarting : PushState::kStandby;
  return free;
}

std::optional<Instant> Push::send_due(Instant now) {
  while (true) {
    size_t ready = 0;
    auto due = shaper_.due();
    for (; due && *due <= now + kEarly && ready < kBatch; due = shaper_.due()) {
      sizes_[ready] = shaper_.take(std::max(now, *due), datagrams_[ready]);
      if (sizes_[ready] > 0) ++ready;
    }
    if (ready > 0 && !send(ready, now)) return retry_at_;
    if (ready == kBatch) continue;
    if (due || !settings_.standby) return due;
    return now + kLook;
  }
}

bool Push::send(size_t count, Instant now) {
  std::array<iovec, kBatch> parts;
  std::array<mmsghdr, kBatch> messages{};
  for (size_t i = 0; i < count; ++i) {
    parts[i] = {datagrams_[i].data(), sizes_[i]};
    messages[i].msg_hdr.msg_iov = &parts[i];
    messages[i].msg_hdr.msg_iovlen = 1;
  }
  int refused =
      0;  // a report of an earlier datagram takes the place of this one's result: it is tried again, once
  for (size_t at = 0; at < count;) {
    const int sent =
        sendmmsg(socket_.get(), messages.data() + at, static_cast<unsigned>(count - at), MSG_DONTWAIT);
    if (sent > 0) {
      for (size_t i = at; i < at + static_cast<size_t>(sent); ++i) now_.bytes += sizes_[i];
      now_.datagrams += static_cast<uint64_t>(sent);
      at += static_cast<size_t>(sent);
      refused = 0;
      continue;
    }
    const int code = errno;
    ++now_.errors;
    if (code == ECONNREFUSED) {
      note_error(fmt::format("nobody listens at {} (the receiver's machine says so)", settings_.to.text()),
                 now);
    } else {
      note_error(fmt::format("cannot send to {}: {}", settings_.to.text(), std::strerror(code)), now);
    }
    if (!passing(code)) {
      now_.dropped += count - at;
      close(now, std::move(now_.last_error));
      return false;
    }
    if ((code == ECONNREFUSED || code == EHOSTUNREACH) && ++refused < 2) continue;
    ++now_.dropped;
    ++at;
    refused = 0;
  }
  now_.state = PushState::kRunning;
  return true;
}

void Push::note_error(std::string text, Instant now) {
  now_.last_error = std::move(text);
  error_at_ = now;
}

void Push::publish(Instant now) {
  published_ = now;
  if (socket_ && !now_.last_error.empty() && now - error_at_ > kForget) now_.last_error.clear();
  now_.shaper = shaper_.stats();
  const std::lock_guard lock(mutex_);
  const bool news = now_.state != published_status_.state ||
                    now_.last_error != published_status_.last_error ||
                    now_.shaper.does_not_fit != published_status_.shaper.does_not_fit;
  published_status_ = now_;
  if (news) news_.fetch_add(1, std::memory_order_release);
}

}  // namespace m4fudp
