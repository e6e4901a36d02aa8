// Listening sockets.
#pragma once

#include <cstdint>
#include <string>

#include "m4f/base/error.h"
#include "m4fhttp/server.h"
#include "m4fhttp/unique_fd.h"

namespace m4fhttp {

// A non-blocking listening socket that shares its port with others of this process (SO_REUSEPORT). `port` =
// 0: a free one. `first`: nobody of this process listens there yet, so another program on the port is an
// error.
m4f::Result<UniqueFd> listen_on(const ListenerSettings& settings, uint16_t port, bool first);
uint16_t port_of(int fd);

struct Accepted {
  UniqueFd fd;
  std::string client;  // address as text
};
// One connection; fd is unset when there is none (errno).
Accepted accept_from(int listening);

}  // namespace m4fhttp
