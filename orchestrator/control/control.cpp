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
#include <vector>

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

// The directory counts by its inode: containers that share a network may each have a file of the same path.
// Saving replaces the file, so that its own inode says nothing.
Name name_of(const std::filesystem::path& path) {
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

// By the path as it is given, and by the file that it leads to: a link may point elsewhere tomorrow, and who
// asks may know the one or the other.
std::vector<Name> names_of(const std::string& configuration) {
  std::error_code failed;
  const std::filesystem::path given = std::filesystem::absolute(configuration, failed);
  std::vector<Name> out{name_of(given)};
  const std::filesystem::path real = std::filesystem::canonical(given, failed);
  if (!failed)
    if (const Name name = name_of(real); std::memcmp(&name, &out[0], sizeof name) != 0) out.push_back(name);
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
  wake_ = ::eventfd(0, EFD_CLOEXEC);
  int why = wake_ < 0 ? errno : 0;
  for (const Name& name : names_of(configuration)) {
    if (why != 0) break;
    const int fd = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (fd >= 0) listening_.push_back(fd);
    if (fd < 0 || ::bind(fd, reinterpret_cast<const sockaddr*>(&name.address), name.size) != 0 ||
        ::listen(fd, 8) != 0)
      why = errno;
  }
  if (why == 0) return {};
  stop();
  if (why == EADDRINUSE)
    return m4f::error(m4f::Errc::kIo, "another sluiced runs by {} already", configuration);
  return m4f::error(m4f::Errc::kIo, "no local socket for --reload: {}", std::strerror(why));
}

void Control::start() {
  if (!listening_.empty()) thread_ = std::thread([this] { loop(); });
}

void Control::stop() {
  if (thread_.joinable()) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t written = ::write(wake_, &one, sizeof one);
    thread_.join();
  }
  for (const int fd : listening_) ::close(fd);
  listening_.clear();
  if (wake_ >= 0) ::close(wake_);
  wake_ = -1;
}

void Control::loop() {
  std::vector<pollfd> wait{{wake_, POLLIN, 0}};
  for (const int fd : listening_) wait.push_back({fd, POLLIN, 0});
  for (;;) {
    if (::poll(wait.data(), wait.size(), -1) < 0) {
      if (errno == EINTR) continue;
      return;
    }
    if (wait[0].revents) return;
    for (size_t i = 1; i < wait.size(); ++i) {
      if (!wait[i].revents) continue;
      const int client = ::accept4(wait[i].fd, nullptr, nullptr, SOCK_CLOEXEC);
      if (client < 0) continue;
      serve(client);
      ::close(client);
    }
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
  for (const Name& name : names_of(configuration)) {
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
    if (out) return out;
  }
  return {};
}

}  // namespace sluice::control
