#include "orchestrator/event/bus.h"

#include <algorithm>
#include <utility>

#include "orchestrator/event/file_sink.h"
#include "orchestrator/event/filter.h"
#include "orchestrator/event/http_sink.h"

namespace sluice::event {
namespace {

constexpr std::chrono::milliseconds kGrace{500};  // for a thread to end after its deadline

// Takes no events: its URL cannot be used.
class DeadSink final : public Sink {
 public:
  explicit DeadSink(std::string problem) { figures_.last_error = std::move(problem); }
  void offer(StampedPtr) override { ++dropped_; }
  SinkFigures figures() const override {
    SinkFigures out = figures_;
    out.dropped = dropped_;
    return out;
  }
  void close() override {}
  bool wait_closed(std::chrono::steady_clock::time_point) const override { return true; }

 private:
  SinkFigures figures_;
  std::atomic<uint64_t> dropped_{0};
};

bool eat(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

void add(SinkFigures& total, const SinkFigures& one) {
  total.queued += one.queued;
  total.sent += one.sent;
  total.resent += one.resent;
  total.dropped += one.dropped;
  total.failed += one.failed;
}

}  // namespace

int64_t first_id_of(std::chrono::system_clock::time_point start) {
  // A thousand for each millisecond; below 2^53, which is what JSON readers keep.
  return std::chrono::duration_cast<std::chrono::milliseconds>(start.time_since_epoch()).count() * 1000;
}

Bus::Bus(Log& log, std::string server, int64_t first_id)
    : log_(log), server_(std::move(server)), next_id_(first_id) {}

Bus::~Bus() {
  stop();
}

std::shared_ptr<Sink> Bus::make(const config::EventSink& config) {
  std::string_view url = config.url;
  std::string problem = "the URL is none of http://, https://, log://, jsonlog://";
  if (eat(url, "log://")) return std::make_shared<FileSink>(config, std::string(url), false, log_);
  if (eat(url, "jsonlog://")) return std::make_shared<FileSink>(config, std::string(url), true, log_);
  if (eat(url, "http://") || eat(url, "https://")) {
    auto made = HttpSink::make(config, server_, log_);
    if (made) return *made;
    problem = made.error().message();
  }
  log_.error("event sink {}: takes no events: {}", config.name, problem);
  return std::make_shared<DeadSink>(std::move(problem));
}

void Bus::apply(const std::vector<config::EventSink>& sinks) {
  std::lock_guard lock(mutex_);
  std::vector<Entry> old = std::exchange(entries_, {});
  for (const config::EventSink& config : sinks) {
    const auto kept =
        std::find_if(old.begin(), old.end(), [&](const Entry& e) { return e.sink && e.config == config; });
    entries_.push_back({config, kept == old.end() ? make(config) : std::exchange(kept->sink, nullptr)});
  }
  for (Entry& entry : old)
    if (entry.sink) {
      entry.sink->close();
      closing_.push_back(std::move(entry.sink));
    }
  reap();
}

void Bus::reap() {
  std::erase_if(closing_, [this](const std::shared_ptr<Sink>& sink) {
    if (!sink->wait_closed({})) return false;
    add(gone_, sink->figures());
    return true;
  });
}

void Bus::reopen() {
  std::lock_guard lock(mutex_);
  for (const Entry& entry : entries_) entry.sink->reopen();
}

void Bus::stop() {
  apply({});
  std::vector<std::shared_ptr<Sink>> left;
  {
    std::lock_guard lock(mutex_);
    left = closing_;
  }
  const auto deadline = std::chrono::steady_clock::now() + kCloseDeadline + kGrace;
  for (const auto& sink : left) sink->wait_closed(deadline);
  std::lock_guard lock(mutex_);
  reap();
  if (closing_.empty()) return;
  log_.warning("event sinks: {} hang in their file system and are left behind", closing_.size());
  // For ever: their destructors would wait for their threads.
  for (std::shared_ptr<Sink>& sink : closing_) new std::shared_ptr<Sink>(std::move(sink));
  closing_.clear();
}

void Bus::emit(Event event) {
  const int64_t now = std::chrono::duration_cast<std::chrono::milliseconds>(
                          std::chrono::system_clock::now().time_since_epoch())
                          .count();
  auto stamped = std::make_shared<Stamped>(Stamped{0, now, std::move(event)});
  // Held until all have it, so that every sink sees the same order.
  std::lock_guard lock(mutex_);
  stamped->id = next_id_++;
  for (const Entry& entry : entries_)
    if (wants(entry.config, stamped->event)) entry.sink->offer(stamped);
}

std::vector<SinkStatus> Bus::sinks() const {
  std::lock_guard lock(mutex_);
  std::vector<SinkStatus> out;
  for (const Entry& entry : entries_) out.push_back({entry.config, entry.sink->figures()});
  return out;
}

SinkFigures Bus::totals() const {
  std::lock_guard lock(mutex_);
  SinkFigures out = gone_;
  for (const Entry& entry : entries_) add(out, entry.sink->figures());
  for (const auto& sink : closing_) add(out, sink->figures());
  return out;
}

}  // namespace sluice::event
