// The HTTP server: plain HTTP/1.1 by readers of its own (playlists are asked for thousands of times a
// second), TLS with HTTP/1.1 and HTTP/2 by libsoup.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "m4fhttp/exchange.h"

namespace m4fhttp {

struct ListenerSettings {
  std::string address = {};  // empty = all addresses
  uint16_t port = 0;         // 0 = a free one
  bool tls = false;
  std::string certificate = {}, certificate_key = {};  // PEM files; an empty key = in the certificate's file
  std::string setting = {};  // for messages: how the user names it ("`http 8080` in /etc/x.conf:3")
};

struct ServerSettings {
  std::vector<ListenerSettings> listeners;
  unsigned threads = 0;                              // 0 = one per core
  unsigned live_threads = 0;                         // for endless responses; 0 = one per core
  size_t max_connections = 50000;                    // more are closed at once
  size_t max_body = 1 << 20;                         // bytes of a request's body
  std::chrono::milliseconds header_timeout{10'000};  // from the first byte to the end of the request
  std::chrono::milliseconds idle_timeout{75'000};    // between requests
  std::chrono::milliseconds stall_timeout{30'000};   // a client that takes no byte for so long is closed
};

struct ServerStats {
  uint64_t connections = 0;   // open now, live clients included
  uint64_t live_clients = 0;  // endless responses now
  uint64_t held = 0;          // requests waiting for the ring now
  uint64_t requests = 0;      // since start
  uint64_t refused = 0;       // connections over the limit
  uint64_t live_skips = 0;    // slow live clients that were moved to the newest key frame
};

class Server {
 public:
  // REQUIRES: `handler` outlives the server.
  Server(ServerSettings settings, Handler& handler);
  ~Server();  // stop()

  // All listeners or none: an error names the port and what to do.
  m4f::Result<void> start();
  // Closes every connection and joins the threads. Held requests are dropped. Idempotent.
  void stop();
  // Listens in one more place; its index, which follows the last one. REQUIRES, as of what follows: started,
  // one call at a time, not from a worker's thread.
  m4f::Result<size_t> add_listener(const ListenerSettings& listener);
  // Nobody can connect there any more once this returns; who is connected stays. Its index is not used again.
  void remove_listener(size_t listener);
  uint16_t port(size_t listener) const;  // the real one
  ServerStats stats() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace m4fhttp
