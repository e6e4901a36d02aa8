// A mutex that clang's thread-safety analysis understands (-Wthread-safety); std::mutex otherwise.
#pragma once

#include <condition_variable>
#include <mutex>

#if defined(__clang__)
#define GSTX_ATTRIBUTE(x) __attribute__((x))
#else
#define GSTX_ATTRIBUTE(x)
#endif

#define GUARDED_BY(m) GSTX_ATTRIBUTE(guarded_by(m))
#define REQUIRES_LOCK(...) GSTX_ATTRIBUTE(requires_capability(__VA_ARGS__))
#define EXCLUDES_LOCK(...) GSTX_ATTRIBUTE(locks_excluded(__VA_ARGS__))

namespace gstx {

class GSTX_ATTRIBUTE(capability("mutex")) Mutex {
 public:
  void lock() GSTX_ATTRIBUTE(acquire_capability()) { mutex_.lock(); }
  void unlock() GSTX_ATTRIBUTE(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

// Holds the mutex for its scope; may be let go and taken again in between.
class GSTX_ATTRIBUTE(scoped_lockable) Lock {
 public:
  explicit Lock(Mutex& mutex) GSTX_ATTRIBUTE(acquire_capability(mutex)) : mutex_(mutex) { lock(); }
  ~Lock() GSTX_ATTRIBUTE(release_capability()) {
    if (held_) mutex_.unlock();
  }
  Lock(const Lock&) = delete;
  Lock& operator=(const Lock&) = delete;
  void lock() GSTX_ATTRIBUTE(acquire_capability()) {
    mutex_.lock();
    held_ = true;
  }
  void unlock() GSTX_ATTRIBUTE(release_capability()) {
    held_ = false;
    mutex_.unlock();
  }

 private:
  Mutex& mutex_;
  bool held_ = false;
};

// Waits with a Lock: `condition.wait(lock)` in a loop around what is waited for.
using Condition = std::condition_variable_any;

}  // namespace gstx
