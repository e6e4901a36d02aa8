#include "orchestrator/store/configuration.h"

#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "orchestrator/store/report.h"
#include "orchestrator/store/save_file.h"

namespace sluice::store {
namespace {

using Clock = std::chrono::steady_clock;

// How often somebody else may write the file while an edit is worked out.
constexpr int kAttempts = 10;
constexpr size_t kLoggedErrors = 20;

tl::unexpected<Refused> refused(Refusal why, std::string text,
                                std::vector<config::Diagnostic> diagnostics = {}) {
  return tl::unexpected(Refused{why, std::move(text), std::move(diagnostics)});
}

tl::unexpected<Refused> refused_for_errors(Refusal why, std::vector<config::Diagnostic> diagnostics) {
  std::erase_if(diagnostics, [](const auto& d) { return d.severity != config::Severity::kError; });
  std::string text = diagnostics.empty() ? std::string() : one_line(diagnostics.front());
  return refused(why, std::move(text), std::move(diagnostics));
}

}  // namespace

// A job on its way to the main loop and back.
struct Configuration::Turn {
  std::mutex mutex;
  std::condition_variable over;
  bool done = false, abandoned = false;  // guarded by mutex
};

Configuration::Configuration(config::Config config, std::vector<config::SourceFile> sources, Taker& taker,
                             Post post, Log& log)
    : taker_(taker),
      post_(std::move(post)),
      log_(log),
      path_(sources.empty() ? std::string() : sources.front().path),
      current_(std::make_shared<const Snapshot>(Snapshot{std::move(config), std::move(sources)})) {}

SnapshotPtr Configuration::current() const {
  std::lock_guard lock(mutex_);
  return current_;
}

bool Configuration::stopping() const {
  std::lock_guard lock(mutex_);
  return stopping_;
}

Outcome Configuration::reload() {
  std::lock_guard writer(writers_);
  if (stopping()) return refused(Refusal::kStopping, "the server stops");
  const auto begin = Clock::now();
  Outcome outcome = read_and_take();
  if (outcome) {
    outcome->took = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - begin);
    for (const config::Diagnostic& d : outcome->warnings) log_.warning("{}", one_line(d));
    log_.info("{} was read again in {} ms: {}", path_, outcome->took.count(), summary(outcome->changes));
    return outcome;
  }
  const Refused& refusal = outcome.error();
  size_t shown = 0;
  for (const config::Diagnostic& d : refusal.diagnostics)
    if (++shown <= kLoggedErrors) log_.error("{}", one_line(d));
  log_.error("{} was read again and nothing of it is taken over, the server goes on as before: {}", path_,
             refusal.diagnostics.empty() ? refusal.text : std::string("it has errors"));
  return outcome;
}

Outcome Configuration::read_and_take() {
  if (path_.empty()) return refused(Refusal::kFailed, "the configuration came from no file");
  config::Diagnostic problem;
  auto sources = config::read_sources(path_, problem);
  if (!sources) return refused_for_errors(Refusal::kFailed, {problem});
  config::LoadResult loaded = config::load_sources(*sources);
  return take_over(std::move(loaded), std::move(*sources), {});
}

