#include "orchestrator/stream/pushes.h"

#include <chrono>

namespace sluice::stream {
namespace {

int64_t utc_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

uint64_t number(const GstStructure* stats, const char* field) {
  guint64 value = 0;
  gst_structure_get_uint64(stats, field, &value);
  return value;
}

std::string text(const GstStructure* stats, const char* field) {
  const gchar* value = gst_structure_get_string(stats, field);
  return value ? value : "";
}

void read_stats(GstElement* sink, PushStatus& out) {
  Ptr<GstStructure> stats;
  g_object_get(sink, "stats", static_cast<GstStructure**>(stream::out(stats)), nullptr);
  if (!stats) return;
  const GstStructure* s = stats.get();
  out.state = text(s, "state");
  out.last_error = text(s, "last-error");
  out.bytes = number(s, "bytes");
  out.retries = number(s, "retries");
  out.errors = number(s, "errors");
  out.datagrams_dropped = number(s, "datagrams-dropped");
  out.frames = number(s, "frames");
  out.frames_late = number(s, "frames-late");
  out.frames_dropped = number(s, "frames-dropped");
  out.packets = number(s, "packets");
  out.null_packets = number(s, "null-packets");
  out.does_not_fit = number(s, "does-not-fit");
  out.needed_kbit = static_cast<uint32_t>((number(s, "bitrate-needed") + 999) / 1000);
}

}  // namespace

struct Pushes::Running {
  plan::PushPlan plan;
  Ptr<GstElement> sink;  // null: disabled, or it does not start
  PushStatus status;
  uint64_t told_not_fitting = 0;
  bool started = false;
};

Pushes::Pushes(std::string stream, std::shared_ptr<m4fudp::Sender> sender, Log& log, event::Events& events)
    : stream_(std::move(stream)), sender_(std::move(sender)), log_(log), events_(events) {}

Pushes::~Pushes() = default;

void Pushes::apply(const std::shared_ptr<Spine>& spine, const std::vector<plan::PushPlan>& plans) {
  if (spine != spine_) {
    stop("the stream starts anew");
    spine_ = spine;
  }
  std::vector<std::unique_ptr<Running>> next(plans.size());
  // Where a line stands in the file, and so its number, may change without a word about the push itself.
  const auto same = [](const plan::PushPlan& a, const plan::PushPlan& b) {
    return a.url == b.url && a.problem == b.problem && a.element.factory == b.element.factory &&
           a.element.properties == b.element.properties;
  };
  for (size_t i = 0; i < plans.size(); ++i)
    for (auto& old : pushes_)
      if (old && !next[i] && same(old->plan, plans[i])) next[i] = std::move(old);
  for (auto& old : pushes_)
    if (old) end(*old, "no longer in the configuration");
  for (size_t i = 0; i < plans.size(); ++i)
    if (!next[i]) next[i] = start(plans[i]);
  pushes_ = std::move(next);
  publish();
}

std::unique_ptr<Pushes::Running> Pushes::start(const plan::PushPlan& plan) {
  auto push = std::make_unique<Running>();
  push->plan = plan;
  push->status.url = plan.url;
  if (!plan.problem.empty()) {
    push->status.state = "error";
    push->status.last_error = plan.problem;
    log_.error("stream {}: {}: push {}: {}", stream_, plan.place.text(), plan.url, plan.problem);
    return push;
  }
  if (plan.element.factory.empty()) return push;
  Ptr<gchar> id(g_uuid_string_random());
  push->status.id = id.get();
  push->status.opened_at_ms = utc_ms();
  plan::Element element = plan.element;
  element.name.clear();  // its number may be another's by now
  auto sink = spine_->attach(element, sender_);
  if (!sink) {
    push->status.state = "error";
    push->status.last_error = sink.error().message();
    log_.error("stream {}: push {}: {}", stream_, plan.url, push->status.last_error);
    return push;
  }
  push->sink = std::move(*sink);
  emit("push_opened", *push);
  return push;
}

void Pushes::end(Running& push, const std::string& reason) {
  if (!push.sink) return;
  spine_->detach(push.sink.get());
  push.sink.reset();
  emit("push_closed", push, {{"reason", reason}});
}

void Pushes::tick() {
  for (auto& push : pushes_)
    if (push->sink) look_at(*push);
  publish();
}

void Pushes::look_at(Running& push) {
  PushStatus& status = push.status;
  const std::string error = status.last_error;
  read_stats(push.sink.get(), status);
  if (status.state == "running" && !push.started) {
    push.started = true;
    status.started_at_ms = utc_ms();
    log_.info("stream {}: push {} is sent", stream_, status.url);
    emit("push_started", push);
  }
  if (status.does_not_fit > push.told_not_fitting) {
    push.told_not_fitting = status.does_not_fit;
    log_.warning(
        "stream {}: push {}: the stream takes about {} kbit/s and does not fit into the bitrate of the push: "
        "raise "
        "bitrate=, or lower the source's; frames are late or left out",
        stream_, status.url, status.needed_kbit);
    emit("udp_pusher_does_not_fit_cbr", push, {{"bitrate_needed", int64_t{status.needed_kbit}}});
  }
  if (status.last_error == error) return;
  if (status.last_error.empty()) {
    log_.info("stream {}: push {}: all is well again", stream_, status.url);
    emit("push_restored", push);
  } else {
    log_.warning("stream {}: push {}: {}", stream_, status.url, status.last_error);
    emit("push_blocked", push, {{"reason", status.last_error}});
  }
}

void Pushes::stop(const std::string& reason) {
  for (auto& push : pushes_) end(*push, reason);
  pushes_.clear();
  spine_.reset();
  publish();
}

void Pushes::emit(const char* name, const Running& push,
                  std::vector<std::pair<std::string, event::Value>> fields) {
  fields.insert(fields.begin(), {"url", push.status.url});
  fields.insert(fields.begin() + 1, {"push_id", push.status.id});
  events_.emit({name, stream_, std::move(fields)});
}

void Pushes::publish() {
  std::vector<PushStatus> all;
  for (const auto& push : pushes_) all.push_back(push->status);
  const std::lock_guard lock(mutex_);
  status_ = std::move(all);
}

std::vector<PushStatus> Pushes::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

}  // namespace sluice::stream
