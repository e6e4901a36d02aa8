// Cross-origin access: any page may read media and the API.
#pragma once

#include "m4fhttp/exchange.h"

namespace m4fhttp {

// The headers that every answer about media carries.
void add_cors(Response& response);
// The answer to OPTIONS for media: what a page may send (CORS preflight).
Response preflight();

}  // namespace m4fhttp
