// What the other rooms may ask of the running streams. No GstElement passes this border.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "m4f/delivery/delivery.h"
#include "orchestrator/config/config.h"
#include "orchestrator/stream/publication.h"

namespace sluice::stream {

enum class Status { kRunning, kWaiting, kError };

// What a client who asks for media now finds.
enum class Presence {
  kHere,      // the stream runs: its delivery answers
  kStarting,  // it rested and is being started for its clients: worth a wait, the ring tells when it is over
  kResting,   // on demand and nobody watches, or its sources failed `retry_limit` times
  kOff,       // disabled, or it cannot run
};

struct InputErrors {
  uint64_t continuity = 0;    // MPEG-TS continuity counter breaks
  uint64_t timestamps = 0;    // corrected or jumped timestamps
  uint64_t lost_packets = 0;  // RTP and SRT
  uint64_t broken = 0;        // CRC, PES, transport errors, sync losses
  uint64_t scrambled = 0;
};

struct InputStatus {
  std::string id;   // uuid of the current source session
  std::string url;  // without credentials
  bool active = false;
  uint64_t bytes = 0;
  int64_t opened_at_ms = 0, connected_at_ms = 0, started_at_ms = 0;  // UTC; 0 = not yet
  uint64_t retries = 0;
  InputErrors errors;
  std::string last_error;  // one line for an operator; empty = none
};

struct PushStatus {
  std::string url;    // without arguments
  std::string id;     // uuid; empty = it is disabled or cannot be sent
  std::string state;  // starting, running, pending (another sender is there), stalling, retry, error; empty =
                      // disabled
  std::string last_error;  // one line for an operator; empty = all is well
  int64_t opened_at_ms = 0, started_at_ms = 0;
  uint64_t bytes = 0, retries = 0, errors = 0, datagrams_dropped = 0;
  uint64_t frames = 0, frames_late = 0, frames_dropped = 0;
  uint64_t packets = 0, null_packets = 0;
  uint64_t does_not_fit = 0;  // occurrences
  uint32_t needed_kbit = 0;   // at the last one
};

// A consistent copy of a stream's figures.
struct StreamStatus {
  std::string id;  // uuid of the stream's session
  Status status = Status::kWaiting;
  bool alive = false;                           // frames within 12 s
  int64_t opened_at_ms = 0, started_at_ms = 0;  // UTC
  int64_t last_dts_at_ms = 0;                   // wall clock of the newest frame; 0 = none
  double last_dts_ms = 0;                       // media time of the newest frame, UTC ms
  uint64_t bytes_in = 0, bytes_out = 0;
  uint64_t retry_count = 0;
  uint32_t input_bitrate_kbit = 0, bitrate_kbit = 0, output_bitrate_kbit = 0;
  uint32_t online_clients = 0;
  uint64_t total_sessions = 0;
  std::vector<InputStatus> inputs;
  std::vector<PushStatus> pushes;
  std::vector<m4f::Track> tracks;  // of the newest segment, bitrates measured
  uint64_t frames = 0;
  uint64_t ring_bytes = 0;  // memory of the segments that are kept for clients
  bool backup_running = false;
  bool named_by_user = false;  // made by a request, from a template; else it stands in the configuration
};

// One configured stream, running or not. Thread-safe.
class StreamHandle {
 public:
  virtual ~StreamHandle() = default;
  virtual const std::string& name() const = 0;
  virtual config::Stream config() const = 0;
  // The same without a copy, for who asks with every request: never changes under the reader, who asks anew.
  virtual std::shared_ptr<const config::Stream> shared_config() const = 0;
  virtual StreamStatus status() const = 0;
  virtual m4f::Delivery& delivery() = 0;
  virtual m4f::RingPtr ring() { return nullptr; }  // for who takes the stream on as it is
  // Clients are counted by who serves them.
  virtual void add_bytes_out(uint64_t bytes) = 0;
  virtual void session_opened() = 0;
  virtual void session_closed() = 0;
  // A client wants to watch: a stream on demand that rests begins to start. Returns at once, never kResting.
  // Every change of presence() also changes the version of the delivery's ring and wakes who waits on it.
  virtual Presence demand() = 0;
  virtual Presence presence() const = 0;
  // An operator chooses the input (0 = the first of the configuration): it is taken up now and kept until it
  // is lost, whatever better ones do. False: there is no such input.
  virtual bool select_input(size_t index) = 0;
  // Somebody publishes into it, for as long as the session is kept, unless refused. Not in a main loop's
  // callback of its own (what follows is posted there).
  virtual std::variant<std::unique_ptr<Publication::Session>, PublishRefusal> publish(Publisher) {
    return PublishRefusal{PublishRefusal::Kind::kForbidden, "this stream has no input publish://"};
  }
};

class Directory {
 public:
  virtual ~Directory() = default;
  virtual std::shared_ptr<StreamHandle> find(std::string_view name) const = 0;
  // The stream of this name; one that only a template with a prefix allows is made now, resting. Null: no
  // stream and no template has this name. A stream that was made and is neither demanded nor published within
  // ten seconds goes again.
  virtual std::shared_ptr<StreamHandle> find_or_make(std::string_view name) = 0;
  virtual std::vector<std::shared_ptr<StreamHandle>> list() const = 0;  // file order, then those made
};

}  // namespace sluice::stream
