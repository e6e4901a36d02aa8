#include "orchestrator/event/rotating_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sluice::event {
namespace {

std::string old_name(const std::string& path, int n) {
  return n == 0 ? path : path + "." + std::to_string(n);
}

}  // namespace

RotatingFile::RotatingFile(std::string path, std::optional<uint64_t> max_size, int max_depth)
    : path_(std::move(path)), max_size_(max_size), max_depth_(max_depth) {}

RotatingFile::~RotatingFile() {
  reopen();
}

void RotatingFile::reopen() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

m4f::Result<void> RotatingFile::open() {
  // Not blocking: a FIFO that nobody reads is an error, not a wait for ever.
  fd_ = ::open(path_.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0640);
  struct stat info {};
  if (fd_ < 0 || fstat(fd_, &info) != 0) {
    const int code = errno;
    reopen();
    return m4f::error(m4f::Errc::kIo, "{} cannot be opened: {}", path_, std::strerror(code));
  }
  size_ = S_ISREG(info.st_mode) ? static_cast<uint64_t>(info.st_size) : 0;
  // A crash may have left a part of a line.
  char last = '\n';
  if (size_ > 0 && pread(fd_, &last, 1, static_cast<off_t>(size_ - 1)) == 1 && last != '\n')
    size_ += ::write(fd_, "\n", 1) == 1;
  return {};
}

void RotatingFile::rotate() {
  reopen();
  for (int n = max_depth_; n > 0; --n)
    std::rename(old_name(path_, n - 1).c_str(), old_name(path_, n).c_str());
  if (max_depth_ == 0) ::unlink(path_.c_str());
}

m4f::Result<void> RotatingFile::append(std::string_view lines) {
  if (fd_ < 0)
    if (auto opened = open(); !opened) return opened;
  if (max_size_ && size_ > 0 && size_ + lines.size() > *max_size_) {
    rotate();
    if (auto opened = open(); !opened) return opened;
  }
  size_t done = 0;
  while (done < lines.size()) {
    const ssize_t n = ::write(fd_, lines.data() + done, lines.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const int code = errno;
      if (done > 0 && ftruncate(fd_, static_cast<off_t>(size_)) != 0) ::write(fd_, "\n", 1);
      reopen();
      return m4f::error(m4f::Errc::kIo, "{} cannot be written: {}", path_, std::strerror(code));
    }
    done += static_cast<size_t>(n);
  }
  size_ += lines.size();
  return {};
}

}  // namespace sluice::event
