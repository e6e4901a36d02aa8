// One thread of the server: its listening sockets and its connections.
#pragma once

#include <atomic>
#include <ctime>
#include <list>
#include <memory>
#include <string>
#include <vector>

#include "m4fhttp/event_loop.h"
#include "m4fhttp/holds.h"
#include "m4fhttp/server.h"
#include "m4fhttp/transport.h"

namespace m4fhttp {

class LiveWriters;
class Worker;

// What all threads of a server share.
struct ServerShared {
  const ServerSettings& settings;
  Handler& handler;
  LiveWriters& live;
  std::atomic<uint64_t> connections = 0, refused = 0;
};

// A place among max_connections; moves with the connection.
class Slot {
 public:
  explicit Slot(std::atomic<uint64_t>& count) : count_(&count) { ++count; }
  Slot(Slot&& other) noexcept : count_(std::exchange(other.count_, nullptr)) {}
  Slot& operator=(Slot&&) = delete;
  ~Slot() {
    if (count_) --*count_;
  }

 private:
  std::atomic<uint64_t>* count_;
};

// A client's connection. Belongs to its worker's thread.
class Connection : public EventLoop::Watcher {
 public:
  // What a connection is made of; moves when the protocol becomes known and when it leaves for the live
  // writers.
  struct Parts {
    std::unique_ptr<Transport> transport;
    Slot slot;
    std::string client;
    size_t listener = 0;
    bool tls = false;
  };

  Connection(Worker& worker, Parts parts) : worker_(worker), parts_(std::move(parts)) {}
  virtual void sweep(EventLoop::Clock::time_point now) = 0;  // about once a second: closes what has timed out

 protected:
  // Leaves the worker: on_events() is not called again, *this is destroyed at the end of the round.
  void close();
  bool closed() const { return closed_; }

  Worker& worker_;
  Parts parts_;

 private:
  friend class Worker;
  bool closed_ = false;
  std::list<std::unique_ptr<Connection>>::iterator place_;
};

class Worker {
 public:
  explicit Worker(ServerShared& shared);
  ~Worker();

  m4f::Result<void> open();
  // In the worker's thread or before run(). `tls`: null = plain.
  void add_listener(size_t index, UniqueFd socket, std::shared_ptr<TlsContext> tls);
  void remove_listener(size_t index);  // its connections stay
  void run() { loop.run(); }
  void adopt(std::unique_ptr<Connection> connection);
  std::string_view date();  // "Date: Fri, 20 Nov 2026 10:20:20 GMT\r\n"

  ServerShared& shared;
  EventLoop loop;
  Holds holds{loop};
  std::vector<char> scratch;           // what is read goes here first: an idle connection holds no buffer
  std::atomic<uint64_t> requests = 0;  // written by this thread only
  std::atomic<uint64_t> held = 0;      // likewise

  void count_request() {
    requests.store(requests.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
  }
  void count_held() { held.store(holds.size(), std::memory_order_relaxed); }

 private:
  friend class Connection;
  class Listener;
  void accept_all(Listener& listener);
  void start_sweeping();

  std::vector<std::unique_ptr<Listener>> listeners_;
  std::list<std::unique_ptr<Connection>> connections_;
  UniqueFd reserve_;  // given up to accept and refuse when descriptors run out
  std::string date_;
  std::time_t date_second_ = 0;
};

}  // namespace m4fhttp
