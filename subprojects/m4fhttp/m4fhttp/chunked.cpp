#include "m4fhttp/chunked.h"

#include <algorithm>

#include "m4fhttp/http1_parser.h"

namespace m4fhttp {
namespace {

constexpr uint32_t kMaxDigits = 8, kMaxLine = 256, kMaxTrailers = 8 * 1024;

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

// One byte of the framing.
bool ChunkedBody::take(char c) {
  switch (at_) {
    case At::kSize:
      if (const int digit = hex(c); digit >= 0) {
        left_ = left_ << 4 | static_cast<uint64_t>(digit);
        return ++digits_ <= kMaxDigits;
      }
      if (digits_ == 0) return false;
      if (c == '\r') {
        at_ = At::kSizeEnd;
        return true;
      }
      at_ = At::kExtension;
      // RFC 9112 7.1.1: white space before the semicolon is bad, and to be borne.
      return c == ';' || c == ' ' || c == '\t';
    case At::kExtension:
      if (c == '\r') {
        at_ = At::kSizeEnd;
        return true;
      }
      return ++line_ <= kMaxLine && is_field_byte(c);
    case At::kSizeEnd:
      at_ = left_ > 0 ? At::kData : At::kTrailer;
      digits_ = line_ = 0;
      return c == '\n';
    case At::kData:
      return false;  // not here
    case At::kDataCr:
      at_ = At::kDataLf;
      return c == '\r';
    case At::kDataLf:
      at_ = At::kSize;
      return c == '\n';
    case At::kTrailer:
      if (c == '\r') {
        at_ = At::kLastLf;
        return true;
      }
      at_ = At::kTrailerName;
      return ++trailer_ <= kMaxTrailers && is_token_byte(c);
    case At::kTrailerName:
      if (c == ':') at_ = At::kTrailerValue;
      return ++trailer_ <= kMaxTrailers && (c == ':' || is_token_byte(c));
    case At::kTrailerValue:
      if (c == '\r') {
        at_ = At::kTrailerLf;
        return true;
      }
      return ++trailer_ <= kMaxTrailers && is_field_byte(c);
    case At::kTrailerLf:
      at_ = At::kTrailer;
      return c == '\n';
    case At::kLastLf:
      state_ = State::kDone;
      return c == '\n';
  }
  return false;
}

ChunkedBody::Step ChunkedBody::next(std::string_view in) {
  Step step;
  while (state_ == State::kMore && step.used < in.size()) {
    if (at_ == At::kData) {
      const size_t size = static_cast<size_t>(std::min<uint64_t>(left_, in.size() - step.used));
      step.data = in.substr(step.used, size);
      step.used += size;
      left_ -= size;
      if (left_ == 0) at_ = At::kDataCr;
      return step;
    }
    if (!take(in[step.used])) {
      state_ = State::kBroken;
      return step;
    }
    ++step.used;
  }
  return step;
}

}  // namespace m4fhttp
