// UDP sockets of a push.
#pragma once

#include <cstdint>
#include <string>

#include "m4f/base/error.h"
#include "m4f/base/unique_fd.h"

namespace m4fudp {

struct Destination {
  std::string address;  // numeric, IPv4 or IPv6
  uint16_t port = 0;
  std::string interface;  // that it leaves by: a name or a local address; empty = the kernel's choice
  unsigned ttl = 0;       // 0 = the system's (1 for multicast)
  bool loop = false;      // multicast: receivers on this machine get it, too

  std::string text() const;  // "239.0.0.1:1234"
};

// A socket that is connected, so that errors of the network come back to it; it never blocks.
m4f::Result<m4f::UniqueFd> open_sender(const Destination& to);
// A socket that receives what others send there; it never blocks.
m4f::Result<m4f::UniqueFd> open_listener(const Destination& to);
// Takes what lies in a listener; true if some of it came from another socket than `own`.
bool heard_others(const m4f::UniqueFd& listener, const m4f::UniqueFd& own);

}  // namespace m4fudp
