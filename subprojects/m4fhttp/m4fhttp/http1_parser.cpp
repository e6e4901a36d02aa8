#include "m4fhttp/http1_parser.h"

#include <cstring>

namespace m4fhttp {
namespace {

constexpr std::array<bool, 256> token_table() {
  std::array<bool, 256> table{};
  for (int c = '0'; c <= '9'; ++c) table[static_cast<size_t>(c)] = true;
  for (int c = 'a'; c <= 'z'; ++c) table[static_cast<size_t>(c)] = table[static_cast<size_t>(c - 32)] = true;
  for (const char c : std::string_view("!#$%&'*+-.^_`|~")) table[static_cast<unsigned char>(c)] = true;
  return table;
}
constexpr auto kToken = token_table();

bool is_token(std::string_view text) {
  for (const char c : text)
    if (!is_token_byte(c)) return false;
  return !text.empty();
}

bool is_value(std::string_view text) {
  for (const char c : text)
    if (!is_field_byte(c)) return false;
  return true;
}

Method method_of(std::string_view text) {
  if (text == "GET") return Method::kGet;
  if (text == "HEAD") return Method::kHead;
  if (text == "OPTIONS") return Method::kOptions;
  if (text == "POST") return Method::kPost;
  if (text == "PUT") return Method::kPut;
  if (text == "DELETE") return Method::kDelete;
  return Method::kOther;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

// Whether a comma-separated list holds `lower`.
bool list_holds(std::string_view list, std::string_view lower) {
  while (!list.empty()) {
    const size_t end = std::min(list.find(','), list.size());
    if (equals_lower(trim(list.substr(0, end)), lower)) return true;
    list.remove_prefix(std::min(end + 1, list.size()));
  }
  return false;
}

int parse_line(std::string_view line, const char* base, RequestHead& head) {
  const size_t first = line.find(' '), last = line.rfind(' ');
  if (first == std::string_view::npos || first == last) return 400;
  const std::string_view method = line.substr(0, first), version = line.substr(last + 1);
  std::string_view target = line.substr(first + 1, last - first - 1);
  if (!is_token(method) || target.empty() || target.find(' ') != std::string_view::npos) return 400;
  if (version.substr(0, 5) != "HTTP/") return 400;
  if (version != "HTTP/1.1" && version != "HTTP/1.0") return version.substr(0, 7) == "HTTP/1." ? 400 : 505;
  head.http10 = version.back() == '0';
  head.method = method_of(method);
  // RFC 9112 3.2.2: a server takes the absolute form too; what we serve does not depend on the host in it.
  if (target[0] != '/' && target != "*") {
    const size_t scheme = target.find("://");
    if (scheme == std::string_view::npos) return 400;
    const size_t path = target.find('/', scheme + 3);
    if (path == std::string_view::npos) return 400;
    target.remove_prefix(path);
  }
  head.target = static_cast<uint16_t>(target.data() - base);
  head.target_size = static_cast<uint16_t>(target.size());
  return 0;
}

struct Seen {
  bool host = false, length = false, coding = false, keep = false, close = false;
};

// What the connection itself must know of a field.
int note(std::string_view name, std::string_view value, RequestHead& head, Seen& seen) {
  switch (name.size()) {
    case 4:
      if (equals_lower(name, "host")) {
        if (seen.host) return 400;
        seen.host = true;
      }
      return 0;
    case 6:
      if (equals_lower(name, "expect")) {
        if (!equals_lower(value, "100-continue")) return 417;
        head.expect_continue = true;
      }
      return 0;
    case 10:
      if (equals_lower(name, "connection")) {
        seen.close |= list_holds(value, "close");
        seen.keep |= list_holds(value, "keep-alive");
      }
      return 0;
    case 14:
      if (equals_lower(name, "content-length")) {
        // RFC 9112 6.3: anything but one number is an attempt to make two readers disagree.
        if (seen.length || value.empty() || value.size() > 15) return 400;
        seen.length = true;
        for (const char c : value) {
          if (c < '0' || c > '9') return 400;
          head.content_length = head.content_length * 10 + static_cast<uint64_t>(c - '0');
        }
      }
      return 0;
    case 17:
      if (equals_lower(name, "transfer-encoding")) {
        // RFC 9112 6.1, 6.3: one coding, in one field, of the one kind that a body's end can be found by.
        if (seen.coding) return 400;
        seen.coding = true;
        if (!equals_lower(value, "chunked")) return 501;
        head.chunked = true;
      }
      return 0;
    default:
      return 0;
  }
}

}  // namespace

bool is_token_byte(char c) {
  return kToken[static_cast<unsigned char>(c)];
}

bool is_field_byte(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
}

bool equals_lower(std::string_view text, std::string_view lower) {
  if (text.size() != lower.size()) return false;
  for (size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c) != lower[i]) return false;
  }
  return true;
}

std::string_view RequestHead::field(const char* base, std::string_view name) const {
  for (size_t i = 0; i < fields_count; ++i) {
    const Field& f = fields[i];
    if (f.name_size == name.size() && equals_lower({base + f.name, f.name_size}, name))
      return {base + f.value, f.value_size};
  }
  return {};
}

int parse_request(std::string_view in, RequestHead& head) {
  // RFC 9112 2.2: empty lines before a request are skipped.
  size_t at = 0;
  while (at + 1 < in.size() && in[at] == '\r' && in[at + 1] == '\n' && at < 8) at += 2;
  const std::string_view window = in.substr(0, kMaxHead);
  const size_t end = window.find("\r\n\r\n", at);
  if (end == std::string_view::npos) {
    if (in.size() < kMaxHead) return kNeedMore;
    return window.find("\r\n", at) == std::string_view::npos ? 414 : 431;
  }
  const char* base = in.data();
  head.content_length = 0;
  head.fields_count = 0;
  head.expect_continue = head.chunked = false;
  head.size = static_cast<uint32_t>(end + 4);

  std::string_view rest = window.substr(at, end + 2 - at);  // every line with its CRLF
  size_t line_end = rest.find("\r\n");
  if (const int status = parse_line(rest.substr(0, line_end), base, head)) return status;
  rest.remove_prefix(line_end + 2);

  Seen seen;
  while (!rest.empty()) {
    line_end = rest.find("\r\n");
    const std::string_view line = rest.substr(0, line_end);
    rest.remove_prefix(line_end + 2);
    const size_t colon = line.find(':');
    if (colon == std::string_view::npos) return 400;
    const std::string_view name = line.substr(0, colon), value = trim(line.substr(colon + 1));
    // A continued line begins with white space and is no token: refused (RFC 9112 5.2).
    if (!is_token(name) || !is_value(value)) return 400;
    if (head.fields_count == kMaxFields) return 431;
    head.fields[head.fields_count++] = {
        static_cast<uint16_t>(name.data() - base), static_cast<uint16_t>(name.size()),
        static_cast<uint16_t>(value.data() - base), static_cast<uint16_t>(value.size())};
    if (const int status = note(name, value, head, seen)) return status;
  }
  if (!head.http10 && !seen.host) return 400;  // RFC 9112 3.2
  // RFC 9112 6.1: HTTP/1.0 knows no codings; with a length beside it someone lies.
  if (seen.coding && (seen.length || head.http10)) return 400;
  head.keep_alive = !seen.close && (!head.http10 || seen.keep);
  return 0;
}

}  // namespace m4fhttp
