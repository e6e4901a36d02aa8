#include <arpa/inet.h>
#include <fmt/format.h>

#include "orchestrator/config/binder.h"

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

namespace {

Problem control_characters(std::string_view value) {
  for (char c : value)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return "a value holds no control characters";
  return {};
}

template <typename S>
Problem set_plain(S& out, const Field<S>& field, std::string_view value) {
  Problem problem;
  std::visit(
      [&](auto member) {
        if constexpr (!std::is_same_v<decltype(member), Form>)
          problem = read(value, field.limits, out.*member);
      },
      field.member);
  return problem;
}

// "v2a4": letters of kinds, each with a track's number.
bool is_track_list(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    if (text[i] != 'v' && text[i] != 'a' && text[i] != 't') return false;
    const size_t digits = std::min(text.find_first_not_of("0123456789", i + 1), text.size());
    if (digits == i + 1 || digits > i + 4) return false;
    i = digits;
  }
  return !text.empty();
}

}  // namespace

Problem set_argument(Input& input, const Field<Input>& field, std::string_view name, std::string_view value) {
  if (Problem problem = control_characters(value)) return problem;
  if (const Form* form = std::get_if<Form>(&field.member)) {
    if (*form == Form::kRtp) return rtp(value, input.rtp_udp);
    if (*form == Form::kLowest) input.priority = kLowestPriority;
    if (*form == Form::kHeader) {
      name.remove_prefix(std::string_view("header.").size());
      if (!is_header_name(name)) return "the part after 'header.' is not the name of a header";
      input.headers[std::string(name)] = value;
    }
    return {};
  }
  if (Problem problem = set_plain(input, field, value)) return problem;
  if (field.name == "sources")
    for (const std::string& source : input.sources)
      if (!is_ip_address(source)) return fmt::format("'{}' is not an IP address", source);
  return {};
}

Problem set_argument(Push& push, const Field<Push>& field, std::string_view, std::string_view value) {
  if (Problem problem = control_characters(value)) return problem;
  if (std::holds_alternative<Form>(field.member)) {  // pids=pmt:100,v1:211
    push.pids = {};
    for (size_t begin = 0; begin <= value.size();) {
      const size_t end = std::min(value.find(',', begin), value.size());
      const std::string_view pair = value.substr(begin, end - begin);
      const size_t colon = std::min(pair.find_first_of(":="), pair.size());
      if (colon == pair.size())
        return fmt::format("'{}' is not a PID with its key: write pmt:100,v1:211", pair);
      if (Problem problem = set_pid(push.pids, pair.substr(0, colon), pair.substr(colon + 1), field.limits))
        return fmt::format("{}: {}", pair.substr(0, colon), *problem);
      begin = end + 1;
    }
    return {};
  }
  if (field.name == "tracks" && !is_track_list(value))
    return fmt::format("'{}' is not a list of tracks: write for example v1a2", value);
  return set_plain(push, field, value);
}

Problem set_argument(Backup& backup, const Field<Backup>& field, std::string_view, std::string_view value) {
  if (Problem problem = control_characters(value)) return problem;
  return set_plain(backup, field, value);
}

Problem set_pid(MpegtsPids& pids, std::string_view key, std::string_view value, const Limits& limits) {
  uint16_t pid = 0;
  if (Problem problem = read(value, limits, pid)) return problem;
  if (key == "pmt") {
    pids.pmt = pid;
  } else if (key == "sdt") {
    pids.sdt = pid;
  } else if (key == "pcr") {
    pids.pcr = pid;
  } else if (key.size() >= 2 && is_track_list(key) && key.find_first_of("vat", 1) == key.npos) {
    // "v01" is "v1"
    std::string_view number = key.substr(1);
    while (number.size() > 1 && number[0] == '0') number.remove_prefix(1);
    pids.tracks[fmt::format("{}{}", key[0], number)] = pid;
  } else {
    return "this names no PID: write pmt, sdt, pcr, or a track such as v1, a1, t1";
  }
  return {};
}

}  // namespace sluice::config
