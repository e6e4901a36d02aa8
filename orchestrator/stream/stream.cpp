#include "orchestrator/stream/stream.h"

#include <algorithm>
#include <utility>

namespace sluice::stream {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds kFirstRetry(500);
constexpr int64_t kAliveMs = 12'000;  // the reference's limit for "alive"

int64_t utc_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string uuid() {
  Ptr<gchar> text(g_uuid_string_random());
  return text.get();
}

m4f::DeliveryOptions delivery_options(const config::Stream& config, bool low_latency) {
  m4f::DeliveryOptions options;
  options.segment_duration = m4f::Ticks::from(config.segment_duration);
  options.hls = config.protocols.hls;
  options.cmaf = config.protocols.cmaf;
  options.dash = config.protocols.dash;
  options.tshttp = config.protocols.tshttp;
  options.player = config.protocols.player;
  options.low_latency = low_latency;
  options.title = config.title;
  options.provider = config.provider;
  return options;
}

m4f::RingPtr make_ring(const config::Stream& config) {
  m4f::RingSettings settings;
  settings.segment_count = static_cast<size_t>(config.segment_count);
  return std::make_shared<m4f::LiveRing>(settings);
}

}  // namespace

Stream::Stream(config::Stream config, std::shared_ptr<m4f::PackageCache> cache, Workers& workers, Log& log,
               event::Events& events)
    : config_(std::move(config)),
      workers_(workers),
      log_(log),
      events_(events),
      ring_(make_ring(config_)),
      delivery_(std::make_unique<m4f::Delivery>(config_.name, ring_, std::move(cache),
                                                delivery_options(config_, true))) {}

Stream::~Stream() = default;

void Stream::start() {
  {
    std::lock_guard lock(mutex_);
    id_ = uuid();
    opened_at_ms_ = utc_ms();
  }
  if (config_.disabled) return;
  auto planned = plan::plan(config_);
  if (auto* bad = std::get_if<plan::PlanError>(&planned)) return fail_for_good(bad->text);
  plan_ = std::move(std::get<plan::StreamPlan>(planned));
  if (plan_.inputs.empty()) {
    log_.info("stream {}: has no input", config_.name);
    return;
  }
  {
    std::lock_guard lock(mutex_);
    for (const plan::InputPlan& input : plan_.inputs) {
      InputStatus status;
      status.url = input.supervision.address;
      inputs_.push_back(std::move(status));
    }
  }
  auto spine = Spine::start(config_.name, plan_.spine, ring_);
  if (!spine) return fail_for_good(spine.error().message());
  spine_ = std::move(*spine);
  open_input();
}

void Stream::fail_for_good(std::string reason) {
  log_.error("stream {}: {}", config_.name, reason);
  std::lock_guard lock(mutex_);
  status_ = Status::kError;
}

void Stream::open_input() {
  const plan::InputPlan& input = plan_.inputs[current_];
  if (!backoff_)
    backoff_ = std::make_unique<Backoff>(kFirstRetry, input.supervision.max_retry_timeout,
                                         std::hash<std::string>()(config_.name));
  delivery_->configure(delivery_options(config_, !input.supervision.bursty));
  attempt_started_ = last_frame_ = steady_clock::now();
  frames_seen_ = false;
  at_tick_ = {};
  {
    std::lock_guard lock(mutex_);
    for (InputStatus& one : inputs_) one.active = false;
    active().id = uuid();
    active().active = true;
    active().opened_at_ms = utc_ms();
    active().started_at_ms = 0;
  }
  std::weak_ptr<Stream> weak = weak_from_this();
  Ingest::Callbacks callbacks;
  callbacks.lost = [weak](std::string reason) {
    if (auto self = weak.lock()) self->lost(std::move(reason));
  };
  callbacks.warning = [weak](std::string text) {
    if (auto self = weak.lock()) self->log_.warning("stream {}: {}", self->name(), text);
  };
  ingest_ = std::make_shared<Ingest>(input, spine_, workers_, std::move(callbacks));
  if (auto started = ingest_->start(); !started) lost(started.error().message());
}

void Stream::lost(std::string reason) {
  if (stopping_ || !ingest_) return;
  const plan::Supervision& source = plan_.inputs[current_].supervision;
  if (reason != last_reason_)
    log_.warning("stream {}: source {} lost: {}; trying again until it comes back", config_.name,
                 source.address, reason);
  last_reason_ = reason;
  {
    std::lock_guard lock(mutex_);
    ++retries_;
    ++active().retries;
    active().last_error = reason;
    status_ = Status::kError;
  }
  std::weak_ptr<Stream> weak = weak_from_this();
  auto ingest = std::exchange(ingest_, nullptr);
  ingest->stop([weak, ingest](bool clean) {
    auto self = weak.lock();
    if (!self || self->stopping_) return;
    if (!clean)
      self->log_.warning("stream {}: the old connection does not come down; left behind", self->name());
    self->schedule_next();
  });
}

