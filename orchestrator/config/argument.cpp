#include <arpa/inet.h>
#include <fmt/format.h>

#include "orchestrator/config/tables.h"

namespace sluice::config {
namespace {

// Narrower than RFC 9110 5.6.2: what every server and GStreamer's structures take.
bool is_header_name(std::string_view name) {
  if (name.empty() || name.size() > 128) return false;
  for (char c : name) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (!alnum && c != '-' && c != '_' && c != '.') return false;
  }
  return true;
}

}  // namespace

bool is_ip_address(const std::string& text) {
  unsigned char bytes[16];
  return inet_pton(AF_INET, text.c_str(), bytes) == 1 || inet_pton(AF_INET6, text.c_str(), bytes) == 1;
}

Problem rtp(std::string_view text, bool& udp) {
  if (text != "udp" && text != "tcp") return fmt::format("'{}' is not a transport: write udp or tcp", text);
  udp = text == "udp";
  return {};
}

Problem set_argument(Input& input, const Field<Input>& field, std::string_view name, std::string_view value) {
  for (char c : value)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "a value holds no control characters";
  if (const Form* form = std::get_if<Form>(&field.member)) {
    if (*form == Form::kRtp) return rtp(value, input.rtp_udp);
    if (*form == Form::kHeader) {
      name.remove_prefix(std::string_view("header.").size());
      if (!is_header_name(name)) return "the part after 'header.' is not the name of a header";
      input.headers[std::string(name)] = value;
    }
    return {};
  }
  Problem problem;
  std::visit(
      [&](auto member) {
        if constexpr (!std::is_same_v<decltype(member), Form>)
          problem = read(value, field.limits, input.*member);
      },
      field.member);
  if (problem) return problem;
  if (field.name == "sources")
    for (const std::string& source : input.sources)
      if (!is_ip_address(source)) return fmt::format("'{}' is not an IP address", source);
  return {};
}

}  // namespace sluice::config
