#include "m4fhttp/server.h"

#include <algorithm>
#include <cassert>
#include <functional>
#include <latch>
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
  m4f::Result<size_t> open_listener(const ListenerSettings& listener);
  // Runs in each worker's thread; returns when all have.
  void in_all_workers(const std::function<void(Worker&)>& work);

  const ServerSettings settings;
  LiveWriters live;
  ServerShared shared;
  std::vector<uint16_t> ports;  // by listener; 0 = removed
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
  for (const ListenerSettings& listener : settings.listeners)
    if (auto opened = open_listener(listener); !opened) return tl::unexpected(std::move(opened.error()));
  return live.start();
}

m4f::Result<size_t> Server::Impl::open_listener(const ListenerSettings& listener) {
  std::shared_ptr<TlsContext> tls;
  if (listener.tls) {
    auto loaded = TlsContext::load(listener.certificate, listener.certificate_key);
    if (!loaded) return tl::unexpected(std::move(loaded.error()));
    tls = std::move(*loaded);
  }
  uint16_t port = listener.port;
  // Where this server listens already nobody else does.
  const bool first = std::find(ports.begin(), ports.end(), port) == ports.end();
  std::vector<UniqueFd> sockets;
  for (size_t w = 0; w < workers.size(); ++w) {
    auto socket = listen_on(listener, port, w == 0 && first);
    if (!socket) return tl::unexpected(std::move(socket.error()));
    if (port == 0) port = port_of(socket->get());
    sockets.push_back(std::move(*socket));
  }
  const size_t index = ports.size();
  ports.push_back(port);
  in_all_workers([&](Worker& worker) {
    const auto at =
        std::find_if(workers.begin(), workers.end(), [&](const auto& w) { return w.get() == &worker; });
    worker.add_listener(index, std::move(sockets[static_cast<size_t>(at - workers.begin())]), tls);
  });
  return index;
}

void Server::Impl::in_all_workers(const std::function<void(Worker&)>& work) {
  if (threads.empty()) {  // not running yet: they belong to this thread
    for (auto& worker : workers) work(*worker);
    return;
  }
  std::latch done(static_cast<std::ptrdiff_t>(workers.size()));
  for (auto& worker : workers)
    worker->loop.post([&work, &done, &worker = *worker] {
      work(worker);
      done.count_down();
    });
  done.wait();
}

m4f::Result<size_t> Server::add_listener(const ListenerSettings& listener) {
  return impl_->open_listener(listener);
}

void Server::remove_listener(size_t listener) {
  impl_->in_all_workers([listener](Worker& worker) { worker.remove_listener(listener); });
  impl_->ports.at(listener) = 0;
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
