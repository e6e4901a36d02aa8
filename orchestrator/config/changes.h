// What differs between two configurations: what a reload has to touch, and nothing else.
#pragma once

#include <string>
#include <vector>

#include "orchestrator/config/config.h"

namespace sluice::config {

// What a running stream does about new values. Each does what those before it do, too.
enum class Change {
  kNone,
  kAtOnce,  // takes them over; nothing restarts
  kInput,   // its inputs are planned anew; viewers stay
  kStream,  // it ends and starts again
};

struct StreamChange {
  std::string name;
  Change change = Change::kNone;
  bool operator==(const StreamChange&) const = default;
};

// Names in the order of the file that they stand in.
struct Changes {
  std::vector<std::string> added, removed;  // streams
  std::vector<StreamChange> changed;
  bool order = false;      // the streams that stayed stand in another order
  bool templates = false;  // as places where streams come to be; what streams inherit is among `changed`
  bool listeners = false;
  bool credentials = false;  // edit_auth, view_auth
  bool loglevel = false;
  bool event_sinks = false;
  bool others = false;  // any other value of the top level: url_prefix, max_sessions, VOD locations, ...

  // Nothing differs but, perhaps, where it is written.
  bool none() const { return *this == Changes{}; }
  bool operator==(const Changes&) const = default;
};

Change compare(const Stream& from, const Stream& to);
Changes compare(const Config& from, const Config& to);

}  // namespace sluice::config
