// What requests wait for and what endless responses read: the small interfaces behind which the media core
// stands.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "m4f/delivery/delivery.h"

namespace m4fhttp {

// Something that changes now and then. Thread-safe.
class ChangeSource {
 public:
  virtual ~ChangeSource() = default;
  virtual const void* identity()
      const = 0;  // equal for sources of the same thing: their waiters share a subscription
  virtual uint64_t version() const = 0;  // rises with every change
  // Calls `wake` (in any thread; it does not block) after each change as long as the returned object lives.
  virtual std::shared_ptr<void> subscribe(std::function<void()> wake) = 0;
};

// Chunks of an endless response, shared by all its clients. Thread-safe.
class LiveFeed {
 public:
  using Cursor = m4f::LiveTs::Cursor;
  virtual ~LiveFeed() = default;
  // As m4f::LiveTs.
  virtual bool read(Cursor& cursor, size_t max_bytes, std::vector<m4f::SharedBytes>& out) = 0;
  virtual bool ended() = 0;
  // As ChangeSource; for every chunk.
  virtual std::shared_ptr<void> subscribe(std::function<void()> wake) = 0;
};

}  // namespace m4fhttp
