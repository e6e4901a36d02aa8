// Errors of the media core: one type, returned, never thrown.
#pragma once

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>

namespace m4f {

enum class Errc {
  kTruncated,    // more bytes are needed than are there
  kInvalid,      // the bytes contradict their format
  kUnsupported,  // valid, but nothing here handles it
  kLimit,        // a bound of this project is exceeded
  kNotFound,
  kIo,
};

// What went wrong and where. `path` grows outward as the error travels up: "segment 41/track v1/avcC".
struct Error {
  Errc code = Errc::kInvalid;
  std::string text;
  std::string path;

  std::string message() const { return path.empty() ? text : path + ": " + text; }
  Error within(std::string_view outer) && {
    path = path.empty() ? std::string(outer) : std::string(outer) + "/" + path;
    return std::move(*this);
  }
};

template <typename T>
using Result = tl::expected<T, Error>;

template <typename... Args>
tl::unexpected<Error> error(Errc code, fmt::format_string<Args...> format, Args&&... args) {
  return tl::unexpected<Error>(Error{code, fmt::format(format, std::forward<Args>(args)...), {}});
}

}  // namespace m4f
