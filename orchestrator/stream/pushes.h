// The pushes of one stream: branches of its spine, each for itself.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "m4fudp/sender.h"
#include "orchestrator/event/event.h"
#include "orchestrator/log/log.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/directory.h"
#include "orchestrator/stream/spine.h"

namespace sluice::stream {

// Main loop's thread, but for status().
class Pushes {
 public:
  Pushes(std::string stream, std::shared_ptr<m4fudp::Sender> sender, Log& log, event::Events& events);
  ~Pushes();

  // Those that are new start, those that are gone stop, the others go on untouched.
  void apply(const std::shared_ptr<Spine>& spine, const std::vector<plan::PushPlan>& plans);
  // Once a second: figures, and what is to be told.
  void tick();
  void stop(const std::string& reason);
  // Any thread.
  std::vector<PushStatus> status() const;

 private:
  struct Running;

  std::unique_ptr<Running> start(const plan::PushPlan& plan);
  void end(Running& push, const std::string& reason);
  void look_at(Running& push);
  void publish();
  void emit(const char* name, const Running& push,
            std::vector<std::pair<std::string, event::Value>> fields = {});

  const std::string stream_;
  std::shared_ptr<m4fudp::Sender> sender_;
  Log& log_;
  event::Events& events_;
  std::shared_ptr<Spine> spine_;
  std::vector<std::unique_ptr<Running>> pushes_;

  mutable std::mutex mutex_;
  std::vector<PushStatus> status_;
};

}  // namespace sluice::stream
