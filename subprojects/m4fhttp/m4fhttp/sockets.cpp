#include "m4fhttp/sockets.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>

namespace m4fhttp {
namespace {

struct Address {
  sockaddr_storage storage{};
  socklen_t size = 0;
  const sockaddr* get() const { return reinterpret_cast<const sockaddr*>(&storage); }
};

bool parse_address(const std::string& text, uint16_t port, Address& out) {
  auto* v4 = reinterpret_cast<sockaddr_in*>(&out.storage);
  auto* v6 = reinterpret_cast<sockaddr_in6*>(&out.storage);
  if (text.empty()) {
    v6->sin6_family = AF_INET6;  // all addresses, IPv4 included
    v6->sin6_port = htons(port);
    out.size = sizeof *v6;
    return true;
  }
  if (inet_pton(AF_INET, text.c_str(), &v4->sin_addr) == 1) {
    v4->sin_family = AF_INET;
    v4->sin_port = htons(port);
    out.size = sizeof *v4;
    return true;
  }
  const std::string bare = text.front() == '[' && text.back() == ']' ? text.substr(1, text.size() - 2) : text;
  if (inet_pton(AF_INET6, bare.c_str(), &v6->sin6_addr) != 1) return false;
  v6->sin6_family = AF_INET6;
  v6->sin6_port = htons(port);
  out.size = sizeof *v6;
  return true;
}

void set(int fd, int level, int option, int value) {
  setsockopt(fd, level, option, &value, sizeof value);
}

UniqueFd make_socket(Address& address, bool all_addresses) {
  UniqueFd fd(socket(address.storage.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!fd && all_addresses && errno == EAFNOSUPPORT) {
    // A machine without IPv6.
    const uint16_t port = reinterpret_cast<sockaddr_in6*>(&address.storage)->sin6_port;
    address = {};
    auto* v4 = reinterpret_cast<sockaddr_in*>(&address.storage);
    v4->sin_family = AF_INET;
    v4->sin_port = port;
    address.size = sizeof *v4;
    fd.reset(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  }
  if (!fd) return fd;
  if (address.storage.ss_family == AF_INET6) set(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, all_addresses ? 0 : 1);
  set(fd.get(), SOL_SOCKET, SO_REUSEADDR, 1);
  return fd;
}

tl::unexpected<m4f::Error> refusal(const ListenerSettings& settings, uint16_t port, int why) {
  const std::string setting = settings.setting.empty() ? fmt::format("port {}", port) : settings.setting;
  switch (why) {
    case EADDRINUSE:
      return m4f::error(m4f::Errc::kIo,
                        "port {} is in use by another program: change {} or stop that program", port,
                        setting);
    case EACCES:
      return m4f::error(m4f::Errc::kIo,
                        "port {} is not allowed for this user: change {} to 1024 or above, or give the "
                        "program CAP_NET_BIND_SERVICE",
                        port, setting);
    case EADDRNOTAVAIL:
      return m4f::error(m4f::Errc::kIo, "this machine has no address {}: change {}", settings.address,
                        setting);
    default:
      return m4f::error(m4f::Errc::kIo, "cannot listen on port {} ({}): {}", port, setting, strerror(why));
  }
}

}  // namespace

m4f::Result<UniqueFd> listen_on(const ListenerSettings& settings, uint16_t port, bool first) {
  Address address;
  if (!parse_address(settings.address, port, address))
    return m4f::error(m4f::Errc::kInvalid, "{} is not an IP address: write one as in 10.0.0.1:{}",
                      settings.address, port);
  if (first && port != 0) {
    // With SO_REUSEPORT a second server of the same user would take half of our clients unseen: a socket
    // without it tells whether anyone is there.
    const UniqueFd probe = make_socket(address, settings.address.empty());
    if (!probe || bind(probe.get(), address.get(), address.size) != 0) return refusal(settings, port, errno);
  }
  UniqueFd fd = make_socket(address, settings.address.empty());
  if (!fd) return refusal(settings, port, errno);
  set(fd.get(), SOL_SOCKET, SO_REUSEPORT, 1);
  if (bind(fd.get(), address.get(), address.size) != 0 || listen(fd.get(), 4096) != 0)
    return refusal(settings, port, errno);
  return fd;
}

uint16_t port_of(int fd) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&storage), &size) != 0) return 0;
  return ntohs(storage.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&storage)->sin6_port
                                             : reinterpret_cast<sockaddr_in*>(&storage)->sin_port);
}

Accepted accept_from(int listening) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  Accepted out;
  out.fd.reset(
      accept4(listening, reinterpret_cast<sockaddr*>(&storage), &size, SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!out.fd) return out;
  set(out.fd.get(), IPPROTO_TCP, TCP_NODELAY, 1);  // answers are written whole
  char text[INET6_ADDRSTRLEN] = "";
  if (storage.ss_family == AF_INET) {
    inet_ntop(AF_INET, &reinterpret_cast<sockaddr_in*>(&storage)->sin_addr, text, sizeof text);
  } else if (storage.ss_family == AF_INET6) {
    const in6_addr& v6 = reinterpret_cast<sockaddr_in6*>(&storage)->sin6_addr;
    if (IN6_IS_ADDR_V4MAPPED(&v6))
      inet_ntop(AF_INET, v6.s6_addr + 12, text, sizeof text);
    else
      inet_ntop(AF_INET6, &v6, text, sizeof text);
  }
  out.client = text;
  return out;
}

}  // namespace m4fhttp
