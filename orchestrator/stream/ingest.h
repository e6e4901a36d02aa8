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
#include "orchestrator/stream/input_choice.h"
#include "orchestrator/stream/junction.h"
#include "orchestrator/stream/local_source.h"
#include "orchestrator/stream/publication.h"
#include "orchestrator/stream/workers.h"

namespace sluice::stream {

// Where inputs come from that are no protocol's.
struct IngestFeeds {
  std::shared_ptr<Publication> publication;  // may be null: nothing is published
  FindStream find;                           // other streams
};

// Lives in the main loop's thread; the callbacks come there. The pipeline itself is built, started and taken
// down by workers.
class Ingest : public std::enable_shared_from_this<Ingest> {
 public:
  struct Callbacks {
    std::function<void()> began;               // its first segment is being cut: it goes through the junction
    std::function<void(std::string)> lost;     // the source is gone or never came; `reason` says what to do
    std::function<void(std::string)> warning;  // once per cause
  };
  Ingest(plan::InputPlan plan, std::shared_ptr<Junction> junction, Workers& workers, Callbacks callbacks,
         IngestFeeds feeds = {});
  ~Ingest();

  // `held`: frames are counted and not shown until release().
  void start(bool held);
  void release();
  // Ends it: what the muxer holds is sealed and delivered before this returns, and nothing more comes. `done`
  // follows in the main loop. A pipeline that does not come down within the deadline is cut loose:
  // `done(false)`; it is freed whenever it does come down.
  void stop(std::function<void(bool clean)> done);

  IngestFigures figures() const;
  SeenFrames seen() const;

 private:
  struct Body;  // what the workers and streaming threads share
  void on_message(GstMessage* message);
  void say_once(std::string text);

  const plan::InputPlan plan_;
  Workers& workers_;
  Callbacks callbacks_;
  const std::shared_ptr<Publication> publication_;  // null: this input is not published
  const FindStream find_;
  const std::shared_ptr<Body> body_;
  std::vector<std::string> said_;
  guint watch_ = 0;
  bool over_ = false;
};

}  // namespace sluice::stream