Outcome Configuration::edit(const Edit& edit) {
  std::lock_guard writer(writers_);
  if (stopping()) return refused(Refusal::kStopping, "the server stops");
  if (path_.empty()) return refused(Refusal::kFailed, "the configuration came from no file");
  if (const std::string lock = path_ + ".locked"; ::access(lock.c_str(), F_OK) == 0)
    return refused(Refusal::kLocked, fmt::format("{} forbids changes: remove it first", lock));
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    // As it is on disk now: an operator may have written it since it was loaded.
    config::Diagnostic problem;
    const auto sources = config::read_sources(path_, problem);
    if (!sources) return refused_for_errors(Refusal::kFailed, {problem});
    if (*sources != current()->sources) {
      config::LoadResult as_it_is = config::load_sources(*sources);
      if (!as_it_is.config) return refused_for_errors(Refusal::kBroken, std::move(as_it_is.diagnostics));
    }
    auto edited = edit(*sources);
    if (!edited) return tl::unexpected(std::move(edited.error()));
    const auto [was, is] = std::mismatch(sources->begin(), sources->end(), edited->begin(), edited->end());
    if (is == edited->end() && *sources == current()->sources) return Done{current(), {}, {}, {}};

    bool overtaken = false;
    std::function<tl::expected<void, Refused>()> save;
    if (is != edited->end()) {
      const auto stamp = Stamp::of(is->path);
      config::Diagnostic unreadable;
      if (!stamp || config::read_sources(path_, unreadable) != sources) continue;
      save = [&, stamp, changed = is]() -> tl::expected<void, Refused> {
        std::string failure;
        const Saved saved = save_file(changed->path, changed->text, stamp, failure);
        overtaken = saved == Saved::kOvertaken;
        if (saved == Saved::kYes) return {};
        return refused(Refusal::kFailed, failure);
      };
    }
    config::LoadResult loaded = config::load_sources(*edited);
    Outcome outcome = take_over(std::move(loaded), *edited, save);
    if (overtaken) continue;
    if (outcome) log_.info("{} was changed through the API: {}", path_, summary(outcome->changes));
    return outcome;
  }
  return refused(Refusal::kFailed, fmt::format("{} is being written by somebody else: try again", path_));
}

Outcome Configuration::take_over(config::LoadResult loaded, std::vector<config::SourceFile> sources,
                                 const std::function<tl::expected<void, Refused>()>& save) {
  if (!loaded.config) return refused_for_errors(Refusal::kInvalid, std::move(loaded.diagnostics));
  const SnapshotPtr before = current();
  auto next = std::make_shared<Snapshot>(
      Snapshot{std::move(*loaded.config), std::move(sources), before->version + 1});
  Done done{next, config::compare(before->config, next->config), std::move(loaded.diagnostics), {}};
  if (auto prepared = taker_.prepare(next->config, done.changes); !prepared)
    return tl::unexpected(std::move(prepared.error()));
  if (save)
    if (auto saved = save(); !saved) {
      taker_.abandon();
      return tl::unexpected(std::move(saved.error()));
    }
  const bool taken = in_main_loop([&] {
    taker_.take(next->config, done.changes);
    std::lock_guard lock(mutex_);
    current_ = next;
  });
  if (taken) return done;
  taker_.abandon();
  return refused(
      Refusal::kStopping,
      save ? "the server stops: the change is saved and counts from its next start" : "the server stops");
}

bool Configuration::in_main_loop(const std::function<void()>& job) {
  const auto turn = std::make_shared<Turn>();
  {
    std::lock_guard lock(mutex_);
    if (stopping_) return false;
    turn_ = turn;
  }
  post_([turn, &job] {
    std::lock_guard lock(turn->mutex);
    if (turn->abandoned) return;  // and the job is no longer there
    job();
    turn->done = true;
    turn->over.notify_all();
  });
  bool done = false;
  {
    std::unique_lock lock(turn->mutex);
    turn->over.wait(lock, [&] { return turn->done || turn->abandoned; });
    done = turn->done;
  }
  std::lock_guard lock(mutex_);
  turn_.reset();
  return done;
}

void Configuration::reload_soon() {
  std::lock_guard lock(mutex_);
  if (stopping_) return;
  wanted_ = true;
  if (!reloader_.joinable()) reloader_ = std::thread([this] { reload_loop(); });
  changed_.notify_all();
}

void Configuration::reload_loop() {
  std::unique_lock lock(mutex_);
  for (;;) {
    changed_.wait(lock, [this] { return wanted_ || stopping_; });
    if (stopping_) return;
    wanted_ = false;
    lock.unlock();
    reload();
    lock.lock();
  }
}

void Configuration::stop() {
  std::thread reloader;
  std::shared_ptr<Turn> turn;
  {
    std::lock_guard lock(mutex_);
    stopping_ = true;
    turn = turn_;
    reloader.swap(reloader_);
  }
  changed_.notify_all();
  if (turn) {
    std::lock_guard lock(turn->mutex);
    turn->abandoned = true;
    turn->over.notify_all();
  }
  if (reloader.joinable()) reloader.join();
}

}  // namespace sluice::store
