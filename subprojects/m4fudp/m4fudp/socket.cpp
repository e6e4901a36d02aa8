#include "m4fudp/socket.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <cstring>

namespace m4fudp {
namespace {

using m4f::Errc;
using m4f::error;
using m4f::Result;
using m4f::UniqueFd;

constexpr int kSendBuffer = 1 << 20, kListenBuffer = 256 << 10;  // bytes

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;

  int family() const { return storage.ss_family; }
  sockaddr* get() { return reinterpret_cast<sockaddr*>(&storage); }
  sockaddr_in& v4() { return reinterpret_cast<sockaddr_in&>(storage); }
  sockaddr_in6& v6() { return reinterpret_cast<sockaddr_in6&>(storage); }
  bool multicast() {
    return family() == AF_INET ? IN_MULTICAST(ntohl(v4().sin_addr.s_addr))
                               : v6().sin6_addr.s6_addr[0] == 0xff;
  }
};

Result<Address> parse(const std::string& text, uint16_t port) {
  Address out;
  if (inet_pton(AF_INET, text.c_str(), &out.v4().sin_addr) == 1) {
    out.storage.ss_family = AF_INET;
    out.v4().sin_port = htons(port);
    out.size = sizeof(sockaddr_in);
  } else if (inet_pton(AF_INET6, text.c_str(), &out.v6().sin6_addr) == 1) {
    out.storage.ss_family = AF_INET6;
    out.v6().sin6_port = htons(port);
    out.size = sizeof(sockaddr_in6);
  } else {
    return error(Errc::kInvalid, "'{}' is no IP address: write the address, not a name", text);
  }
  return out;
}

bool same_host(const sockaddr* a, Address& b) {
  if (!a || a->sa_family != b.family()) return false;
  if (a->sa_family == AF_INET)
    return reinterpret_cast<const sockaddr_in*>(a)->sin_addr.s_addr == b.v4().sin_addr.s_addr;
  return std::memcmp(&reinterpret_cast<const sockaddr_in6*>(a)->sin6_addr, &b.v6().sin6_addr, 16) == 0;
}

// The number of an interface that is given by its name or one of its addresses.
Result<unsigned> interface_index(const std::string& name) {
  if (const unsigned index = if_nametoindex(name.c_str())) return index;
  auto address = parse(name, 0);
  if (!address) return error(Errc::kIo, "there is no network interface '{}': see 'ip address'", name);
  ifaddrs* list = nullptr;
  unsigned index = 0;
  if (getifaddrs(&list) == 0) {
    for (const ifaddrs* i = list; i && index == 0; i = i->ifa_next)
      if (same_host(i->ifa_addr, *address)) index = if_nametoindex(i->ifa_name);
    freeifaddrs(list);
  }
  if (index == 0)
    return error(Errc::kIo, "no network interface here has the address {}: see 'ip address'", name);
  return index;
}

template <typename T>
bool set(const UniqueFd& fd, int level, int name, const T& value) {
  return setsockopt(fd.get(), level, name, &value, sizeof value) == 0;
}

tl::unexpected<m4f::Error> failed(const std::string& what) {
  return error(Errc::kIo, "{}: {}", what, std::strerror(errno));
}

Result<void> set_multicast(const UniqueFd& fd, const Destination& to, Address& address) {
  const bool v4 = address.family() == AF_INET;
  const int level = v4 ? IPPROTO_IP : IPPROTO_IPV6;
  if (!to.interface.empty()) {
    auto index = interface_index(to.interface);
    if (!index) return tl::unexpected(index.error());
    ip_mreqn by{};
    by.imr_ifindex = static_cast<int>(*index);
    if (!(v4 ? set(fd, level, IP_MULTICAST_IF, by) : set(fd, level, IPV6_MULTICAST_IF, by.imr_ifindex)))
      return failed("cannot send by interface " + to.interface);
  }
  const int loop = to.loop ? 1 : 0, ttl = static_cast<int>(to.ttl);
  if (!set(fd, level, v4 ? IP_MULTICAST_LOOP : IPV6_MULTICAST_LOOP, loop)) return failed("multicast loop");
  if (ttl && !set(fd, level, v4 ? IP_MULTICAST_TTL : IPV6_MULTICAST_HOPS, ttl))
    return failed("multicast ttl");
  return {};
}

Result<void> set_unicast(const UniqueFd& fd, const Destination& to, const Address& address) {
  const bool v4 = address.family() == AF_INET;
  const int ttl = static_cast<int>(to.ttl);
  if (ttl && !set(fd, v4 ? IPPROTO_IP : IPPROTO_IPV6, v4 ? IP_TTL : IPV6_UNICAST_HOPS, ttl))
    return failed("ttl");
  if (to.interface.empty()) return {};
  if (auto local = parse(to.interface, 0)) {
    if (bind(fd.get(), local->get(), local->size) != 0) return failed("cannot send from " + to.interface);
  } else if (setsockopt(fd.get(), SOL_SOCKET, SO_BINDTODEVICE, to.interface.c_str(),
                        static_cast<socklen_t>(to.interface.size())) != 0) {
    return failed("cannot send by interface " + to.interface);
  }
  return {};
}

UniqueFd udp_socket(int family) {
  return UniqueFd(socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool same_sender(Address& a, Address& b) {
  const uint16_t port_a = a.family() == AF_INET ? a.v4().sin_port : a.v6().sin6_port;
  const uint16_t port_b = b.family() == AF_INET ? b.v4().sin_port : b.v6().sin6_port;
  return port_a == port_b && same_host(a.get(), b);
}

}  // namespace

std::string Destination::text() const {
  return address.find(':') == std::string::npos ? fmt::format("{}:{}", address, port)
                                                : fmt::format("[{}]:{}", address, port);
}

Result<UniqueFd> open_sender(const Destination& to) {
  auto address = parse(to.address, to.port);
  if (!address) return tl::unexpected(address.error());
  UniqueFd fd = udp_socket(address->family());
  if (!fd) return failed("no socket");
  set(fd, SOL_SOCKET, SO_SNDBUF, kSendBuffer);  // the kernel may give less
  auto ready = address->multicast() ? set_multicast(fd, to, *address) : set_unicast(fd, to, *address);
  if (!ready) return tl::unexpected(ready.error());
  if (connect(fd.get(), address->get(), address->size) != 0) return failed("no way to " + to.text());
  return fd;
}

Result<UniqueFd> open_listener(const Destination& to) {
  auto address = parse(to.address, to.port);
  if (!address) return tl::unexpected(address.error());
  if (!address->multicast())
    return error(Errc::kInvalid,
                 "standby means something for multicast only, and '{}' is no multicast address", to.address);
  unsigned index = 0;
  if (!to.interface.empty()) {
    auto found = interface_index(to.interface);
    if (!found) return tl::unexpected(found.error());
    index = *found;
  }
  UniqueFd fd = udp_socket(address->family());
  if (!fd) return failed("no socket");
  set(fd, SOL_SOCKET, SO_REUSEADDR, 1);
  set(fd, SOL_SOCKET, SO_RCVBUF, kListenBuffer);
  if (bind(fd.get(), address->get(), address->size) != 0) return failed("cannot listen on " + to.text());
  group_req join{};
  join.gr_interface = index;
  std::memcpy(&join.gr_group, &address->storage, address->size);
  if (!set(fd, address->family() == AF_INET ? IPPROTO_IP : IPPROTO_IPV6, MCAST_JOIN_GROUP, join))
    return failed("cannot join " + to.text());
  return fd;
}

bool heard_others(const UniqueFd& listener, const UniqueFd& own) {
  Address mine;
  mine.size = sizeof mine.storage;
  if (!own || getsockname(own.get(), mine.get(), &mine.size) != 0) mine.storage.ss_family = AF_UNSPEC;
  bool others = false;
  while (true) {
    Address from;
    from.size = sizeof from.storage;
    char byte = 0;
    if (recvfrom(listener.get(), &byte, 1, MSG_TRUNC, from.get(), &from.size) < 0) return others;
    others = others || !same_sender(from, mine);
  }
}

}  // namespace m4fudp
