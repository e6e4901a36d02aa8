// One attempt at one input: a disposable pipeline that ends at the spine.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "m4f/base/error.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/stream/figures.h"
#include "orchestrator/stream/gst_ptr.h"
#include "orchestrator/stream/spine.h"
#include "orchestrator/stream/workers.h"

namespace sluice::stream {

// Lives in the main loop's thread; the callbacks come there.
class Ingest : public std::enable_shared_from_this<Ingest> {
 public:
  struct Callbacks {
    std::function<void(std::string)> lost;     // the source is gone or never came; `reason` says what to do
    std::function<void(std::string)> warning;  // once per cause
  };
  Ingest(plan::InputPlan plan, std::shared_ptr<Spine> spine, Workers& workers, Callbacks callbacks);
  ~Ingest();

  m4f::Result<void> start();
  // Ends it: what the muxer holds is sealed and delivered, then `done` is called in the main loop. A pipeline
  // that does not come down within the deadline is cut loose: `done(false)`.
  void stop(std::function<void(bool clean)> done);

  IngestFigures figures() const;

 private:
  struct Entry;  // what the streaming thread needs
  void on_message(GstMessage* message);
  void say_once(std::string text);

  plan::InputPlan plan_;
  std::shared_ptr<Spine> spine_;
  Workers& workers_;
  Callbacks callbacks_;
  std::shared_ptr<GstElement> pipeline_;  // shared with the worker that brings it up or down
  std::vector<std::string> said_;
  guint watch_ = 0;
  bool over_ = false;
};

}  // namespace sluice::stream
