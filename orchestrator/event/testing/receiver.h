// A receiver of events on a free port: answers as it is told, and keeps what it was sent.
#pragma once

#include <glib.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace sluice::event::testing {

inline std::string sha1(const std::string& text) {
  gchar* sum = g_compute_checksum_for_string(G_CHECKSUM_SHA1, text.data(), static_cast<gssize>(text.size()));
  std::string out(sum);
  g_free(sum);
  return out;
}

// One connection after another, one request on each: enough for one sink.
class Receiver {
 public:
  struct Request {
    std::string head, body;
    std::string header(const std::string& name) const {
      const size_t at = head.find("\r\n" + name + ": ");
      if (at == std::string::npos) return {};
      const size_t from = at + name.size() + 4;
      return head.substr(from, head.find("\r\n", from) - from);
    }
  };

  Receiver() {
    socket_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    if (bind(socket_, reinterpret_cast<sockaddr*>(&address), size) != 0 || listen(socket_, 16) != 0 ||
        getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
      std::abort();
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~Receiver() {
    shutdown(socket_, SHUT_RDWR);
    thread_.join();
    close(socket_);
    for (const int client : hung_) close(client);
  }

  std::string url(const std::string& user = "") const {
    return "http://" + user + "127.0.0.1:" + std::to_string(port_) + "/events?a=b";
  }
  // The statuses of the next answers; 200 after the last.
  void answer_with(std::vector<int> statuses) {
    std::lock_guard lock(mutex_);
    statuses_ = std::move(statuses);
  }
  void hang() { hang_ = true; }
  std::vector<Request> requests() const {
    std::lock_guard lock(mutex_);
    return requests_;
  }
  bool wait_for(size_t count) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(10), [&] { return requests_.size() >= count; });
  }

 private:
  void serve() {
    for (;;) {
      const int client = accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) return;
      if (hang_) {
        hung_.push_back(client);
        continue;
      }
      answer(client);
      close(client);
    }
  }

  void answer(int client) {
    std::string text;
    size_t head = std::string::npos, length = 0;
    char buffer[4096];
    while (head == std::string::npos || text.size() < head + 4 + length) {
      const ssize_t n = recv(client, buffer, sizeof buffer, 0);
      if (n <= 0) return;
      text.append(buffer, static_cast<size_t>(n));
      head = text.find("\r\n\r\n");
      if (const char* found = strcasestr(text.c_str(), "\r\nContent-Length: "))
        length = static_cast<size_t>(std::atoi(found + 18));
    }
    int status = 200;
    {
      std::lock_guard lock(mutex_);
      if (requests_.size() < statuses_.size()) status = statuses_[requests_.size()];
      requests_.push_back({text.substr(0, head + 2), text.substr(head + 4)});
    }
    const std::string reply = "HTTP/1.1 " + std::to_string(status) +
                              " X\r\nContent-Length: 2\r\nLocation: /other\r\nConnection: close\r\n\r\nok";
    (void)!send(client, reply.data(), reply.size(), MSG_NOSIGNAL);
    changed_.notify_all();
  }

  int socket_ = -1;
  uint16_t port_ = 0;
  std::atomic<bool> hang_{false};
  std::vector<int> hung_;
  mutable std::mutex mutex_;  // guards what follows
  std::condition_variable changed_;
  std::vector<Request> requests_;
  std::vector<int> statuses_;
  std::thread thread_;
};

}  // namespace sluice::event::testing
