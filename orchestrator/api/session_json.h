// Who watches, as the API shows it.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "orchestrator/api/json.h"

namespace sluice::api {

struct SessionInfo {
  std::string id;    // uuid
  std::string name;  // the stream
  std::string proto, ip, token, user_agent, referer, query_string;
  bool tls = false;
  uint64_t bytes = 0;
  int64_t opened_at_ms = 0, updated_at_ms = 0;  // UTC
};

class SessionList {
 public:
  virtual ~SessionList() = default;
  // Of one stream, or of all if `name` is empty; in the order in which they began. Any thread.
  virtual std::vector<SessionInfo> sessions(std::string_view name) const = 0;
};

json::Object session_json(const SessionInfo& session);

}  // namespace sluice::api
