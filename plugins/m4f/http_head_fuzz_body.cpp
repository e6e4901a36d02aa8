#include <cstdlib>

#include "m4f/http_head.h"
#include "m4f/http_head_fuzz.h"

namespace sluice {

void fuzz_http_head(m4f::ByteView input) {
  const std::string_view text = m4f::as_text(input);
  const std::string_view any = judge_request(text, {}), one = judge_request(text, "live");
  // A name only narrows what is answered.
  if (one == "200 OK" && any != "200 OK") std::abort();
  if (one.size() < 5 || any.size() < 5) std::abort();
  const std::string_view status = response_status(text);
  if (!status.empty() && text.find(status) == std::string_view::npos) std::abort();
}

}  // namespace sluice
