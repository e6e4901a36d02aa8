// many_readers PORT PATH CLIENTS SECONDS [LOG]: opens CLIENTS HTTP connections, reads for SECONDS after the
// last one got its first byte, prints "clients bytes slowest median fastest" (bytes per client over that
// time). LOG: "PTS NS" for each video PES that ends at the first of ten watched clients: when the last byte
// of the frame was there.
#include <arpa/inet.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "pace.h"

namespace {

// Finds video PES in one client's bytes.
class Watcher {
 public:
  void feed(const uint8_t* data, size_t n, int64_t now, FILE* log) {
    pending_.insert(pending_.end(), data, data + n);
    size_t at = 0;
    if (!in_body_) {
      static const char kEnd[] = "\r\n\r\n";
      const auto end = std::search(pending_.begin(), pending_.end(), kEnd, kEnd + 4);
      if (end == pending_.end()) return;
      at = static_cast<size_t>(end - pending_.begin()) + 4;
      in_body_ = true;
    }
    for (; at + bench::kPacket <= pending_.size(); at += bench::kPacket) {
      const uint8_t* p = &pending_[at];
      if (bench::is_video_start(p)) pts_ = bench::pes_time(p, false);
    }
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<ptrdiff_t>(at));
    // Everything that is there has been read: the newest frame is complete as far as the server sends whole
    // frames at once.
    if (pts_ >= 0 && pts_ != logged_) {
      std::fprintf(log, "%lld %lld\n", static_cast<long long>(pts_), static_cast<long long>(now));
      logged_ = pts_;
    }
  }

 private:
  std::vector<uint8_t> pending_;
  bool in_body_ = false;
  int64_t pts_ = -1, logged_ = -1;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc < 5) return std::fprintf(stderr, "usage: many_readers PORT PATH CLIENTS SECONDS [LOG]\n"), 2;
  const size_t count = static_cast<size_t>(std::atoi(argv[3]));
  const int64_t length = std::atoi(argv[4]) * 1'000'000'000LL;
  FILE* log = argc > 5 ? std::fopen(argv[5], "w") : nullptr;
  rlimit files{count + 64, count + 64};
  setrlimit(RLIMIT_NOFILE, &files);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<uint16_t>(std::atoi(argv[1])));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const std::string request = std::string("GET ") + argv[2] + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const int poller = epoll_create1(0);
  std::vector<int> fds(count);
  for (size_t i = 0; i < count; ++i) {
    fds[i] = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(fds[i], reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) return std::perror("connect"), 1;
    if (send(fds[i], request.data(), request.size(), MSG_NOSIGNAL) < 0) return std::perror("send"), 1;
    epoll_event event{EPOLLIN, {.u64 = i}};
    epoll_ctl(poller, EPOLL_CTL_ADD, fds[i], &event);
  }
  std::vector<uint64_t> bytes(count);
  std::vector<bool> started(count);
  std::vector<Watcher> watched(std::min<size_t>(count, 10));
  size_t waiting = count, closed = 0;
  int64_t end = 0, limit = bench::now_ns() + length + 60'000'000'000LL;
  static uint8_t buffer[1 << 18];
  while (bench::now_ns() < (end ? end : limit) && closed < count) {
    epoll_event events[512];
    const int n = epoll_wait(poller, events, 512, 100);
    for (int e = 0; e < n; ++e) {
      const size_t i = events[e].data.u64;
      const ssize_t got = recv(fds[i], buffer, sizeof buffer, MSG_DONTWAIT);
      if (got == 0 || (got < 0 && errno != EAGAIN)) {
        epoll_ctl(poller, EPOLL_CTL_DEL, fds[i], nullptr);
        ++closed;
        continue;
      }
      if (got < 0) continue;
      if (!started[i]) {
        started[i] = true;
        if (--waiting == 0) end = bench::now_ns() + length;
      }
      if (end) bytes[i] += static_cast<uint64_t>(got);
      if (log && i < watched.size()) watched[i].feed(buffer, static_cast<size_t>(got), bench::now_ns(), log);
    }
  }
  if (log) std::fclose(log);
  uint64_t total = 0;
  for (uint64_t b : bytes) total += b;
  std::sort(bytes.begin(), bytes.end());
  std::printf("%zu %llu %llu %llu %llu\n", count - waiting - closed, static_cast<unsigned long long>(total),
              static_cast<unsigned long long>(bytes.front()),
              static_cast<unsigned long long>(bytes[count / 2]),
              static_cast<unsigned long long>(bytes.back()));
  return waiting || closed ? 1 : 0;
}
