// Request targets: the one place where a path from outside is decoded and judged.
#pragma once

#include <string>
#include <string_view>

namespace m4fhttp {

constexpr size_t kMaxPath = 2048;  // bytes, encoded

// A request target, split and decoded.
struct Target {
  std::string path;   // decoded once, begins with '/': "/a b/index.m3u8". "%252e" stays "%2e".
  std::string query;  // raw, without '?'
};

// Decodes an origin-form target ("/a%20b/index.m3u8?token=1"). Returns 0, or the status to answer with:
// 414 longer than kMaxPath; 400 a broken escape, NUL or another control character, a backslash, invalid or
// overlong UTF-8; 404 a "." or ".." component or an empty one inside ("//"): nothing has such a name.
int parse_target(std::string_view raw, Target& out);

// The value of `key` in a raw query string, decoded; empty when it is not there or not valid UTF-8.
std::string query_value(std::string_view query, std::string_view key);
// Percent-decodes one component; '+' is a space when `plus`. False: broken escape, NUL or control character,
// bad UTF-8.
bool percent_decode(std::string_view raw, bool plus, std::string& out);
// Well-formed UTF-8 (RFC 3629: no overlong forms, no surrogates, at most U+10FFFF).
bool valid_utf8(std::string_view text);

}  // namespace m4fhttp
