// A configuration that stays as a test says.
#pragma once

#include <memory>
#include <utility>

#include "orchestrator/store/store.h"

namespace sluice::testing {

class FixedStore final : public store::Store {
 public:
  explicit FixedStore(config::Config config = {}) { set(std::move(config)); }
  void set(config::Config config) {
    current_ = std::make_shared<const store::Snapshot>(store::Snapshot{std::move(config), {}, 1});
  }
  store::SnapshotPtr current() const override { return current_; }
  store::Outcome reload() override { return refuse(); }
  store::Outcome edit(const store::Edit&) override { return refuse(); }

 private:
  static store::Outcome refuse() {
    return tl::unexpected(store::Refused{store::Refusal::kFailed, "the configuration came from no file", {}});
  }
  store::SnapshotPtr current_;
};

}  // namespace sluice::testing
