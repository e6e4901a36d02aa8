// fanout_yardstick FILE.ts PORT: the least a server can do. Accepts HTTP clients, sends the file in real time
// to all of them, chunk by chunk, with non-blocking sends and epoll; prints "bytes CPU-seconds" at the end. A
// client whose socket is full misses the chunk.
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <vector>

#include "pace.h"

int main(int argc, char** argv) {
  if (argc != 3) return std::fprintf(stderr, "usage: fanout_yardstick FILE.ts PORT\n"), 2;
  const bench::TsFile file(argv[1]);
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  const int on = 1;
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[2])));
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0 || listen(listener, 4096) != 0)
    return std::perror("listen"), 1;
  const int poller = epoll_create1(0);
  epoll_event wanted{EPOLLIN, {.fd = listener}};
  epoll_ctl(poller, EPOLL_CTL_ADD, listener, &wanted);

  std::vector<int> clients;
  uint64_t sent = 0;
  static const char kHead[] = "HTTP/1.1 200 OK\r\nContent-Type: video/mp2t\r\nConnection: close\r\n\r\n";
  bench::Pacer pacer;
  for (const bench::Chunk& chunk : file.chunks) {
    epoll_event events[256];
    for (int n = epoll_wait(poller, events, 256, 0), i = 0; i < n; ++i) {
      if (events[i].data.fd == listener) {
        for (int fd; (fd = accept4(listener, nullptr, nullptr, SOCK_NONBLOCK)) >= 0;) {
          epoll_event reading{EPOLLIN, {.fd = fd}};
          epoll_ctl(poller, EPOLL_CTL_ADD, fd, &reading);
        }
      } else {  // the request: answered without a look
        char request[2048];
        if (recv(events[i].data.fd, request, sizeof request, 0) > 0) {
          setsockopt(events[i].data.fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
          send(events[i].data.fd, kHead, sizeof kHead - 1, MSG_NOSIGNAL);
          clients.push_back(events[i].data.fd);
        }
        epoll_ctl(poller, EPOLL_CTL_DEL, events[i].data.fd, nullptr);
      }
    }
    pacer.wait(chunk.dts);
    for (int fd : clients) {
      const ssize_t n = send(fd, &file.bytes[chunk.begin], chunk.end - chunk.begin, MSG_NOSIGNAL);
      if (n > 0) sent += static_cast<uint64_t>(n);
    }
  }
  rusage used{};
  getrusage(RUSAGE_SELF, &used);
  const double cpu = static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                     static_cast<double>(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
  std::printf("%llu %.3f\n", static_cast<unsigned long long>(sent), cpu);
  return 0;
}
