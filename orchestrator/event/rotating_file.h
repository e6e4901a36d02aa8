// A file of lines that is turned over when it has grown: NAME, NAME.1 (younger), NAME.2 ...
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "m4f/base/error.h"

namespace sluice::event {

// One thread.
class RotatingFile {
 public:
  static constexpr int kDepth = 5;

  // Without `max_size` (bytes) it grows for ever. `max_depth`: how many old files are kept.
  RotatingFile(std::string path, std::optional<uint64_t> max_size, int max_depth);
  ~RotatingFile();
  RotatingFile(const RotatingFile&) = delete;
  RotatingFile& operator=(const RotatingFile&) = delete;

  // Whole lines, each with its end; the file never keeps a part of them. An error says what to mend; the next
  // call opens the file anew.
  m4f::Result<void> append(std::string_view lines);
  // The next append opens the file by its name again.
  void reopen();

 private:
  m4f::Result<void> open();
  void rotate();

  const std::string path_;
  const std::optional<uint64_t> max_size_;
  const int max_depth_;
  int fd_ = -1;
  uint64_t size_ = 0;
};

}  // namespace sluice::event
