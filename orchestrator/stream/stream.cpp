#include "orchestrator/stream/stream.h"

#include <algorithm>
#include <utility>

#include "orchestrator/stream/output_options.h"
#include "orchestrator/stream/stream_setup.h"

namespace sluice::stream {
namespace {

constexpr std::chrono::seconds kForgetAfter(10);
// Who started it may still wait for what can be played.
constexpr std::chrono::seconds kFirstVisit(20);

TimePoint steady_now() {
  return std::chrono::steady_clock::now();
}

}  // namespace

Stream::Stream(config::Stream config, StreamContext context, bool by_user)
    : name_(config.name),
      context_(std::move(context)),
      by_user_(by_user),
      ring_(std::make_shared<m4f::LiveRing>(ring_settings(config))),
      delivery_(
          std::make_unique<m4f::Delivery>(name_, ring_, context_.cache, delivery_options(config, true))),
      pushes_(name_, context_.sender, context_.log, context_.events),
      config_(std::make_shared<const config::Stream>(std::move(config))) {
  demanded_ = steady_now().time_since_epoch().count();
  if (!config_->disabled) presence_ = config_->is_static ? Presence::kHere : Presence::kResting;
  for (const config::Input& input : config_->inputs) {
    InputStatus status;
    status.url = input.url;
    inputs_status_.push_back(std::move(status));
  }
}

Stream::~Stream() = default;

std::shared_ptr<const config::Stream> Stream::shared_config() const {
  std::lock_guard lock(mutex_);
  return config_;
}

void Stream::start() {
  {
    std::lock_guard lock(mutex_);
    id_ = uuid();
    opened_at_ms_ = utc_ms();
  }
  const auto config = shared_config();
  if (config->disabled) return;
  if (!plan()) return;
  if (config->is_static || presence_ == Presence::kStarting) run();
}

// False: it can never run, and that has been said.
bool Stream::plan() {
  const auto config = shared_config();
  auto planned = plan::plan(*config);
  if (auto* bad = std::get_if<plan::PlanError>(&planned)) {
    fail_for_good(bad->text);
    return false;
  }
  plan_ = std::move(std::get<plan::StreamPlan>(planned));
  backup_plan_.reset();
  if (config->backup) {
    auto backup = plan::plan_backup(*config);
    if (auto* bad = std::get_if<plan::PlanError>(&backup)) {
      context_.log.error("stream {}: its backup cannot be played: {}", name_, bad->text);
    } else {
      backup_plan_ = std::move(std::get<plan::InputPlan>(backup));
    }
  }
  planned_ = true;
  std::lock_guard lock(mutex_);
  inputs_status_.resize(config->inputs.size());
  for (const plan::InputPlan& input : plan_.inputs)
    inputs_status_[input.index].url = input.supervision.address;
  return true;
}

void Stream::fail_for_good(std::string reason) {
  context_.log.error("stream {}: {}", name_, reason);
  presence_ = Presence::kOff;
  {
    std::lock_guard lock(mutex_);
    status_ = Status::kError;
  }
  ring_->end();  // wakes who waits
}

void Stream::run() {
  if (inputs_ || stopping_ || !planned_) return;
  if (plan_.inputs.empty() && !backup_plan_) {
    context_.log.info("stream {}: has no input", name_);
    return;
  }
  auto spine = Spine::start(name_, plan_.spine, ring_);
  if (!spine) return fail_for_good(spine.error().message());
  junction_ = std::make_shared<Junction>(std::move(*spine));
  pushes_.apply(junction_->spine(), plan_.pushes);
  last_client_ = steady_now();
  sessions_before_ = total_sessions_;
  emit("stream_started");
  connect_inputs();
}

void Stream::connect_inputs() {
  const auto config = shared_config();
  reasons_.assign(plan_.inputs.size(), {});
  at_tick_.assign(plan_.inputs.size(), {});
  rated_ = 0;
  InputsSetup setup = inputs_setup(*config, plan_, backup_plan_);
  setup.feeds = {publication(), context_.find};
  inputs_ = std::make_shared<Inputs>(std::move(setup), junction_, context_.workers,
                                     static_cast<InputsListener&>(*this));
  had_clients_ = online_clients_ > 0 || presence_ == Presence::kStarting;
  inputs_->clients(had_clients_);
  inputs_->start();
  tell_publishing();
}

// Nobody watches, or nothing can be had: all goes but the stream's name.
void Stream::rest(const std::string& reason) {
  if (!inputs_) return;
  presence_ = Presence::kResting;
  auto inputs = std::exchange(inputs_, nullptr);
  inputs->stop([inputs] {});
  pushes_.stop(reason);
  junction_.reset();
  {
    std::lock_guard lock(mutex_);
    status_ = Status::kWaiting;
    started_at_ms_ = 0;
    backup_shown_ = false;
    for (InputStatus& input : inputs_status_) input.active = false;
  }
  ring_->clear();
  ring_->end();
  media_info_.clear();
  emit("stream_stopped", {{"reason", reason}});
}

void Stream::stop(std::function<void()> done) {
  stopping_ = true;
  presence_ = Presence::kOff;
  auto finish = [self = shared_from_this(), done = std::move(done)] { done(); };
  if (!inputs_) {
    ring_->end();
    return post_to_main(finish);
  }
  auto inputs = std::exchange(inputs_, nullptr);
  inputs->stop([inputs, finish] { finish(); });
  pushes_.stop("the stream stops");
  junction_.reset();  // the pipelines keep it as long as they need it
  ring_->end();
  emit("stream_stopped", {{"reason", "the server or its configuration"}});
}

void Stream::change(config::Stream config, bool inputs) {
  const bool was_static = shared_config()->is_static;
  auto next = std::make_shared<const config::Stream>(std::move(config));
  {
    std::lock_guard lock(mutex_);
    config_ = next;
  }
  ring_->configure(ring_settings(*next));
  delivery_->configure(delivery_options(*next, !bursty_));
  emit("stream_reconfigured");
  if (inputs) {
    if (!plan()) return rest("the configuration");
    if (inputs_) {
      auto old = std::exchange(inputs_, nullptr);
      old->stop([old] {});
      connect_inputs();
    }
  }
  plan_.pushes = plan::plan_pushes(*next);
  if (junction_) pushes_.apply(junction_->spine(), plan_.pushes);
  if (next->is_static && !was_static) {
    presence_ = Presence::kHere;
    run();
  } else if (!next->is_static && was_static && !inputs_) {
    presence_ = Presence::kResting;
  }
}

bool Stream::forgotten(TimePoint now) const {
  return by_user_ && !inputs_ && presence_ != Presence::kStarting && online_clients_ == 0 &&
         now - TimePoint(TimePoint::duration(demanded_)) > kForgetAfter;
}

Presence Stream::demand() {
  demanded_ = steady_now().time_since_epoch().count();
  Presence resting = Presence::kResting;
  if (!presence_.compare_exchange_strong(resting, Presence::kStarting)) return presence();
  // One of those who come at once gets here. A stream that was made this moment runs as soon as it is
  // started.
  post_to_main([self = shared_from_this()] { self->run(); });
  return Presence::kStarting;
}

Presence Stream::presence() const {
  const Presence now = presence_;
  return now == Presence::kStarting && !ring_->view()->segments.empty() ? Presence::kHere : now;
}

bool Stream::select_input(size_t index) {
  if (index >= shared_config()->inputs.size()) return false;
  post_to_main([self = shared_from_this(), index] {
    if (!self->inputs_) return;
    for (size_t i = 0; i < self->plan_.inputs.size(); ++i)
      if (self->plan_.inputs[i].index == index) return self->inputs_->select(i);
  });
  return true;
}

void Stream::session_opened() {
  online_clients_.fetch_add(1, std::memory_order_relaxed);
  total_sessions_.fetch_add(1, std::memory_order_relaxed);
  demanded_ = steady_now().time_since_epoch().count();
}

void Stream::session_closed() {
  demanded_ = steady_now().time_since_epoch().count();
  online_clients_.fetch_sub(1, std::memory_order_relaxed);
}

void Stream::look_after_clients(TimePoint now) {
  if (!inputs_) return;
  const bool any = online_clients_ > 0 || published_now();
  if (std::exchange(had_clients_, any) != any) inputs_->clients(any);
  const auto config = shared_config();
  if (any || config->is_static || config->clients_timeout.count() == 0) return;
  const TimePoint last = std::max(last_client_, TimePoint(TimePoint::duration(demanded_)));
  const bool visited = total_sessions_ > sessions_before_;
  const auto patience = visited ? config->clients_timeout : std::max(config->clients_timeout, kFirstVisit);
  if (now - last >= patience) rest("nobody watches");
}

void Stream::tick(TimePoint now) {
  for (const std::string& warning : delivery_->take_warnings())
    context_.log.warning("stream {}: {}", name_, warning);
  pushes_.tick();
  count_figures(now);
  if (inputs_) inputs_->tick();
  allow_publishing();
  if (inputs_) cut_if_too_fast();
  tell_media_info();
  look_after_clients(now);
}

}  // namespace sluice::stream
