#include "m4fhttp/path.h"

#include <algorithm>

namespace m4fhttp {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

bool control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

// Whether every component names something: no ".", no "..", none empty but the last.
bool nameable(std::string_view path) {
  size_t at = 1;
  while (at <= path.size()) {
    const size_t end = std::min(path.find('/', at), path.size());
    const std::string_view part = path.substr(at, end - at);
    if (part == "." || part == ".." || (part.empty() && end != path.size())) return false;
    at = end + 1;
  }
  return true;
}

}  // namespace

bool valid_utf8(std::string_view text) {
  // RFC 3629, section 4.
  for (size_t i = 0; i < text.size();) {
    const auto lead = static_cast<unsigned char>(text[i]);
    if (lead < 0x80) {
      ++i;
      continue;
    }
    size_t more = 0;
    unsigned low = 0x80, high = 0xbf;  // bounds of the second byte
    if (lead >= 0xc2 && lead <= 0xdf) {
      more = 1;
    } else if (lead >= 0xe0 && lead <= 0xef) {
      more = 2;
      if (lead == 0xe0) low = 0xa0;
      if (lead == 0xed) high = 0x9f;
    } else if (lead >= 0xf0 && lead <= 0xf4) {
      more = 3;
      if (lead == 0xf0) low = 0x90;
      if (lead == 0xf4) high = 0x8f;
    } else {
      return false;
    }
    if (text.size() - i <= more) return false;
    for (size_t k = 1; k <= more; ++k) {
      const auto c = static_cast<unsigned char>(text[i + k]);
      if (c < low || c > high) return false;
      low = 0x80;
      high = 0xbf;
    }
    i += more + 1;
  }
  return true;
}

bool percent_decode(std::string_view raw, bool plus, std::string& out) {
  out.clear();
  out.reserve(raw.size());
  bool plain = true;
  for (size_t i = 0; i < raw.size(); ++i) {
    char c = raw[i];
    if (c == '%') {
      if (raw.size() - i < 3) return false;
      const int high = hex(raw[i + 1]), low = hex(raw[i + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (plus && c == '+') {
      c = ' ';
    }
    if (control(c)) return false;
    plain &= static_cast<unsigned char>(c) < 0x80;
    out.push_back(c);
  }
  return plain || valid_utf8(out);
}

int parse_target(std::string_view raw, Target& out) {
  const size_t mark = raw.find('?');
  const std::string_view path = raw.substr(0, mark);
  out.query.assign(mark == std::string_view::npos ? std::string_view() : raw.substr(mark + 1));
  if (path.size() > kMaxPath || out.query.size() > kMaxPath) return 414;
  if (path.empty() || path[0] != '/') return 400;
  for (const char c : out.query)
    if (control(c) || c == ' ') return 400;
  if (!percent_decode(path, false, out.path)) return 400;
  if (out.path.find('\\') != std::string::npos) return 400;
  return nameable(out.path) ? 0 : 404;
}

std::string query_value(std::string_view query, std::string_view key) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view item = query.substr(0, end);
    const size_t equals = std::min(item.find('='), item.size());
    std::string name;
    if (percent_decode(item.substr(0, equals), true, name) && name == key) {
      std::string value;
      if (equals == item.size() || !percent_decode(item.substr(equals + 1), true, value)) return {};
      return value;
    }
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

}  // namespace m4fhttp
