#include "m4fhttp/exchange.h"

namespace m4fhttp {

Response& Response::add(std::string_view name, std::string_view value) {
  head.append(name).append(": ").append(value).append("\r\n");
  return *this;
}

Response& Response::append(m4f::SharedBytes bytes) {
  const size_t size = bytes->size();
  if (size) body.push_back({std::move(bytes), 0, size});
  return *this;
}

Response& Response::append(std::string_view text) {
  return append(std::make_shared<const m4f::Bytes>(text.begin(), text.end()));
}

size_t Response::size() const {
  size_t total = 0;
  for (const Slice& slice : body) total += slice.size;
  return total;
}

}  // namespace m4fhttp
