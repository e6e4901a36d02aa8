#include "m4fhttp/cors.h"

namespace m4fhttp {

void add_cors(Response& response) {
  // One append: it stands in every answer.
  response.head.append(
      "Access-Control-Allow-Origin: *\r\n"
      "Access-Control-Expose-Headers: Content-Length, Content-Range, Date, ETag, Retry-After\r\n");
}

Response preflight() {
  Response response{.status = 204};
  add_cors(response);
  response.add("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS");
  response.add("Access-Control-Allow-Headers", "*, Authorization, Range");
  response.add("Access-Control-Max-Age", "86400");
  response.add("Allow", "GET, HEAD, OPTIONS");
  return response;
}

}  // namespace m4fhttp
