// Answers of the API.
#pragma once

#include <string>
#include <string_view>

namespace sluice::api {

struct ApiReply {
  int status = 200;
  std::string body;        // JSON with a line end; empty = none
  bool challenge = false;  // 401: WWW-Authenticate
};

// {"error":code,"errors":[{status,code,title}]}
ApiReply api_error(int status, std::string_view code, std::string_view error, std::string_view title);

}  // namespace sluice::api
