// Whatever the bytes: a verdict, and only places inside them.
#include <cstdlib>
#include <string>

#include "m4fhttp/chunked.h"
#include "m4fhttp/http1_parser.h"

namespace {

// The same verdict and the same bytes, in one piece or cut anywhere.
struct Body {
  std::string data;
  m4fhttp::ChunkedBody::State state = m4fhttp::ChunkedBody::State::kMore;
  size_t used = 0;
  bool operator==(const Body&) const = default;
};

Body read_chunks(std::string_view text, size_t step) {
  m4fhttp::ChunkedBody chunks;
  Body out;
  while (out.used < text.size() && chunks.state() == m4fhttp::ChunkedBody::State::kMore) {
    const m4fhttp::ChunkedBody::Step s = chunks.next(text.substr(out.used, step));
    out.data += s.data;
    out.used += s.used;
  }
  out.state = chunks.state();
  return out;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (!(read_chunks(text, size) == read_chunks(text, 1))) std::abort();
  m4fhttp::RequestHead head;
  if (m4fhttp::parse_request(text, head) != 0) return 0;
  if (head.size > size || head.target + head.target_size > size) std::abort();
  for (size_t i = 0; i < head.fields_count; ++i) {
    const auto& field = head.fields[i];
    if (field.name + field.name_size > size || field.value + field.value_size > size) std::abort();
  }
  m4fhttp::Target target;
  if (m4fhttp::parse_target(text.substr(head.target, head.target_size), target) == 0) {
    if (target.path.find('\0') != std::string::npos || !m4fhttp::valid_utf8(target.path)) std::abort();
    if ((target.path + "/").find("/../") != std::string::npos) std::abort();
  }
  m4fhttp::query_value(target.query, "token");
  return 0;
}
