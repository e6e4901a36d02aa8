#include "m4f/m4f_server.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <thread>
#include <unordered_map>

#include "m4f/http_head.h"
#include "m4f/ring_cursor.h"

namespace sluice {
namespace {

using m4f::Errc;
using m4f::Result;
using Clock = std::chrono::steady_clock;

constexpr size_t kMaxClients = 1024;
constexpr size_t kMaxRequest = 8192;
constexpr size_t kMaxTurn = 1u << 20;  // bytes for one client before the others have their turn
constexpr auto kRequestTimeout = std::chrono::seconds(10);
constexpr auto kStallTimeout = std::chrono::seconds(30);  // no byte taken for so long

class Fd {
 public:
  explicit Fd(int fd = -1) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

struct Client {
  Fd fd;
  std::string request;  // as far as it came; empty once answered
  std::string reply;    // what of the answer's head is to be sent
  bool streaming = false;
  bool closing = false;  // after `reply`
  bool blocked = false;  // the socket takes no more
  bool silent = false;   // the client said all that it will (half-closed)

  uint32_t interest() const {
    return (silent ? 0u : uint32_t{EPOLLIN}) | (blocked ? uint32_t{EPOLLOUT} : 0u);
  }
  Clock::time_point progress = Clock::now();
  RingCursor cursor;
};

std::string head_of(std::string_view status, std::string_view fields) {
  std::string head = "HTTP/1.1 ";
  head.append(status).append("\r\nServer: sluice\r\nConnection: close\r\n").append(fields).append("\r\n");
  return head;
}

}  // namespace

// Runs in a thread of its own between start() and stop(); what is not atomic belongs to that thread then.
struct M4fServer::Impl {
  Impl(M4fServerSettings s, m4f::RingPtr r) : settings(std::move(s)), ring(std::move(r)) {}

  Result<void> listen();
  void run();
  void accept_all();
  bool serve(Client& client, const m4f::RingView& view);      // false: close it
  bool read_request(Client& client);                          // false: close it
  bool send_some(Client& client, const m4f::RingView& view);  // false: close it
  void watch(int fd, uint32_t events, int operation) const;
  void wake() const;

