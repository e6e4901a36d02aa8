// What the other rooms may ask of the running streams. No GstElement passes this border.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "m4f/delivery/delivery.h"
#include "orchestrator/config/config.h"

namespace sluice::stream {

enum class Status { kRunning, kWaiting, kError };

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
  std::vector<m4f::Track> tracks;  // of the newest segment, bitrates measured
  uint64_t frames = 0;
  uint64_t ring_bytes = 0;  // memory of the segments that are kept for clients
};

// One configured stream, running or not. Thread-safe.
class StreamHandle {
 public:
  virtual ~StreamHandle() = default;
  virtual const std::string& name() const = 0;
  virtual config::Stream config() const = 0;
  virtual StreamStatus status() const = 0;
  virtual m4f::Delivery& delivery() = 0;
  // Clients are counted by who serves them.
  virtual void add_bytes_out(uint64_t bytes) = 0;
  virtual void session_opened() = 0;
  virtual void session_closed() = 0;
};

class Directory {
 public:
  virtual ~Directory() = default;
  virtual std::shared_ptr<StreamHandle> find(std::string_view name) const = 0;
  virtual std::vector<std::shared_ptr<StreamHandle>> list() const = 0;  // file order
};

}  // namespace sluice::stream
