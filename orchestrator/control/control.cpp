#include "orchestrator/control/control.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <xxhash.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <filesystem>
#include <string_view>

namespace sluice::control {
namespace {

// One request and one answer: a letter each way, then text until the end.
constexpr char kReload = 'r', kGood = '+', kBad = '-';
constexpr int kPatienceMs = 5000;  // for a client that says nothing
constexpr size_t kMaxAnswer = 1 << 20;

struct Name {
  sockaddr_un address{};
  socklen_t size = 0;
};

// Links and relative paths lead to the same name as the file itself. The directory counts by its inode:
// containers that share a network may each have a file of the same path. Saving replaces the file, so that
// its own inode says nothing.
Name name_of(const std::string& configuration) {
  std::error_code failed;
  std::filesystem::path path = std::filesystem::canonical(configuration, failed);
  if (failed) path = std::filesystem::absolute(configuration, failed);
  struct stat directory {};
  ::stat(path.parent_path().c_str(), &directory);
  const std::string text =
      fmt::format("{}/{}/{}", directory.st_dev, directory.st_ino, path.filename().string());
  const std::string name = fmt::format("sluiced/{:016x}", XXH3_64bits(text.data(), text.size()));
  Name out;
  out.address.sun_family = AF_UNIX;
  std::memcpy(out.address.sun_path + 1, name.data(), name.size());
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  return out;
}

bool send_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<size_t>(n));
  }
  return true;
}

bool may_ask(int client) {
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(client, SOL_SOCKET, SO_PEERCRED, &who, &size) != 0) return false;
  return who.uid == 0 || who.uid == ::geteuid();
}

void set_timeouts(int fd, int seconds) {
  const timeval limit{.tv_sec = seconds, .tv_usec = 0};
  ::setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
}

}  // namespace

m4f::Result<void> Control::open(const std::string& configuration) {
  const Name name = name_of(configuration);
  listening_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (listening_ >= 0 && wake_ >= 0 &&
      ::bind(listening_, reinterpret_cast<const sockaddr*>(&name.address), name.size) == 0 &&
      ::listen(listening_, 8) == 0)
    return {};
  const int why = errno;
  stop();
  if (why == EADDRINUSE)
    return m4f::error(m4f::Errc::kIo, "another sluiced runs by {} already", configuration);
  return m4f::error(m4f::Errc::kIo, "no local socket for --reload: {}", std::strerror(why));
}

void Control::start() {
  if (listening_ >= 0) thread_ = std::thread([this] { loop(); });
}

void Control::stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
    thread_.join();
  }
  for (int* fd : {&listening_, &wake_}) {
    if (*fd >= 0) ::close(*fd);
    *fd = -1;
  }
}

void Control::loop() {
  for (;;) {
    pollfd wait[] = {{listening_, POLLIN, 0}, {wake_, POLLIN, 0}};
    if (::poll(wait, 2, -1) < 0 && errno != EINTR) return;
    if (wait[1].revents) return;
    if (!wait[0].revents) continue;
    const int client = ::accept4(listening_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) continue;
    serve(client);
    ::close(client);
  }
}

void Control::serve(int client) {
  if (!may_ask(client)) {
    send_all(client, "-only root and the server's own user may do that\n");
    return;
  }
  pollfd wait[] = {{client, POLLIN, 0}, {wake_, POLLIN, 0}};
  if (::poll(wait, 2, kPatienceMs) <= 0 || wait[1].revents) return;
  char request = 0;
  if (::recv(client, &request, 1, 0) != 1 || request != kReload) return;
  const Answer answer = reload_();
  set_timeouts(client, kPatienceMs / 1000);
  if (send_all(client, {answer.good ? &kGood : &kBad, 1})) send_all(client, answer.text);
}

std::optional<Answer> ask_to_reload(const std::string& configuration) {
  const Name name = name_of(configuration);
  const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return {};
  std::optional<Answer> out;
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&name.address), name.size) == 0 &&
      send_all(fd, {&kReload, 1})) {
    std::string text;
    char block[4096];
    for (ssize_t n; text.size() < kMaxAnswer && (n = ::recv(fd, block, sizeof block, 0)) != 0;) {
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) break;
      text.append(block, static_cast<size_t>(n));
    }
    if (text.empty())
      out = Answer{false, "the server went away without an answer\n"};
    else
      out = Answer{text[0] == kGood, text.substr(1)};
  }
  ::close(fd);
  return out;
}

}  // namespace sluice::control
