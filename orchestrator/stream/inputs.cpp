#include "orchestrator/stream/inputs.h"

#include <fstream>
#include <utility>

namespace sluice::stream {
namespace {

TimePoint steady_now() {
  return std::chrono::steady_clock::now();
}

// What a file says: nothing if it is missing or says something else than 1 or 0.
std::optional<bool> read_switch(const std::string& path) {
  if (path.empty()) return std::nullopt;
  std::ifstream file(path);
  char c = 0;
  if (!(file >> c)) return std::nullopt;
  if (c == '1') return true;
  if (c == '0') return false;
  return std::nullopt;
}

}  // namespace

Inputs::Inputs(InputsSetup setup, std::shared_ptr<Junction> junction, Workers& workers,
               InputsListener& listener)
    : setup_(std::move(setup)),
      junction_(std::move(junction)),
      workers_(workers),
      listener_(&listener),
      choice_(setup_.rules),
      ingests_(setup_.plans.size()) {}

void Inputs::start() {
  choice_.start(steady_now());
  read_switches();
  settle();
}

void Inputs::stop(std::function<void()> done) {
  listener_ = nullptr;
  timer_.stop();
  choice_.stop();
  stopped_ = std::move(done);
  ++closing_;  // until all have been told
  for (auto& ingest : ingests_) close(ingest);
  close(backup_);
  if (--closing_ == 0) post_to_main(std::exchange(stopped_, nullptr));
}

void Inputs::tick() {
  if (!listener_) return;
  read_switches();
  settle();
}

void Inputs::clients(bool any) {
  choice_.clients(any, steady_now());
  settle();
}

void Inputs::select(size_t i) {
  choice_.select(i, steady_now());
  settle();
}

void Inputs::cut(size_t i, std::string reason) {
  choice_.lost(i, std::move(reason), steady_now());
  settle();
}

void Inputs::publisher(size_t i, bool there) {
  choice_.publisher(i, there, steady_now());
  settle();
}

std::optional<IngestFigures> Inputs::figures(size_t i) const {
  if (!ingests_[i]) return std::nullopt;
  return ingests_[i]->figures();
}

void Inputs::see() {
  for (size_t i = 0; i < ingests_.size(); ++i)
    if (ingests_[i]) choice_.saw(i, ingests_[i]->seen(), steady_now());
}

// Until nothing is left to be done; then sets the alarm.
void Inputs::settle() {
  if (!listener_ || settling_) return;
  settling_ = true;
  see();
  choice_.tick(steady_now());
  for (auto orders = choice_.take_orders(); !orders.empty() && listener_; orders = choice_.take_orders())
    for (const Order& order : orders) {
      if (!listener_) break;
      obey(order);
    }
  settling_ = false;
  if (!listener_) return;
  const auto until = std::chrono::duration_cast<Millis>(choice_.wake_at() - steady_now());
  const Millis pause = std::clamp(until + Millis(1), Millis(1), Millis(3600'000));
  timer_ = Timer(
      static_cast<guint>(pause.count()), [this] { settle(); }, true);
}

void Inputs::obey(const Order& order) {
  switch (order.kind) {
    case Order::Kind::kOpen:
      return open(order.input, order.held);
    case Order::Kind::kClose:
      listener_->closed(order.input);
      return close(ingests_[order.input]);
    case Order::Kind::kRelease:
      if (ingests_[order.input]) ingests_[order.input]->release();
      return;
    case Order::Kind::kOpenBackup:
      return open_backup();
    case Order::Kind::kCloseBackup:
      close(backup_);
      return listener_->backup_changed(false, {});
    case Order::Kind::kGiveUp:
      return listener_->gave_up();
    case Order::Kind::kReady:
    case Order::Kind::kLost:
    case Order::Kind::kFailed:
    case Order::Kind::kSwitched:
    case Order::Kind::kTimedOut:
    case Order::Kind::kRestored:
    case Order::Kind::kChecked:
      return listener_->told(order);
  }
}

void Inputs::open(size_t i, bool held) {
  listener_->opened(i);
  std::weak_ptr<Inputs> weak = weak_from_this();
  // The callbacks outlive the ingest's turn by a moment: they say whose they are.
  auto whose = std::make_shared<std::weak_ptr<Ingest>>();
  const auto current = [weak, whose, i]() -> std::shared_ptr<Inputs> {
    auto self = weak.lock();
    auto ingest = whose->lock();
    return self && self->listener_ && ingest && self->ingests_[i] == ingest ? self : nullptr;
  };
  Ingest::Callbacks callbacks;
  callbacks.began = [weak, current, i] {
    if (auto self = current()) {
      self->choice_.took_over(i, steady_now());
      self->settle();
    } else if ((self = weak.lock())) {
      self->choice_.interrupted(steady_now());
      self->settle();
    }
  };
  callbacks.lost = [current, i](std::string reason) {
    if (auto self = current()) {
      self->choice_.lost(i, std::move(reason), steady_now());
      self->settle();
    }
  };
  callbacks.warning = [current, i](std::string text) {
    if (auto self = current()) self->listener_->warned(i, std::move(text));
  };
  ingests_[i] =
      std::make_shared<Ingest>(setup_.plans[i], junction_, workers_, std::move(callbacks), setup_.feeds);
  *whose = ingests_[i];
  ingests_[i]->start(held);
}

void Inputs::open_backup() {
  if (!setup_.backup) return;
  std::weak_ptr<Inputs> weak = weak_from_this();
  auto whose = std::make_shared<std::weak_ptr<Ingest>>();
  const auto current = [weak, whose]() -> std::shared_ptr<Inputs> {
    auto self = weak.lock();
    auto ingest = whose->lock();
    return self && self->listener_ && ingest && self->backup_ == ingest ? self : nullptr;
  };
  Ingest::Callbacks callbacks;
  callbacks.began = [weak, current] {
    if (auto self = current()) {
      self->choice_.backup_took_over(steady_now());
      self->listener_->backup_changed(true, {});
      self->settle();
    } else if ((self = weak.lock())) {
      self->choice_.interrupted(steady_now());
      self->settle();
    }
  };
  callbacks.lost = [current](std::string reason) {
    if (auto self = current()) {
      self->close(self->backup_);
      self->choice_.backup_lost(steady_now());
      self->listener_->backup_changed(false, std::move(reason));
      self->settle();
    }
  };
  callbacks.warning = [](std::string) {};
  backup_ = std::make_shared<Ingest>(*setup_.backup, junction_, workers_, std::move(callbacks));
  *whose = backup_;
  backup_->start(false);
}

// Kept until it is down, so that its last words are heard.
void Inputs::close(std::shared_ptr<Ingest>& slot) {
  if (!slot) return;
  ++closing_;
  auto ingest = std::exchange(slot, nullptr);
  ingest->stop([self = shared_from_this(), ingest](bool clean) {
    if (!clean && self->listener_)
      self->listener_->warned(0, "a connection does not come down; it is left behind");
    if (--self->closing_ == 0 && self->stopped_) std::exchange(self->stopped_, nullptr)();
  });
}

// allow_if and deny_if, by a worker: a disk may be slow.
void Inputs::read_switches() {
  bool any = false;
  for (size_t i = 0; i < size(); ++i)
    any = any || !setup_.allow_files[i].empty() || !setup_.deny_files[i].empty();
  if (!any || std::exchange(reading_switches_, true)) return;
  std::weak_ptr<Inputs> weak = weak_from_this();
  workers_.run([weak, allow = setup_.allow_files, deny = setup_.deny_files] {
    std::vector<bool> allowed;
    for (size_t i = 0; i < allow.size(); ++i)
      allowed.push_back(read_switch(allow[i]).value_or(true) && !read_switch(deny[i]).value_or(false));
    post_to_main([weak, allowed] {
      auto self = weak.lock();
      if (!self) return;
      self->reading_switches_ = false;
      if (!self->listener_) return;
      for (size_t i = 0; i < allowed.size(); ++i) self->choice_.allow(i, allowed[i], steady_now());
      self->settle();
    });
  });
}

}  // namespace sluice::stream
