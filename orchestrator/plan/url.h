// The parts of an input's URL.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace sluice::plan {

struct Url {
  std::string scheme;
  std::string user, password;  // percent-decoded
  bool has_user = false;
  std::string host;   // as written, IPv6 in brackets; may be empty
  int port = 0;       // 0 = none
  std::string path;   // as written, with its leading slash; may be empty
  std::string query;  // as written, without '?'; may be empty

  std::string address() const;    // scheme://host:port/path: no credentials, no query
  std::string bare_host() const;  // without the brackets
  std::string with_scheme(std::string_view scheme) const;  // whole, without credentials
};

// Empty with `problem` set if it is none: what is wrong, for an operator.
std::optional<Url> parse_url(std::string_view text, std::string& problem);

}  // namespace sluice::plan
