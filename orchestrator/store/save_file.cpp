#include "orchestrator/store/save_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

class Fd {
 public:
  explicit Fd(int fd) : fd_(fd) {}
  Fd(const Fd&) = delete;
  Fd& operator=(const Fd&) = delete;
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

int64_t ns(const timespec& t) {
  return int64_t(t.tv_sec) * 1'000'000'000 + t.tv_nsec;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return false;
    text.remove_prefix(size_t(n));
  }
  return true;
}

// Temporary files carry their writer's process id, so that two writers never share one.
std::string temporary_prefix(const fs::path& target) {
  return "." + target.filename().string() + ".new.";
}

// Left behind by writers that were killed.
void remove_orphans(const fs::path& target) {
  const std::string prefix = temporary_prefix(target);
  std::error_code failed;
  for (fs::directory_iterator it(target.parent_path(), failed), end; !failed && it != end;
       it.increment(failed)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(prefix)) continue;
    pid_t pid = 0;
    const auto [rest, error] = std::from_chars(name.data() + prefix.size(), name.data() + name.size(), pid);
    const bool whole = error == std::errc{} && rest == name.data() + name.size() && pid > 0;
    if (whole && (pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH))) ::unlink(it->path().c_str());
  }
}

}  // namespace

std::optional<Stamp> Stamp::of(const std::string& path) {
  struct stat s {};
  if (::stat(path.c_str(), &s) != 0) return {};
  return Stamp{s.st_dev, s.st_ino, s.st_size, ns(s.st_ctim), ns(s.st_mtim)};
}

Saved save_file(const std::string& path, std::string_view text, const std::optional<Stamp>& expected,
                std::string& problem) {
  std::error_code unresolved;
  const fs::path target = fs::canonical(path, unresolved);
  const auto failed = [&](std::string_view what) {
    problem = fmt::format("cannot save {}: {}: {}", path, what, std::strerror(errno));
    return Saved::kFailed;
  };
  struct stat old {};
  if (unresolved || ::stat(target.c_str(), &old) != 0) return failed("the file is not there");
  remove_orphans(target);

  const std::string temporary =
      (target.parent_path() / (temporary_prefix(target) + std::to_string(::getpid()))).string();
  const auto give_up = [&](std::string_view what) {
    const Saved result = failed(what);
    ::unlink(temporary.c_str());
    return result;
  };
  {
    const Fd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.get() < 0) return failed("cannot write in its directory");
    // Another owner can be given by root alone; a file that is not root's stays with whoever may write it.
    if ((old.st_uid != ::geteuid() || old.st_gid != ::getegid()) &&
        ::fchown(file.get(), old.st_uid, old.st_gid) != 0 && ::geteuid() == 0)
      return give_up("its owner cannot be kept");
    if (::fchmod(file.get(), old.st_mode & 07777) != 0) return give_up("its mode cannot be kept");
    if (!write_all(file.get(), text)) return give_up("writing failed");
    if (::fsync(file.get()) != 0) return give_up("syncing failed");
  }
  if (expected && Stamp::of(target.string()) != expected) {
    ::unlink(temporary.c_str());
    return Saved::kOvertaken;
  }
  if (::rename(temporary.c_str(), target.c_str()) != 0) return give_up("renaming failed");
  // The new file is there already; only a crash of the machine could still bring the old one back.
  const Fd directory(::open(target.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() >= 0) ::fsync(directory.get());
  return Saved::kYes;
}

}  // namespace sluice::store
