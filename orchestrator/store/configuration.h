// The configuration of a running server: reads its files, edits them, and hands over what changed.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>

#include "orchestrator/log/log.h"
#include "orchestrator/store/store.h"

namespace sluice::store {

// Who runs by the configuration. main.cpp makes one.
class Taker {
 public:
  virtual ~Taker() = default;
  // Makes sure that `to` can be taken over; what is needed for it (ports) is opened now. Refused: it cannot,
  // and nothing was done. In the thread of who reloads; one call at a time, each followed by take() or
  // abandon() unless it refused.
  virtual tl::expected<void, Refused> prepare(const config::Config& to, const config::Changes& changes) = 0;
  virtual void abandon() = 0;
  // In the main loop; cannot fail and does not wait.
  virtual void take(const config::Config& to, const config::Changes& changes) = 0;
};

class Configuration final : public Store {
 public:
  // Runs a job in the main loop, soon. Any thread.
  using Post = std::function<void(std::function<void()>)>;

  // `sources`: the files that `config` was loaded from; the first one's path is where they are read again.
  // REQUIRES: `taker` and `log` outlive this.
  Configuration(config::Config config, std::vector<config::SourceFile> sources, Taker& taker, Post post,
                Log& log);
  ~Configuration() override { stop(); }

  SnapshotPtr current() const override;
  Outcome reload() override;
  Outcome edit(const Edit& edit) override;

  // Reloads in a thread of its own, and says in the log how it went. Several wishes at once are one. Main
  // loop.
  void reload_soon();
  // Refuses from now on, and lets those go who wait for the main loop. Main loop; before the taker ends.
  void stop();

 private:
  struct Turn;

  bool stopping() const;
  Outcome read_and_take();
  Outcome take_over(config::LoadResult loaded, std::vector<config::SourceFile> sources,
                    const std::function<tl::expected<void, Refused>()>& save);
  // False: the server stops, the job was not and will not be run.
  bool in_main_loop(const std::function<void()>& job);
  void reload_loop();

  Taker& taker_;
  const Post post_;
  Log& log_;
  const std::string path_;
  std::mutex writers_;  // one reload or edit at a time; held over all of it

  mutable std::mutex mutex_;  // guards what follows; never held while anything is called
  std::condition_variable changed_;
  SnapshotPtr current_;
  std::shared_ptr<Turn> turn_;  // the job that waits for the main loop
  bool stopping_ = false, wanted_ = false;
  std::thread reloader_;
};

}  // namespace sluice::store
