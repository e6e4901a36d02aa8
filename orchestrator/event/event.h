// What happens to streams, sources and sessions, told to whoever listens.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace sluice::event {

using Value = std::variant<bool, int64_t, double, std::string>;

struct Event {
  std::string name;   // flussonic names: "source_lost"
  std::string media;  // the stream; empty = the server
  std::vector<std::pair<std::string, Value>> fields;
};

// Thread-safe. Events of one thread keep their order.
class Events {
 public:
  virtual ~Events() = default;
  // Never blocks and never fails: what nobody takes in time is counted and dropped.
  virtual void emit(Event event) = 0;
};

// For who listens to nothing.
class NoEvents final : public Events {
 public:
  void emit(Event) override {}
};

}  // namespace sluice::event
