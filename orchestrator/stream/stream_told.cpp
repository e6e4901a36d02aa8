// What a stream's inputs tell, for operators: log, events, status. And its figures.
#include <fmt/format.h>

#include <algorithm>

#include "orchestrator/stream/output_options.h"
#include "orchestrator/stream/stream.h"
#include "orchestrator/stream/stream_setup.h"

namespace sluice::stream {
namespace {

constexpr int64_t kAliveMs = 12'000;  // the reference's limit for "alive"
constexpr int kRatedAfter = 5;        // seconds until a bitrate is believed

std::string text_of(const std::vector<m4f::Track>& tracks) {
  std::string out;
  for (const m4f::Track& track : tracks) {
    if (!out.empty()) out += ", ";
    out += fmt::format("{} {}", track.id.text(), m4f::codec_name(track.codec));
    if (track.width) out += fmt::format(" {}x{}", track.width, track.height);
    if (track.sample_rate) out += fmt::format(" {} Hz", track.sample_rate);
    if (!track.language.empty()) out += " " + track.language;
  }
  return out;
}

}  // namespace

void Stream::emit(std::string name, std::vector<std::pair<std::string, event::Value>> fields) {
  context_.events.emit({std::move(name), name_, std::move(fields)});
}

void Stream::emit_source(std::string name, size_t i, std::string reason) {
  std::vector<std::pair<std::string, event::Value>> fields{
      {"url", address(i)}, {"input", static_cast<int64_t>(plan_.inputs[i].index)}};
  if (!reason.empty()) fields.emplace_back("reason", std::move(reason));
  emit(std::move(name), std::move(fields));
}

void Stream::opened(size_t i) {
  at_tick_[i] = {};
  std::lock_guard lock(mutex_);
  InputStatus& status = input_status(i);
  status.id = uuid();
  status.opened_at_ms = utc_ms();
  status.connected_at_ms = status.started_at_ms = 0;
}

void Stream::closed(size_t i) {
  std::lock_guard lock(mutex_);
  input_status(i).active = false;
}

void Stream::told(const Order& order) {
  const size_t i = order.input;
  switch (order.kind) {
    case Order::Kind::kReady:
      return ready(i);
    case Order::Kind::kLost:
      return lost(i, order.reason, true);
    case Order::Kind::kFailed:
      return lost(i, order.reason, false);
    case Order::Kind::kSwitched:
      context_.log.info("stream {}: turns to source {}", name_, address(i));
      return emit_source("source_switch", i);
    case Order::Kind::kTimedOut:
      context_.log.warning("stream {}: no frames from {} (frames_timeout)", name_, address(i));
      return emit_source("frames_timed_out", i);
    case Order::Kind::kRestored:
      context_.log.info("stream {}: frames from {} again", name_, address(i));
      return emit_source("frames_restored", i);
    case Order::Kind::kChecked: {
      reasons_[i].clear();
      std::lock_guard lock(mutex_);
      input_status(i).last_error.clear();
      return;
    }
    default:
      return;
  }
}

void Stream::ready(size_t i) {
  bursty_ = plan_.inputs[i].supervision.bursty;
  delivery_->configure(delivery_options(*shared_config(), !bursty_));
  context_.log.info("stream {}: source {} is up", name_, address(i));
  reasons_[i].clear();
  rated_ = 0;
  {
    std::lock_guard lock(mutex_);
    for (InputStatus& one : inputs_status_) one.active = false;
    InputStatus& status = input_status(i);
    status.active = true;
    status.last_error.clear();
    status_ = Status::kRunning;
    last_frame_at_ms_ = utc_ms();
    if (!started_at_ms_) started_at_ms_ = last_frame_at_ms_;
    if (!status.started_at_ms) status.started_at_ms = status.connected_at_ms = last_frame_at_ms_;
  }
  Presence starting = Presence::kStarting;
  presence_.compare_exchange_strong(starting, Presence::kHere);
  emit_source("source_ready", i);
}

void Stream::lost(size_t i, const std::string& reason, bool wanted) {
  const bool was_shown = inputs_ && input_status(i).active;  // read in the thread that writes it
  const bool news = reasons_[i] != reason;
  if (news || was_shown)
    context_.log.warning("stream {}: source {} {}: {}; trying again until it comes back", name_, address(i),
                         wanted ? "lost" : "does not come", reason);
  reasons_[i] = reason;
  {
    std::lock_guard lock(mutex_);
    if (wanted) ++retries_;
    InputStatus& status = input_status(i);
    ++status.retries;
    status.last_error = reason;
    // A publisher who has left may come again; nothing is wrong.
    if (wanted) status_ = plan_.inputs[i].supervision.scheme == "publish" ? Status::kWaiting : Status::kError;
  }
  if (was_shown || (wanted && news)) emit_source("source_lost", i, reason);
}

void Stream::warned(size_t i, std::string text) {
  context_.log.warning("stream {}: {}{}", name_, plan_.inputs.size() > 1 ? address(i) + ": " : "", text);
}

void Stream::backup_changed(bool shown, std::string problem) {
  bool before = false;
  {
    std::lock_guard lock(mutex_);
    before = std::exchange(backup_shown_, shown);
    if (shown)
      for (InputStatus& input : inputs_status_) input.active = false;
  }
  if (shown) {
    Presence starting = Presence::kStarting;
    presence_.compare_exchange_strong(starting, Presence::kHere);
    bursty_ = false;
    delivery_->configure(delivery_options(*shared_config(), true));
    const std::string file = shared_config()->backup->file;
    context_.log.warning("stream {}: no source gives frames: shows its backup {}", name_, file);
    emit("stream_backup", {{"file", file}});
  } else if (!problem.empty() && std::exchange(backup_problem_, problem) != problem) {
    context_.log.error("stream {}: its backup cannot be played: {}", name_, problem);
  }
  if (before && !shown) context_.log.info("stream {}: its backup ends", name_);
}

void Stream::gave_up() {
  context_.log.warning(
      "stream {}: none of its sources comes: closed until it is asked for again (retry_limit)", name_);
  // Not from within the inputs that say so.
  post_to_main([self = shared_from_this()] { self->rest("its sources are down"); });
}

void Stream::tell_media_info() {
  const auto view = ring_->view();
  if (!inputs_ || view->segments.empty()) return;
  std::string text = text_of(view->segments.back()->header().tracks);
  if (text == media_info_) return;
  media_info_ = text;
  emit("stream_media_info", {{"tracks", std::move(text)}});
}

void Stream::cut_if_too_fast() {
  const std::optional<size_t> i = inputs_->shown();
  if (!i || ++rated_ < kRatedAfter) return;
  const auto config = shared_config();
  const config::Input& input = config->inputs[plan_.inputs[*i].index];
  std::optional<uint64_t> limit = input.max_bitrate;
  if (!limit && plan_.inputs[*i].supervision.scheme == "publish") limit = config->max_bitrate;
  if (!limit || input_kbit_ <= *limit) return;
  rated_ = 0;
  inputs_->cut(*i, fmt::format("{} kbit/s come, {} are allowed (max_bitrate)", input_kbit_, *limit));
}

void Stream::count_figures(TimePoint now) {
  const uint32_t output = output_rate_.update(bytes_out_.load(std::memory_order_relaxed), now);
  std::vector<std::optional<IngestFigures>> seen(plan_.inputs.size());
  if (inputs_)
    for (size_t i = 0; i < seen.size(); ++i) seen[i] = inputs_->figures(i);
  const std::optional<size_t> shown = inputs_ ? inputs_->shown() : std::nullopt;
  std::lock_guard lock(mutex_);
  output_kbit_ = output;
  for (size_t i = 0; i < seen.size(); ++i) {
    if (!seen[i]) continue;
    const IngestFigures& figures = *seen[i];
    const IngestFigures& before = at_tick_[i];
    InputStatus& input = input_status(i);
    const auto more = [](uint64_t after, uint64_t from) { return after - std::min(after, from); };
    input.bytes += more(figures.bytes, before.bytes);
    bytes_in_ += more(figures.bytes, before.bytes);
    input.errors.continuity += more(figures.errors.continuity, before.errors.continuity);
    input.errors.timestamps += more(figures.errors.timestamps, before.errors.timestamps);
    input.errors.lost_packets += more(figures.errors.lost_packets, before.errors.lost_packets);
    input.errors.broken += more(figures.errors.broken, before.errors.broken);
    input.errors.scrambled += more(figures.errors.scrambled, before.errors.scrambled);
    if (figures.frames > before.frames) {
      const int64_t at = utc_ms();
      if (!input.started_at_ms) input.started_at_ms = input.connected_at_ms = at;
      if (shown == i) {
        frames_ += figures.frames - before.frames;
        last_frame_at_ms_ = at;
        status_ = Status::kRunning;
      }
    }
    at_tick_[i] = figures;
  }
  input_kbit_ = input_rate_.update(bytes_in_, now);
  media_kbit_ = junction_ ? media_rate_.update(junction_->spine()->bytes(), now) : 0;
}

StreamStatus Stream::status() const {
  StreamStatus status;
  status.bytes_out = bytes_out_.load(std::memory_order_relaxed);
  status.online_clients = online_clients_.load(std::memory_order_relaxed);
  status.total_sessions = total_sessions_.load(std::memory_order_relaxed);
  status.named_by_user = by_user_;
  const auto view = ring_->view();
  for (const m4f::SegmentPtr& segment : view->segments) status.ring_bytes += segment->memory();
  if (!view->segments.empty()) {
    const m4f::SegmentPtr& newest = view->segments.back();
    status.tracks = newest->header().tracks;
    if (const size_t n = newest->frame_count())
      status.last_dts_ms = static_cast<double>(newest->frame(n - 1).dts.count) / 90.0;
  }
  status.pushes = pushes_.status();
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
  status.inputs = inputs_status_;
  status.frames = frames_;
  status.backup_running = backup_shown_;
  return status;
}

}  // namespace sluice::stream
