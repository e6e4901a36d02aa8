#include "m4fhttp/worker.h"

#include <fcntl.h>
#include <sys/epoll.h>

#include <cerrno>

#include "m4fhttp/http1.h"
#include "m4fhttp/http2.h"
#include "m4fhttp/sockets.h"

namespace m4fhttp {
namespace {

constexpr size_t kScratch = 64 * 1024;
constexpr uint32_t kEvents = EPOLLIN | EPOLLOUT | EPOLLRDHUP;
constexpr int kAcceptsPerRound = 64;  // so that a flood of connections does not starve those that are there

// Until the TLS handshake tells which protocol is spoken.
class Handshake final : public Connection {
 public:
  Handshake(Worker& worker, Parts parts)
      : Connection(worker, std::move(parts)),
        deadline_(worker_.loop.now() + worker_.shared.settings.header_timeout) {}

  void on_events(uint32_t events) override {
    if (closed()) return;
    if (events & (EPOLLERR | EPOLLHUP)) return close();
    switch (parts_.transport->handshake()) {
      case IoState::kBlocked:
        return;
      case IoState::kClosed:
        return close();
      case IoState::kOk:
        break;
    }
    worker_.loop.unwatch(parts_.transport->fd());
    if (parts_.transport->protocol() == "h2")
      worker_.adopt(std::make_unique<Http2Connection>(worker_, std::move(parts_)));
    else
      worker_.adopt(std::make_unique<Http1Connection>(worker_, std::move(parts_)));
    close();
  }

  void sweep(EventLoop::Clock::time_point now) override {
    if (now >= deadline_) close();
  }

 private:
  const EventLoop::Clock::time_point deadline_;
};

}  // namespace

class Worker::Listener final : public EventLoop::Watcher {
 public:
  Listener(Worker& worker, size_t index, UniqueFd socket, std::shared_ptr<TlsContext> tls)
      : index(index), socket(std::move(socket)), tls(std::move(tls)), worker_(worker) {}
  void on_events(uint32_t) override {
    if (socket) worker_.accept_all(*this);
  }

  const size_t index;
  UniqueFd socket;
  const std::shared_ptr<TlsContext> tls;

 private:
  Worker& worker_;
};

void Connection::close() {
  if (std::exchange(closed_, true)) return;
  if (parts_.transport) worker_.loop.unwatch(parts_.transport->fd());
  std::unique_ptr<Connection> self = std::move(*place_);
  worker_.connections_.erase(place_);
  worker_.loop.retire(std::move(self));
}

Worker::Worker(ServerShared& shared) : shared(shared), scratch(kScratch) {}

Worker::~Worker() = default;

m4f::Result<void> Worker::open() {
  reserve_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  auto opened = loop.open();
  if (opened) start_sweeping();
  return opened;
}

void Worker::add_listener(size_t index, UniqueFd socket, std::shared_ptr<TlsContext> tls) {
  auto listener = std::make_unique<Listener>(*this, index, std::move(socket), std::move(tls));
  loop.watch(listener->socket.get(), EPOLLIN, listener.get(), true);
  listeners_.push_back(std::move(listener));
}

void Worker::remove_listener(size_t index) {
  for (auto& listener : listeners_) {
    if (listener->index != index) continue;
    loop.unwatch(listener->socket.get());
    listener->socket.reset();  // now: the port must be free when the caller goes on
    loop.retire(std::move(listener));
  }
  std::erase(listeners_, nullptr);
}

void Worker::adopt(std::unique_ptr<Connection> connection) {
  Connection& added = *connection;
  connections_.push_front(std::move(connection));
  added.place_ = connections_.begin();
  if (!loop.watch(added.parts_.transport->fd(), kEvents, &added)) added.close();
}

void Worker::accept_all(Listener& listener) {
  for (int i = 0; i < kAcceptsPerRound; ++i) {
    Accepted accepted = accept_from(listener.socket.get());
    if (!accepted.fd) {
      if (errno == EMFILE || errno == ENFILE) {
        // No descriptor is left: take the client with the reserved one and let it go, or it would ring for
        // ever.
        reserve_.reset();
        accept_from(listener.socket.get()).fd.reset();
        reserve_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
        ++shared.refused;
      }
      return;
    }
    if (shared.connections.load(std::memory_order_relaxed) >= shared.settings.max_connections) {
      ++shared.refused;
      continue;
    }
    Connection::Parts parts{nullptr, Slot(shared.connections), std::move(accepted.client), listener.index,
                            listener.tls != nullptr};
    if (!listener.tls) {
      parts.transport = make_plain_transport(std::move(accepted.fd));
      adopt(std::make_unique<Http1Connection>(*this, std::move(parts)));
    } else if ((parts.transport = listener.tls->accept(std::move(accepted.fd)))) {
      adopt(std::make_unique<Handshake>(*this, std::move(parts)));
    }
  }
}

void Worker::start_sweeping() {
  loop.at(loop.now() + std::chrono::seconds(1), [this] {
    for (auto it = connections_.begin(); it != connections_.end();) (*it++)->sweep(loop.now());
    start_sweeping();
  });
}

std::string_view Worker::date() {
  const std::time_t second = std::time(nullptr);
  if (second != date_second_) {
    date_second_ = second;
    std::tm utc{};
    gmtime_r(&second, &utc);
    // Not strftime(): its names follow the locale.
    static constexpr const char* kDays[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static constexpr const char* kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    date_ = fmt::format("Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n", kDays[utc.tm_wday], utc.tm_mday,
                        kMonths[utc.tm_mon], utc.tm_year + 1900, utc.tm_hour, utc.tm_min, utc.tm_sec);
  }
  return date_;
}

}  // namespace m4fhttp
