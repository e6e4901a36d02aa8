// A client that sends exactly the bytes that a test wants to send.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <chrono>
#include <string>
#include <string_view>

#include "m4fhttp/unique_fd.h"

namespace m4fhttp {

class TestClient {
 public:
  explicit TestClient(uint16_t port, int receive_buffer = 0)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer) setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) == 0;
  }

  bool connected() const { return connected_; }
  int fd() const { return fd_.get(); }
  void send(std::string_view text) { ::send(fd_.get(), text.data(), text.size(), MSG_NOSIGNAL); }
  void close() { fd_.reset(); }
  void shutdown_write() { shutdown(fd_.get(), SHUT_WR); }

  // Reads until `enough(received)` or end of file or ten seconds. True: enough.
  template <typename Enough>
  bool read_until(Enough enough) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!enough(received)) {
      const auto left =
          std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now()).count();
      pollfd wait{fd_.get(), POLLIN, 0};
      if (left <= 0 || poll(&wait, 1, static_cast<int>(left)) <= 0) return false;
      char buffer[65536];
      const ssize_t n = recv(fd_.get(), buffer, sizeof buffer, 0);
      if (n <= 0) {
        ended = true;
        return enough(received);
      }
      received.append(buffer, static_cast<size_t>(n));
    }
    return true;
  }

  // One answer with a Content-Length (or without a body); leaves what follows in `received`.
  std::string read_answer(bool head_only = false) {
    if (!read_until([](const std::string& r) { return r.find("\r\n\r\n") != std::string::npos; }))
      return received;
    const size_t head = received.find("\r\n\r\n") + 4;
    size_t size = 0;
    const size_t at = received.find("Content-Length: ");
    if (!head_only && at < head) size = std::stoul(received.substr(at + 16));
    read_until([&](const std::string& r) { return r.size() >= head + size; });
    std::string answer = received.substr(0, head + size);
    received.erase(0, head + size);
    return answer;
  }
  bool read_to_end() {
    read_until([](const std::string&) { return false; });
    return ended;
  }

  std::string received;
  bool ended = false;

 private:
  UniqueFd fd_;
  bool connected_ = false;
};

inline std::string get(std::string_view target, std::string_view more = "") {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: test\r\n" + std::string(more) + "\r\n";
}
inline int status_of_answer(std::string_view answer) {
  return answer.size() < 12 ? 0 : std::stoi(std::string(answer.substr(9, 3)));
}
inline std::string body_of(std::string_view answer) {
  const size_t at = answer.find("\r\n\r\n");
  return at == std::string_view::npos ? std::string() : std::string(answer.substr(at + 4));
}

}  // namespace m4fhttp
