// A configuration in memory: edits load as they do from files, and nothing is saved.
#pragma once

#include <memory>
#include <utility>

#include "orchestrator/store/store.h"

namespace sluice::testing {

class MemoryStore final : public store::Store {
 public:
  explicit MemoryStore(std::string text) { take({{"test.conf", std::move(text)}}); }
  MemoryStore(std::string text, std::string fragment) {
    take({{"test.conf", std::move(text)}, {"test.conf.d/a.conf", std::move(fragment)}});
  }

  store::SnapshotPtr current() const override { return current_; }
  store::Outcome reload() override { return store::Done{current_, {}, {}, {}}; }
  store::Outcome edit(const store::Edit& edit) override {
    if (refuse) return tl::unexpected(*refuse);
    auto edited = edit(current_->sources);
    if (!edited) return tl::unexpected(edited.error());
    const store::SnapshotPtr before = current_;
    if (auto errors = take(*edited); !errors.empty())
      return tl::unexpected(store::Refused{store::Refusal::kInvalid, errors.front().text, std::move(errors)});
    return store::Done{current_, config::compare(before->config, current_->config), {}, {}};
  }
  const std::string& text(size_t file = 0) const { return current_->sources.at(file).text; }

  std::optional<store::Refused> refuse;

 private:
  std::vector<config::Diagnostic> take(std::vector<config::SourceFile> sources) {
    config::LoadResult loaded = config::load_sources(sources);
    std::erase_if(loaded.diagnostics, [](const auto& d) { return d.severity != config::Severity::kError; });
    if (loaded.config)
      current_ = std::make_shared<const store::Snapshot>(store::Snapshot{
          std::move(*loaded.config), std::move(sources), current_ ? current_->version + 1 : 1});
    return std::move(loaded.diagnostics);
  }

  store::SnapshotPtr current_;
};

}  // namespace sluice::testing
