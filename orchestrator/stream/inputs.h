// The inputs of one stream as pipelines: does what the choice (input_choice.h) orders and tells it what
// happens.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/ingest.h"
#include "orchestrator/stream/input_choice.h"
#include "orchestrator/stream/workers.h"

namespace sluice::stream {

// What a stream is told about its inputs, in the main loop; `i` as in the plan.
class InputsListener {
 public:
  virtual ~InputsListener() = default;
  virtual void opened(size_t i) = 0;          // an attempt begins
  virtual void closed(size_t i) = 0;          // its pipeline is going down
  virtual void told(const Order& order) = 0;  // everything that Order lists as to be told
  virtual void warned(size_t i, std::string text) = 0;
  virtual void backup_changed(bool shown, std::string problem) = 0;
  virtual void gave_up() = 0;
};

struct InputsSetup {
  std::vector<plan::InputPlan> plans;
  ChoiceRules rules;
  std::vector<std::string> allow_files, deny_files;  // by input; empty = none
  std::optional<plan::InputPlan> backup;
  IngestFeeds feeds;
};

// Main loop's thread.
class Inputs : public std::enable_shared_from_this<Inputs> {
 public:
  // REQUIRES: `listener` lives until stop().
  Inputs(InputsSetup setup, std::shared_ptr<Junction> junction, Workers& workers, InputsListener& listener);

  void start();
  // Closes all; the listener hears nothing any more. `done` when everything is down or given up.
  void stop(std::function<void()> done);
  // Once a second.
  void tick();

  void clients(bool any);
  void select(size_t i);
  // Disconnects one for a reason of the stream's own.
  void cut(size_t i, std::string reason);
  void publisher(size_t i, bool there);
  bool may_publish(size_t i) const { return choice_.may_publish(i); }

  size_t size() const { return setup_.plans.size(); }
  const plan::InputPlan& plan(size_t i) const { return setup_.plans[i]; }
  std::optional<size_t> shown() const { return choice_.shown(); }
  bool backup_shown() const { return choice_.backup_shown(); }
  // Empty if it is not open.
  std::optional<IngestFigures> figures(size_t i) const;

 private:
  void settle();
  void obey(const Order& order);
  void open(size_t i, bool held);
  void close(std::shared_ptr<Ingest>& ingest);
  void open_backup();
  void see();
  void read_switches();

  const InputsSetup setup_;
  const std::shared_ptr<Junction> junction_;
  Workers& workers_;
  InputsListener* listener_;  // null once it is stopped
  InputChoice choice_;
  std::vector<std::shared_ptr<Ingest>> ingests_;
  std::shared_ptr<Ingest> backup_;
  Timer timer_;
  bool settling_ = false;
  bool reading_switches_ = false;
  int closing_ = 0;
  std::function<void()> stopped_;
};

}  // namespace sluice::stream
