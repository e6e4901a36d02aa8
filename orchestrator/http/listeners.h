// Which of the HTTP server's listeners belongs to which directive of the configuration, also while that
// changes.
#pragma once

#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "m4fhttp/server.h"
#include "orchestrator/config/config.h"

namespace sluice::http {

// serves_api() in any thread, everything else in one at a time.
class Listeners {
 public:
  // How the server begins.
  m4fhttp::ServerSettings server_settings(const std::vector<config::Listener>& listeners, unsigned threads);

  // See Front. REQUIRES: the server runs.
  m4f::Result<void> prepare(m4fhttp::Server& server, const std::vector<config::Listener>& to,
                            std::vector<std::string>& warnings);
  void commit(m4fhttp::Server& server);
  void abandon(m4fhttp::Server& server);

  // The server's numbers of the listeners, in the configuration's order.
  const std::vector<size_t>& current() const { return current_; }
  bool serves_api(size_t listener) const;

 private:
  struct Open {
    size_t listener;  // the server's number
    config::Listener as;
    std::string files;  // what tells these certificate files from others of the same names
  };
  void add(size_t listener, const config::Listener& as);

  std::vector<Open> open_;       // what the server listens on
  std::vector<size_t> current_;  // by the configuration's order
  std::vector<size_t> fresh_;    // opened by prepare()
  std::vector<size_t> next_;     // as current_, after commit()
  std::vector<config::Listener> next_as_;

  mutable std::mutex mutex_;
  std::vector<bool> api_;  // guarded by mutex_; by the server's number
};

}  // namespace sluice::http
