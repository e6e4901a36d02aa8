#include "m4fhttp/server.h"

#include <algorithm>
#include <cassert>
#include <thread>

#include "m4fhttp/live_writers.h"
#include "m4fhttp/sockets.h"
#include "m4fhttp/worker.h"

namespace m4fhttp {
namespace {

unsigned or_cores(unsigned threads) {
  return threads ? threads : std::max(1u, std::thread::hardware_concurrency());
}

}  // namespace

struct Server::Impl {
  Impl(ServerSettings settings_in, Handler& handler)
      : settings(std::move(settings_in)),
        live(or_cores(settings.live_threads), settings.stall_timeout),
        shared{settings, handler, live} {}

  m4f::Result<void> open();

  const ServerSettings settings;
  LiveWriters live;
  ServerShared shared;
  std::vector<uint16_t> ports;
  std::vector<std::unique_ptr<Worker>> workers;
  std::vector<std::thread> threads;
};

Server::Server(ServerSettings settings, Handler& handler)
    : impl_(std::make_unique<Impl>(std::move(settings), handler)) {}

Server::~Server() {
  stop();
}

m4f::Result<void> Server::Impl::open() {
  for (unsigned i = 0; i < or_cores(settings.threads); ++i) {
    workers.push_back(std::make_unique<Worker>(shared));
    if (auto opened = workers.back()->open(); !opened) return opened;
  }
  for (size_t i = 0; i < settings.listeners.size(); ++i) {
    const ListenerSettings& listener = settings.listeners[i];
    std::shared_ptr<TlsContext> tls;
    if (listener.tls) {
      auto loaded = TlsContext::load(listener.certificate, listener.certificate_key);
      if (!loaded) return tl::unexpected(std::move(loaded.error()));
      tls = std::move(*loaded);
    }
    uint16_t port = listener.port;
    for (size_t w = 0; w < workers.size(); ++w) {
      auto socket = listen_on(listener, port, w == 0);
      if (!socket) return tl::unexpected(std::move(socket.error()));
      if (port == 0) port = port_of(socket->get());
      workers[w]->add_listener(i, std::move(*socket), tls);
    }
    ports.push_back(port);
  }
  return live.start();
}

m4f::Result<void> Server::start() {
  assert(impl_->workers.empty());
  if (auto opened = impl_->open(); !opened) {
    impl_->workers.clear();
    impl_->ports.clear();
    return opened;
  }
  for (auto& worker : impl_->workers) impl_->threads.emplace_back([&worker = *worker] { worker.run(); });
  return {};
}

void Server::stop() {
  for (auto& worker : impl_->workers) worker->loop.stop();
  for (auto& thread : impl_->threads) thread.join();
  impl_->threads.clear();
  impl_->live.stop();
  impl_->workers.clear();
}

uint16_t Server::port(size_t listener) const {
  return impl_->ports.at(listener);
}

ServerStats Server::stats() const {
  ServerStats stats;
  stats.connections = impl_->shared.connections;
  stats.refused = impl_->shared.refused;
  stats.live_clients = impl_->live.clients();
  stats.live_skips = impl_->live.skips();
  for (const auto& worker : impl_->workers) {
    stats.held += worker->held.load(std::memory_order_relaxed);
    stats.requests += worker->requests.load(std::memory_order_relaxed);
  }
  return stats;
}

}  // namespace m4fhttp
