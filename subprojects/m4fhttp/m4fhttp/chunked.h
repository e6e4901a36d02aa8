// The body of a request in chunked coding (RFC 9112 7.1). Pure: bytes in, pieces of them out; keeps nothing
// of them.
#pragma once

#include <cstdint>
#include <string_view>

namespace m4fhttp {

// Strict, since a body that two readers end in different places is an attack (RFC 9112 11.2): every line ends
// with CRLF, sizes have at most eight digits, lines of sizes and extensions 256 bytes, trailers 8 KiB in all.
class ChunkedBody {
 public:
  enum class State : uint8_t {
    kMore,    // what was given is used up, the body goes on
    kDone,    // it has ended: what follows is the next request
    kBroken,  // it is none
  };
  struct Step {
    size_t used = 0;        // bytes of the input that are done with
    std::string_view data;  // of the body, inside of the input; may be empty
  };

  // The next piece. Call it again with what it did not use as long as state() is kMore and there is any.
  // REQUIRES: state() == kMore, `in` not empty.
  Step next(std::string_view in);
  State state() const { return state_; }

 private:
  enum class At : uint8_t {
    kSize,
    kExtension,
    kSizeEnd,
    kData,
    kDataCr,
    kDataLf,
    kTrailer,
    kTrailerName,
    kTrailerValue,
    kTrailerLf,
    kLastLf
  };
  bool take(char c);  // of everything but data; false: broken

  State state_ = State::kMore;
  At at_ = At::kSize;
  uint64_t left_ = 0;     // of the chunk
  uint32_t digits_ = 0;   // of its size
  uint32_t line_ = 0;     // bytes of the line of its size
  uint32_t trailer_ = 0;  // bytes of all trailers
};

}  // namespace m4fhttp
