// Writing a file so that a crash at any moment leaves the old one or the new one.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace sluice::store {

// What tells one version of a file from another without reading it.
struct Stamp {
  dev_t device = 0;
  ino_t inode = 0;
  off_t size = 0;
  int64_t changed_ns = 0, modified_ns = 0;
  bool operator==(const Stamp&) const = default;

  static std::optional<Stamp> of(const std::string& path);
};

enum class Saved { kYes, kOvertaken, kFailed };

// Writes beside the file, syncs, renames over it and syncs the directory. A symbolic link stays one: the file
// it leads to is replaced. Mode and owner stay. kOvertaken: the file is no longer the one of the stamp,
// nothing was done. kFailed: `problem` says what and why.
Saved save_file(const std::string& path, std::string_view text, const std::optional<Stamp>& expected,
                std::string& problem);

}  // namespace sluice::store
