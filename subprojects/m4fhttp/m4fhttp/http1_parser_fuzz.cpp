// Whatever the bytes: a verdict, and only places inside them.
#include <cstdlib>

#include "m4fhttp/http1_parser.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
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
