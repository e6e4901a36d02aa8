// Endless responses: a few threads that write shared chunks to many sockets. A client is a cursor; nothing is
// queued for it but the references of the one write that its socket has not taken whole.
#pragma once

#include <atomic>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "m4fhttp/exchange.h"
#include "m4fhttp/worker.h"

namespace m4fhttp {

class LiveWriters {
 public:
  LiveWriters(unsigned threads, std::chrono::milliseconds stall_timeout);
  ~LiveWriters();  // stop()

  m4f::Result<void> start();
  void stop();

  // Takes over a connection. Any thread.
  void adopt(Connection::Parts parts, std::string head, LiveRequest request);

  uint64_t clients() const { return clients_.load(std::memory_order_relaxed); }
  uint64_t skips() const { return skips_.load(std::memory_order_relaxed); }

 private:
  class Client;
  class Thread;
  const std::chrono::milliseconds stall_timeout_;
  std::vector<std::unique_ptr<Thread>> threads_;
  std::atomic<unsigned> next_ = 0;
  std::atomic<uint64_t> clients_ = 0, skips_ = 0;
};

}  // namespace m4fhttp
