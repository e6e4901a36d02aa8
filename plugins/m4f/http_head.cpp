#include "m4f/http_head.h"

namespace sluice {

std::string_view judge_request(std::string_view request, std::string_view name) {
  const std::string_view line = request.substr(0, request.find("\r\n"));
  const size_t first = line.find(' ');
  const size_t second = first == std::string_view::npos ? first : line.find(' ', first + 1);
  if (second == std::string_view::npos) return "400 Bad Request";
  if (!line.substr(second + 1).starts_with("HTTP/1.")) return "400 Bad Request";
  if (line.substr(0, first) != "GET") return "405 Method Not Allowed";
  std::string_view path = line.substr(first + 1, second - first - 1);
  path = path.substr(0, path.find('?'));
  if (!path.starts_with('/')) return "400 Bad Request";
  if (!name.empty() && path.substr(1) != name) return "404 Not Found";
  return "200 OK";
}

std::string_view response_status(std::string_view head) {
  const std::string_view line = head.substr(0, head.find("\r\n"));
  const size_t blank = line.find(' ');
  if (!line.starts_with("HTTP/1.") || blank == std::string_view::npos) return {};
  return line.substr(blank + 1);
}

}  // namespace sluice