  const M4fServerSettings settings;
  const m4f::RingPtr ring;
  Fd epoll, event, listener;
  uint16_t port = 0;
  std::atomic<bool> stopping = false;
  mutable std::atomic<bool> woken = false;
  std::unordered_map<int, Client> clients;
  m4f::LiveRing::Subscription subscription;
  std::thread thread;
};

void M4fServer::Impl::wake() const {
  if (woken.exchange(true)) return;
  const uint64_t one = 1;
  // Cannot fail: the counter of an eventfd that is read before it is written again never overflows.
  [[maybe_unused]] const ssize_t written = write(event.get(), &one, sizeof(one));
}

void M4fServer::Impl::watch(int fd, uint32_t events, int operation) const {
  epoll_event e{};
  e.events = events;
  e.data.fd = fd;
  epoll_ctl(epoll.get(), operation, fd, &e);
}

Result<void> M4fServer::Impl::listen() {
  addrinfo hints{}, *found = nullptr;
  hints.ai_family = settings.address.empty() ? AF_INET6 : AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const std::string service = std::to_string(settings.port);
  const char* host = settings.address.empty() ? nullptr : settings.address.c_str();
  int fault = getaddrinfo(host, service.c_str(), &hints, &found);
  if (fault != 0) {
    return m4f::error(Errc::kIo, "address \"{}\" cannot be used: {}", settings.address, gai_strerror(fault));
  }
  std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> owned(found, freeaddrinfo);
  listener = Fd(socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  sockaddr_in any4{};
  const sockaddr* to = found->ai_addr;
  socklen_t length = found->ai_addrlen;
  if (!listener && settings.address.empty()) {  // a host without IPv6
    listener = Fd(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    any4.sin_family = AF_INET;
    any4.sin_port = htons(settings.port);
    to = reinterpret_cast<const sockaddr*>(&any4);
    length = sizeof(any4);
  }
  const int on = 1, off = 0;
  if (!listener) return m4f::error(Errc::kIo, "no socket: {}", strerror(errno));
  setsockopt(listener.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (to->sa_family == AF_INET6) setsockopt(listener.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof(off));
  if (bind(listener.get(), to, length) != 0 || ::listen(listener.get(), 128) != 0) {
    if (errno == EADDRINUSE) {
      return m4f::error(Errc::kIo, "port {} is in use by another program: choose another port",
                        settings.port);
    }
    return m4f::error(Errc::kIo, "cannot listen on port {}: {}", settings.port, strerror(errno));
  }
  sockaddr_storage bound{};
  socklen_t size = sizeof(bound);
  getsockname(listener.get(), reinterpret_cast<sockaddr*>(&bound), &size);
  port = ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<sockaddr_in6*>(&bound)->sin6_port
                                           : reinterpret_cast<sockaddr_in*>(&bound)->sin_port);
  return {};
}

void M4fServer::Impl::accept_all() {
  while (true) {
    Fd fd(accept4(listener.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    if (!fd) return;
    const int on = 1;
    setsockopt(fd.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    const int key = fd.get();
    Client client;
    client.fd = std::move(fd);
    if (clients.size() >= kMaxClients) {
      client.reply = head_of("503 Service Unavailable", "Retry-After: 5\r\n");
      client.closing = true;
    }
    watch(key, client.interest(), EPOLL_CTL_ADD);
    clients.emplace(key, std::move(client));
  }
}

bool M4fServer::Impl::read_request(Client& client) {
  char buffer[2048];
  while (true) {
    const ssize_t got = recv(client.fd.get(), buffer, sizeof(buffer), MSG_DONTWAIT);
    if (got == 0) {
      client.silent = true;
      watch(client.fd.get(), client.interest(), EPOLL_CTL_MOD);
      return client.streaming || client.closing;
    }
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (client.streaming || client.closing) continue;  // nothing more is expected
    client.request.append(buffer, static_cast<size_t>(got));
    if (client.request.find("\r\n\r\n") != std::string::npos) {
      const std::string_view status = judge_request(client.request, settings.name);
      client.streaming = status == "200 OK";
      client.closing = !client.streaming;
      client.reply =
          head_of(status, client.streaming ? "Content-Type: application/x-m4f\r\nCache-Control: no-store\r\n"
                                           : "Content-Length: 0\r\n");
      client.request.clear();
      client.progress = Clock::now();
    } else if (client.request.size() > kMaxRequest) {
      client.closing = true;
      client.reply = head_of("431 Request Header Fields Too Large", "Content-Length: 0\r\n");
    }
  }
}

bool M4fServer::Impl::send_some(Client& client, const m4f::RingView& view) {
  size_t sent_now = 0;
  while (sent_now < kMaxTurn) {
    std::array<iovec, 64> pieces;
    size_t count = 0;
    if (!client.reply.empty()) {
      pieces[count++] = iovec{client.reply.data(), client.reply.size()};
    } else if (client.closing) {
      return false;
    } else {
      count = client.cursor.gather(view, pieces);
      if (count == 0) return !(view.ended && client.cursor.at_end(view));
    }
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = count;
    const ssize_t sent = sendmsg(client.fd.get(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0 && errno == EAGAIN) {
      client.blocked = true;
      watch(client.fd.get(), client.interest(), EPOLL_CTL_MOD);
      return true;
    }
    if (sent < 0) return false;
    client.progress = Clock::now();
    sent_now += static_cast<size_t>(sent);
    if (!client.reply.empty()) {
      client.reply.erase(0, static_cast<size_t>(sent));
    } else {
      client.cursor.advance(static_cast<size_t>(sent));
    }
  }
  wake();  // there is more for this one after the others
  return true;
}

bool M4fServer::Impl::serve(Client& client, const m4f::RingView& view) {
  if (client.blocked) return true;
  if (client.streaming || !client.reply.empty() || client.closing) return send_some(client, view);
  return true;
}

void M4fServer::Impl::run() {
  std::array<epoll_event, 64> events;
  while (!stopping) {
    const int count = epoll_wait(epoll.get(), events.data(), static_cast<int>(events.size()), 1000);
    std::vector<int> gone;
    for (int i = 0; i < count; ++i) {
      const epoll_event& e = events[static_cast<size_t>(i)];
      if (e.data.fd == listener.get()) {
        accept_all();
      } else if (e.data.fd == event.get()) {
        uint64_t value = 0;
        [[maybe_unused]] const ssize_t got = read(event.get(), &value, sizeof(value));
        woken = false;
      } else if (auto at = clients.find(e.data.fd); at != clients.end()) {
        Client& client = at->second;
        if (e.events & EPOLLOUT) {
          client.blocked = false;
          watch(e.data.fd, client.interest(), EPOLL_CTL_MOD);
        }
        if (e.events & (EPOLLERR | EPOLLHUP)) {
          gone.push_back(e.data.fd);
        } else if ((e.events & EPOLLIN) && !read_request(client)) {
          gone.push_back(e.data.fd);
        }
      }
    }
    for (int fd : gone) clients.erase(fd);
    const auto view = ring->view();
    const Clock::time_point now = Clock::now();
    for (auto at = clients.begin(); at != clients.end();) {
      Client& client = at->second;
      const bool stay = serve(client, *view) &&
                        (client.blocked ? now - client.progress < kStallTimeout
                                        : client.streaming || now - client.progress < kRequestTimeout);
      at = stay ? std::next(at) : clients.erase(at);
    }
  }
}

M4fServer::M4fServer(M4fServerSettings settings, m4f::RingPtr ring)
    : impl_(std::make_unique<Impl>(std::move(settings), std::move(ring))) {}

M4fServer::~M4fServer() {
  stop();
}

Result<void> M4fServer::start() {
  Impl& i = *impl_;
  if (auto listening = i.listen(); !listening) return listening;
  i.epoll = Fd(epoll_create1(EPOLL_CLOEXEC));
  i.event = Fd(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!i.epoll || !i.event) return m4f::error(Errc::kIo, "no descriptor left: {}", strerror(errno));
  i.watch(i.listener.get(), EPOLLIN, EPOLL_CTL_ADD);
  i.watch(i.event.get(), EPOLLIN, EPOLL_CTL_ADD);
  i.subscription = i.ring->subscribe([&i] { i.wake(); }, true);
  i.thread = std::thread([&i] { i.run(); });
  return {};
}

void M4fServer::stop() {
  Impl& i = *impl_;
  if (!i.thread.joinable()) return;
  i.subscription.reset();
  i.stopping = true;
  i.woken = false;
  i.wake();
  i.thread.join();
  i.clients.clear();
  i.listener = Fd();
}

uint16_t M4fServer::port() const {
  return impl_->port;
}

}  // namespace sluice
