// Serves a ring's records over TCP to any number of clients, each a cursor into the ring.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "m4f/base/error.h"
#include "m4f/ring/live_ring.h"

namespace sluice {

struct M4fServerSettings {
  std::string address;  // empty = all addresses
  uint16_t port = 0;    // 0 = a free one
  std::string name;     // the only stream name that is answered; empty = any
};

// A client sends "GET /NAME HTTP/1.1" and gets "200", "Content-Type: application/x-m4f", "Connection: close"
// and then records, from the newest segment that starts with a key frame on, each frame as soon as it is
// there. A slow client loses whole segments and goes on at the newest key frame; it takes no memory beyond
// the segment it is in.
class M4fServer {
 public:
  M4fServer(M4fServerSettings settings, m4f::RingPtr ring);
  ~M4fServer();  // stop()

  m4f::Result<void> start();  // the error says what to do
  void stop();                // closes every connection and joins the thread
  uint16_t port() const;      // the real one. REQUIRES: started

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace sluice
