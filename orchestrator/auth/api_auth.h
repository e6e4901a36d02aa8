// Who may use the API: `edit_auth` and `view_auth`.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "orchestrator/config/config.h"

namespace sluice::auth {

enum class Verdict {
  kAllowed,
  kUnknown,    // no credentials came: 401, so that a browser asks for them
  kForbidden,  // wrong ones, or ones that may only look: 403
};

// With neither directive the API is open. Thread-safe.
class ApiAuth {
 public:
  explicit ApiAuth(const config::Config& config) : edit_(config.edit_auth), view_(config.view_auth) {}

  // `authorization`: the header ("Basic base64(user:password)" or "Bearer base64(user:password)"), empty =
  // none came. `write`: the request changes something.
  Verdict check(std::string_view authorization, bool write) const;

 private:
  std::optional<config::Credentials> edit_, view_;
};

}  // namespace sluice::auth
