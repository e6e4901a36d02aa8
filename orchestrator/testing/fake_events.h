// Keeps what was emitted.
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "orchestrator/event/text.h"

namespace sluice::testing {

class FakeEvents final : public event::Events {
 public:
  void emit(event::Event event) override {
    std::lock_guard lock(mutex_);
    events_.push_back(std::move(event));
  }
  void clear() {
    std::lock_guard lock(mutex_);
    events_.clear();
  }
  std::vector<std::string> names() const {
    std::lock_guard lock(mutex_);
    std::vector<std::string> out;
    for (const event::Event& event : events_) out.push_back(event.name);
    return out;
  }
  // A field of the newest event of that name; "none" if there is no such.
  std::string text(const std::string& name, const std::string& field) const {
    std::lock_guard lock(mutex_);
    for (auto event = events_.rbegin(); event != events_.rend(); ++event) {
      if (event->name != name) continue;
      for (const auto& [key, value] : event->fields)
        if (key == field) return event::plain_text(value);
      break;
    }
    return "none";
  }

 private:
  mutable std::mutex mutex_;
  std::vector<event::Event> events_;  // guarded by mutex_
};

}  // namespace sluice::testing
