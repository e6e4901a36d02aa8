// Which of a stream's inputs is shown: policy alone. Pure; the clock is whoever calls.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "orchestrator/stream/backoff.h"

namespace sluice::stream {

using TimePoint = std::chrono::steady_clock::time_point;
using Millis = std::chrono::milliseconds;

struct InputRules {
  int priority = 1;                                              // lower is better
  Millis source_timeout{60000};                                  // 0 = never
  Millis frames_timeout{0}, video_timeout{0}, audio_timeout{0};  // 0 = off
  Millis max_retry_timeout{30000};
  Millis no_clients_delay{0};  // without clients it is not tried again sooner
  Millis proof{1000};          // for so long a better input gives frames before it is returned to
  bool publish = false;        // there only while somebody publishes
};

struct BackupRules {
  Millis timeout{0};  // 0 = the input's source_timeout
  Millis video_timeout{0}, audio_timeout{0};
};

struct ChoiceRules {
  std::vector<InputRules> inputs;  // in order: by priority, then as written
  std::optional<BackupRules> backup;
  Millis recheck_interval{0};      // of inputs that are not needed; 0 = never
  std::optional<int> retry_limit;  // failed rounds until it gives up; empty = never
  uint64_t seed = 0;               // streams that fail together come back apart
};

// The newest frames that an input gave since it was opened; nothing = none yet.
struct SeenFrames {
  std::optional<TimePoint> video, audio;
  std::optional<TimePoint> any() const { return !video ? audio : !audio ? video : std::max(video, audio); }
};

// What is to be done, in order. For an input whose loss has not been told yet it means nothing.
struct Order {
  enum class Kind {
    kOpen,         // connect; `held`: frames are counted and not shown
    kClose,        // disconnect
    kRelease,      // a held one: show it from its next key frame on
    kOpenBackup,   // show the backup file
    kCloseBackup,  //
    kGiveUp,       // retry_limit: nothing is tried until the next start()
    // To be told, nothing to be done.
    kReady,     // its frames are shown now
    kLost,      // it was shown or was to be; `reason`
    kFailed,    // an attempt at one that is not shown; `reason`
    kSwitched,  // the stream turns to this input, from another one
    kTimedOut,  // no frames for frames_timeout
    kRestored,  // frames again
    kChecked,   // one that is not needed gives frames
  };
  Kind kind;
  size_t input = 0;
  bool held = false;
  std::string reason = {};
  bool operator==(const Order&) const = default;
};

// Two inputs at most are let through at a time: the one that is shown, and one that is to be shown and waits
// for its key frame. The others that are open are held. Whoever begins to be shown puts the one before on
// hold by that (took_over).
class InputChoice {
 public:
  explicit InputChoice(ChoiceRules rules);

  void start(TimePoint now);
  void stop();  // forgets everything; closes nothing
  // What happened.
  void saw(size_t input, const SeenFrames& seen, TimePoint now);
  void lost(size_t input, std::string reason, TimePoint now);
  void took_over(size_t input, TimePoint now);
  void backup_took_over(TimePoint now);
  // Somebody who was closed already began in that moment, and put what was shown on hold.
  void interrupted(TimePoint now);
  void backup_lost(TimePoint now);
  void allow(size_t input, bool allowed, TimePoint now);
  void publisher(size_t input, bool there, TimePoint now);
  void clients(bool any, TimePoint now);
  void select(size_t input, TimePoint now);
  void tick(TimePoint now) { settle(now); }

  // Refused while a better input is shown.
  bool may_publish(size_t input) const;

  std::vector<Order> take_orders() { return std::exchange(orders_, {}); }
  // When tick() is due at the latest, with saw() of every open input before it.
  TimePoint wake_at() const { return wake_at_; }

  std::optional<size_t> shown() const { return shown_; }
  bool is_open(size_t input) const { return inputs_[input].open; }
  bool backup_shown() const { return backup_shown_; }
  bool backup_open() const { return backup_open_; }

 private:
  static constexpr Millis kFreshness{1000};  // of an input that gives frames
  struct Input {
    explicit Input(Backoff b) : backoff(b) {}
    bool open = false, released = false, checking = false;
    bool allowed = true, published = false;
    bool tried = false;      // in this round
    bool timed_out = false;  // said
    TimePoint opened, retry_at, checked;
    std::optional<TimePoint> resume_after;  // on hold behind the backup until frames newer than this
    bool resume_video = false, resume_audio = false;
    SeenFrames seen;
    TimePoint frames_since;  // of the unbroken row of frames that lasts
    TimePoint shown_since;
    int flaps = 0;
    Backoff backoff;
  };

  void settle(TimePoint now);
  void check_timeouts(TimePoint now);
  void check_frames_timeout(TimePoint now);
  void search(TimePoint now);
  void fail_round(TimePoint now);
  void probe_better(TimePoint now);
  void return_to_better(TimePoint now);
  void recheck(TimePoint now);
  void backup(TimePoint now);
  bool backup_needed(TimePoint now);
  void resume(TimePoint now);

  bool available(size_t i, TimePoint now);
  bool fresh(size_t i, TimePoint now) const;
  bool better(size_t a, size_t b) const { return rules_.inputs[a].priority < rules_.inputs[b].priority; }
  Millis proof(size_t i) const;
  void open(size_t i, bool held, TimePoint now);
  void close(size_t i);
  void release(size_t i, TimePoint now);
  void turn_to(size_t i, TimePoint now);
  void drop(size_t i, std::string reason, TimePoint now);
  void wake(TimePoint at) { wake_at_ = std::min(wake_at_, at); }
  void order(Order::Kind kind, size_t i = 0, bool held = false, std::string reason = {}) {
    orders_.push_back({kind, i, held, std::move(reason)});
  }

  const ChoiceRules rules_;
  std::vector<Input> inputs_;
  std::vector<Order> orders_;
  Backoff round_backoff_;
  bool running_ = false;
  std::optional<size_t> shown_;   // its segments are being cut
  std::optional<size_t> next_;    // is to be shown: released, or held behind the backup
  std::optional<size_t> forced_;  // by an operator
  size_t last_ = 0;               // where the search stands
  std::optional<size_t> told_;    // the input that the stream turned to last
  std::optional<TimePoint> pause_until_;
  int rounds_ = 0;
  bool have_clients_ = true;
  bool backup_open_ = false, backup_shown_ = false;
  TimePoint last_shown_, last_shown_video_, last_shown_audio_, backup_retry_at_;
  TimePoint wake_at_;
};

}  // namespace sluice::stream
