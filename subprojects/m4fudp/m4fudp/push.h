// One stream on its way to one UDP address: what is sent, and how it goes.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "m4f/ts/shaper.h"
#include "m4fudp/fair_mutex.h"
#include "m4fudp/socket.h"

namespace m4fudp {

using Instant = std::chrono::steady_clock::time_point;

struct PushSettings {
  Destination to;
  m4f::ts::ShaperSettings shaper;
  bool standby = false;                   // silent while another sender uses the group
  std::chrono::seconds retry_timeout{5};  // pause after it could not be opened, or the way was lost
  std::optional<unsigned> retry_limit;    // attempts in a row; empty = for ever
  std::chrono::seconds timeout{0};        // without frames for so long it falls silent; 0 = never
};

enum class PushState {
  kStarting,  // waits for a key frame
  kRunning,
  kStandby,  // another sender is there
  kStalled,  // no frames for `timeout`
  kRetry,    // could not be opened, or the way was lost; tried again
  kStopped,  // retry_limit was reached
};
const char* state_name(PushState state);

struct PushStatus {
  PushState state = PushState::kStarting;
  uint64_t bytes = 0, datagrams = 0;  // handed to the network
  uint64_t dropped = 0;               // datagrams that the network did not take
  uint64_t errors = 0;                // that it reported, refusals by the receiver's machine included
  uint64_t retries = 0;
  std::string last_error;  // one line for an operator; empty = all is well
  m4f::ts::ShaperStats shaper;
};

class Push {
 public:
  // `wake` has run() called soon; any thread.
  Push(PushSettings settings, std::function<void(Push&)> wake);

  // Any thread, one at a time.
  void write(const m4f::RecordEvent& event);
  // Any thread.
  PushStatus status() const;
  bool drained() const { return drained_.load(std::memory_order_acquire); }
  // Waits until everything that was written has left, so long at most.
  void wait_drained(std::chrono::milliseconds at_most) const;
  // Rises when status() has something to tell: another state, another error, what does not fit.
  uint64_t news() const { return news_.load(std::memory_order_acquire); }

  // The sender's thread: sends what is due at `now` and says when it is to be called again at the latest.
  std::optional<Instant> run(Instant now);

 private:
  static constexpr size_t kBatch = 32;  // datagrams per system call

  std::optional<Instant> advance(Instant now);
  bool open(Instant now);
  void close(Instant now, std::string reason);
  void take_inbox(Instant now);
  bool may_send(Instant now);
  std::optional<Instant> send_due(Instant now);
  bool send(size_t count, Instant now);
  void note_error(std::string text, Instant now);
  void publish(Instant now);

  const PushSettings settings_;
  const std::function<void(Push&)> wake_;

  // The sender's thread.
  m4f::ts::Shaper shaper_;
  m4f::UniqueFd socket_, listener_;
  PushStatus now_;
  unsigned attempts_ = 0;
  Instant retry_at_, heard_at_, last_frame_, error_at_, published_;
  std::chrono::milliseconds quiet_;  // standby: silence of the group before we speak
  bool silent_ = false;
  std::vector<m4f::RecordEvent> events_;
  std::array<std::array<uint8_t, m4f::ts::kDatagramSize>, kBatch> datagrams_;
  std::array<size_t, kBatch> sizes_;

  std::atomic<int64_t> sleeps_until_{0};  // steady nanoseconds
  std::atomic<bool> drained_{true};
  std::atomic<uint64_t> news_{0};
  mutable std::condition_variable_any drained_condition_;
  mutable FairMutex mutex_;  // guards what follows; held for copies only
  std::vector<m4f::RecordEvent> inbox_;
  PushStatus published_status_;
};

}  // namespace m4fudp
