#include "orchestrator/api/reply.h"

#include "orchestrator/api/json.h"

namespace sluice::api {

ApiReply api_error(int status, std::string_view code, std::string_view error, std::string_view title) {
  json::Object item;
  item.text("status", std::to_string(status)).text("code", code).text("title", title);
  json::Array errors;
  errors.add(std::move(item));
  json::Object out;
  out.text("error", error).array("errors", std::move(errors));
  return {status, json::write(out) + "\n", status == 401};
}

}  // namespace sluice::api
