// The head of an HTTP/1.x request (RFC 9112). Pure: bytes in, a table of places out.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "m4fhttp/exchange.h"

namespace m4fhttp {

constexpr size_t kMaxHead = 16 * 1024;  // bytes of request line and headers
constexpr size_t kMaxFields = 100;

// Places are offsets from the head's first byte, so that the bytes may move.
struct RequestHead {
  struct Field {
    uint16_t name = 0, name_size = 0, value = 0, value_size = 0;
  };
  Method method = Method::kGet;
  bool http10 = false;
  bool keep_alive = true;
  bool expect_continue = false;
  bool chunked = false;  // the body's length is not known before its end
  uint16_t target = 0, target_size = 0;
  uint16_t fields_count = 0;
  uint32_t size = 0;  // bytes up to the body
  uint64_t content_length = 0;
  std::array<Field, kMaxFields> fields;

  // The value of the first field of that name (lower case), or empty. `base`: the head's first byte.
  std::string_view field(const char* base, std::string_view name) const;
};

// 0: `head` is filled. kNeedMore: not all of it is there yet. Else the status to refuse with: 400, 414, 417,
// 431, 501 (a transfer coding but chunked), 505.
constexpr int kNeedMore = 1;
int parse_request(std::string_view in, RequestHead& head);

// An ASCII comparison that ignores case; `lower` is in lower case.
bool equals_lower(std::string_view text, std::string_view lower);

bool is_token_byte(char c);  // RFC 9110 5.6.2: the characters of a token
bool is_field_byte(char c);  // RFC 9110 5.5: no control characters but the tab

}  // namespace m4fhttp
