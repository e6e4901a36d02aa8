// The two heads that m4fsink and m4fsrc exchange before the records (RFC 9112). Only what they need of HTTP.
#pragma once

#include <string_view>

namespace sluice {

// The status line to answer a request with, from its method on up to the empty line; "200 OK" if it asks for
// `name` (empty = any).
std::string_view judge_request(std::string_view request, std::string_view name);

// A response's status ("404 Not Found"); empty if the head is no HTTP/1 response.
std::string_view response_status(std::string_view head);

}  // namespace sluice
