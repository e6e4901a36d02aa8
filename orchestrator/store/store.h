// The configuration that runs: who reads it, who changes it.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <tl/expected.hpp>
#include <vector>

#include "orchestrator/config/changes.h"
#include "orchestrator/config/load.h"

namespace sluice::store {

// A configuration and the files that say so. Never changes.
struct Snapshot {
  config::Config config;
  std::vector<config::SourceFile> sources;  // empty: it came from no file
  uint64_t version = 1;                     // rises by one with each that is taken over
};
using SnapshotPtr = std::shared_ptr<const Snapshot>;

enum class Refusal {
  kInvalid,   // what is wanted has errors
  kNotFound,  // what is to be changed is not there
  kLocked,    // FILE.locked stands beside the file
  kBroken,    // the file as it is on disk has errors: there is nothing to edit
  kFailed,    // the machine does not allow it: a full disk, a port that is taken
  kStopping,  // the server goes down
};

// Why nothing was changed.
struct Refused {
  Refusal why = Refusal::kInvalid;
  std::string text;                             // one line for an operator
  std::vector<config::Diagnostic> diagnostics;  // errors of the text that was tried
};

struct Done {
  SnapshotPtr now;
  config::Changes changes;                   // from what ran before
  std::vector<config::Diagnostic> warnings;  // of the text
  std::chrono::milliseconds took{0};         // of a reload: reading, comparing and taking over
};
using Outcome = tl::expected<Done, Refused>;

// From the files as they are on disk now to the files as they shall be: exactly one may differ. Called with
// the files read anew, more than once if someone else writes them meanwhile.
using Edit = std::function<tl::expected<std::vector<config::SourceFile>, Refused>(
    const std::vector<config::SourceFile>&)>;

// Thread-safe. reload() and edit() block until everything is done: not for the main loop nor for threads that
// serve media.
class Store {
 public:
  virtual ~Store() = default;
  virtual SnapshotPtr current() const = 0;
  // Reads the files again and takes over what they say: all of it, or nothing if there is any error.
  virtual Outcome reload() = 0;
  // Changes the files and takes over what they say then. All or nothing, likewise.
  virtual Outcome edit(const Edit& edit) = 0;
  // What loading would say to these texts; nothing is changed.
  virtual config::LoadResult check(const std::vector<config::SourceFile>& sources) const {
    return config::load_sources(sources);
  }
};

}  // namespace sluice::store
