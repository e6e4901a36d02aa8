// The live window of a stream: references to its newest segments. One writer, any number of readers.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <vector>

#include "m4f/record/record.h"
#include "m4f/segment/segment.h"

namespace m4f {

struct RingSettings {
  // Sealed segments listed in playlists. Beyond that are kept: what a playlist lists to fill three target
  // durations (rfc8216bis 6.2.2), and what it no longer lists for as long as a client may still ask (RFC 8216
  // 6.2.2: the segment's duration plus that of the longest playlist that held it), counted in media time.
  size_t segment_count = 4;
  size_t max_bytes = 1u << 30;  // hard limit of segment memory; the oldest go first, two always stay
};

// What the ring looks like at one moment. Cheap: references only.
struct RingView {
  std::vector<SegmentPtr> segments;  // oldest first, numbers rise; only the last may be unsealed
  size_t first_listed = 0;           // index of the first one that playlists show
  uint64_t version = 0;              // rises with every part end, seal and opened segment
  uint64_t newest = 0;               // number of the newest segment there ever was; 0 = none
  bool ended = false;                // the stream was stopped; nothing will follow
  const SegmentPtr* find(uint64_t number) const;
};

class LiveRing {
 public:
  explicit LiveRing(RingSettings settings = {});
  ~LiveRing();

  // Writer. Called by one thread at a time. Segments whose number is not above the newest one are ignored
  // with false (a repetition after a resumed source). A segment that was not sealed when the next one opens
  // was broken off: the ring drops it, and its number stays missing.
  bool push(const RecordEvent& event);
  void end();    // wakes everyone; readers see `ended` until a segment opens again
  void clear();  // forgets all segments (numbers still never fall)

  // Readers, any thread.
  std::shared_ptr<const RingView> view() const;
  uint64_t version() const;  // cheap: one atomic load
  RingSettings settings() const;
  void configure(RingSettings settings);

  // `wake` is called after each change, in the thread that made it, with no lock of the ring held; it must
  // not block. `frames` = also for every frame (else: part ends, opened and sealed segments only). Subscribe
  // first, then look at the view: so no change is missed. Unsubscribing waits for a call that is under way in
  // another thread, so do not hold a lock that `wake` takes; from within `wake` it returns at once. Once it
  // returned, `wake` is not called again.
  class Subscription {
   public:
    Subscription() = default;
    Subscription(Subscription&&) noexcept;
    Subscription& operator=(Subscription&&) noexcept;
    ~Subscription();
    void reset();

   private:
    friend class LiveRing;
    struct State;
    std::shared_ptr<State> state_;
  };
  [[nodiscard]] Subscription subscribe(std::function<void()> wake, bool frames = false) const;

 private:
  struct Impl;
  std::shared_ptr<Impl> impl_;
};

using RingPtr = std::shared_ptr<LiveRing>;

}  // namespace m4f