void Stream::schedule_next() {
  const bool last = current_ + 1 >= plan_.inputs.size();
  current_ = last ? 0 : current_ + 1;
  // The other inputs are tried at once; a full round without a source is followed by a pause.
  const auto pause = last ? backoff_->next() : std::chrono::milliseconds(0);
  retry_ = Timer(
      static_cast<guint>(pause.count()), [this] { open_input(); }, true);
}

void Stream::stop(std::function<void()> done) {
  stopping_ = true;
  retry_.stop();
  auto finish = [self = shared_from_this(), done = std::move(done)] {
    self->ring_->end();
    self->spine_.reset();
    done();
  };
  if (!ingest_) return post_to_main(finish);
  auto ingest = std::exchange(ingest_, nullptr);
  ingest->stop([ingest, finish](bool) { finish(); });
}

bool Stream::note_frames(const IngestFigures& figures, steady_clock::time_point now) {
  if (figures.frames == at_tick_.frames) return false;
  last_frame_ = now;
  if (!frames_seen_) {
    frames_seen_ = true;
    backoff_->reset();
    last_reason_.clear();
    log_.info("stream {}: source {} is up", config_.name, plan_.inputs[current_].supervision.address);
  }
  return true;
}

void Stream::tick(steady_clock::time_point now) {
  for (const std::string& warning : delivery_->take_warnings())
    log_.warning("stream {}: {}", config_.name, warning);
  const uint32_t output = output_rate_.update(bytes_out_.load(std::memory_order_relaxed), now);
  const IngestFigures figures = ingest_ ? ingest_->figures() : IngestFigures{};
  const bool fresh = ingest_ && note_frames(figures, now);
  {
    std::lock_guard lock(mutex_);
    output_kbit_ = output;
    if (ingest_) {
      InputStatus& input = active();
      const uint64_t new_bytes = figures.bytes - std::min(figures.bytes, at_tick_.bytes);
      input.bytes += new_bytes;
      bytes_in_ += new_bytes;
      frames_ += figures.frames - std::min(figures.frames, at_tick_.frames);
      const auto add = [](uint64_t& total, uint64_t seen, uint64_t before) {
        total += seen - std::min(seen, before);
      };
      add(input.errors.continuity, figures.errors.continuity, at_tick_.errors.continuity);
      add(input.errors.timestamps, figures.errors.timestamps, at_tick_.errors.timestamps);
      add(input.errors.lost_packets, figures.errors.lost_packets, at_tick_.errors.lost_packets);
      add(input.errors.broken, figures.errors.broken, at_tick_.errors.broken);
      add(input.errors.scrambled, figures.errors.scrambled, at_tick_.errors.scrambled);
      if (fresh) {
        last_frame_at_ms_ = utc_ms();
        if (!input.started_at_ms) input.started_at_ms = input.connected_at_ms = last_frame_at_ms_;
        if (!started_at_ms_) started_at_ms_ = last_frame_at_ms_;
        input.last_error.clear();
        status_ = Status::kRunning;
      }
    }
    input_kbit_ = input_rate_.update(bytes_in_, now);
    media_kbit_ = spine_ ? media_rate_.update(spine_->bytes(), now) : 0;
  }
  at_tick_ = figures;
  if (!ingest_) return;
  const auto timeout = plan_.inputs[current_].supervision.source_timeout;
  if (timeout.count() > 0 && now - last_frame_ >= timeout)
    lost(fmt::format("no frames for {} s: is the source sending? (source_timeout)", timeout.count()));
}

void Stream::session_opened() {
  online_clients_.fetch_add(1, std::memory_order_relaxed);
  total_sessions_.fetch_add(1, std::memory_order_relaxed);
}

StreamStatus Stream::status() const {
  StreamStatus status;
  status.bytes_out = bytes_out_.load(std::memory_order_relaxed);
  status.online_clients = online_clients_.load(std::memory_order_relaxed);
  status.total_sessions = total_sessions_.load(std::memory_order_relaxed);
  const auto view = ring_->view();
  for (const m4f::SegmentPtr& segment : view->segments) status.ring_bytes += segment->memory();
  if (!view->segments.empty()) {
    const m4f::SegmentPtr& newest = view->segments.back();
    status.tracks = newest->header().tracks;
    if (const size_t n = newest->frame_count())
      status.last_dts_ms = static_cast<double>(newest->frame(n - 1).dts.count) / 90.0;
  }
  std::lock_guard lock(mutex_);
  status.id = id_;
  status.status = status_;
  status.alive = last_frame_at_ms_ && utc_ms() - last_frame_at_ms_ < kAliveMs;
  status.opened_at_ms = opened_at_ms_;
  status.started_at_ms = started_at_ms_;
  status.last_dts_at_ms = last_frame_at_ms_;
  status.bytes_in = bytes_in_;
  status.retry_count = retries_;
  status.input_bitrate_kbit = input_kbit_;
  status.bitrate_kbit = media_kbit_;
  status.output_bitrate_kbit = output_kbit_;
  status.inputs = inputs_;
  status.frames = frames_;
  return status;
}

}  // namespace sluice::stream
