// Keeps the pads of a muxer together where their source is faster than real time (a file, a downloaded
// segment): each pad has a thread of its own there, and the one that runs ahead has to wait for the others.
#pragma once

#include <optional>
#include <thread>

#include "m4f/base/ticks.h"

namespace sluice {

// One pad's progress. Guarded by the muxer's lock.
struct Lane {
  // How far a pad may run ahead of the others, in media time.
  static constexpr m4f::Ticks kAhead = m4f::Ticks::from_ms(500);

  std::optional<m4f::Ticks> first, position;  // running time of its buffers
  std::thread::id thread;                     // that brings them
  bool silent = false;                        // others waited long enough: not until it brings something
  bool ended = false;

  void reset() { *this = Lane(); }
  // This pad's next buffer, brought by the calling thread, is at `at`.
  void arrive(m4f::Ticks at) {
    thread = std::this_thread::get_id();
    silent = ended = false;
    if (!first) first = at;
  }
  // Whether a buffer of this pad at `at` has to wait for `other`. Never for one that the same thread serves:
  // it could not come.
  bool waits_for(const Lane& other, m4f::Ticks at) const {
    if (other.silent || other.ended || other.thread == thread) return false;
    return other.position.value_or(*first) + kAhead < at;
  }
};

}  // namespace sluice
