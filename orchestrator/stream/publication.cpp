#include "orchestrator/stream/publication.h"

#include <fmt/format.h>

#include <utility>

namespace sluice::stream {
namespace {

constexpr size_t kWaitingEnough = 1 << 20;  // bytes that wait for an ingest before the publisher is held up
constexpr size_t kWaitingMost = 2 << 20;    // what was on its way then is taken up to here

}  // namespace

Publication::Publication(std::optional<uint64_t> max_kbit,
                         std::function<void(bool, const std::string&)> changed)
    : changed_(std::move(changed)), max_kbit_(max_kbit) {}

std::variant<std::unique_ptr<Publication::Session>, PublishRefusal> Publication::offer(Publisher publisher) {
  uint64_t id = 0;
  const std::string who = publisher.address;
  {
    std::lock_guard lock(mutex_);
    if (!open_) return PublishRefusal{PublishRefusal::Kind::kForbidden, closed_reason_};
    if (session_)
      return PublishRefusal{PublishRefusal::Kind::kTaken,
                            fmt::format("{} publishes here already", publisher_->address)};
    publisher_ = std::move(publisher);
    id = session_ = ++sessions_;
    waiting_.clear();
    paused_ = false;
    guard_.reset();
    if (max_kbit_) guard_.emplace(*max_kbit_, Clock::now());
  }
  changed_(true, who);
  return std::make_unique<Session>(shared_from_this(), id);
}

void Publication::open() {
  std::lock_guard lock(mutex_);
  open_ = true;
}

void Publication::close(std::string reason) {
  std::function<void(std::string)> cut;
  {
    std::lock_guard lock(mutex_);
    open_ = false;
    closed_reason_ = reason;
    if (publisher_) cut = std::exchange(publisher_->cut, nullptr);
  }
  if (cut) cut(std::move(reason));
}

bool Publication::there() const {
  std::lock_guard lock(mutex_);
  return session_ != 0;
}

uint64_t Publication::bytes() const {
  std::lock_guard lock(mutex_);
  return bytes_;
}

bool Publication::push(uint64_t session, std::string_view bytes) {
  std::function<void(std::string)> cut;
  bool more = false;
  {
    std::lock_guard lock(mutex_);
    if (session != session_ || !publisher_->cut) return false;  // it was cut
    bytes_ += bytes.size();
    if (guard_ && !guard_->take(bytes.size(), Clock::now())) {
      cut = std::exchange(publisher_->cut, nullptr);
    } else if (sink_) {
      more = sink_->take(bytes);
    } else {
      if (waiting_.size() + bytes.size() <= kWaitingMost) waiting_.append(bytes);
      more = waiting_.size() < kWaitingEnough;
    }
    paused_ = !more;
  }
  if (cut) cut(fmt::format("more than max_bitrate ({} kbit/s) is published", *max_kbit_));
  return more;
}

void Publication::leave(uint64_t session) {
  std::string who;
  {
    std::lock_guard lock(mutex_);
    if (session != session_) return;
    who = publisher_->address;
    publisher_.reset();
    session_ = 0;
    paused_ = false;
    waiting_.clear();
    if (sink_) sink_->end();
    sink_.reset();
  }
  changed_(false, who);
}

void Publication::attach(std::shared_ptr<PublishSink> sink) {
  {
    std::lock_guard lock(mutex_);
    sink_ = std::move(sink);
    if (!session_) {  // it has left meanwhile
      sink_->end();
      sink_.reset();
      return;
    }
    if (!waiting_.empty()) sink_->take(waiting_);
    waiting_ = {};
  }
  room();
}

void Publication::detach(const PublishSink* sink) {
  std::lock_guard lock(mutex_);
  if (sink_.get() == sink) sink_.reset();
}

void Publication::room() {
  std::function<void()> resume;
  {
    std::lock_guard lock(mutex_);
    if (!std::exchange(paused_, false) || !publisher_) return;
    resume = publisher_->resume;
  }
  if (resume) resume();
}

}  // namespace sluice::stream
