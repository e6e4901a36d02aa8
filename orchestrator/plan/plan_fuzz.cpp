// Any URL, stream id and header gives a plan that prints in one line, or an error.
#include <cstdlib>

#include "orchestrator/plan/plan.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice;
  const std::string text(reinterpret_cast<const char*>(data), size);
  const size_t line = std::min(text.find('\n'), text.size());
  config::Stream stream;
  stream.name = "s";
  config::Input& input = stream.inputs.emplace_back();
  input.url = text.substr(0, line);
  if (line < text.size()) input.streamid = input.user_agent = input.headers["X-A"] = text.substr(line + 1);
  const auto planned = plan::plan(stream, [](std::string_view) { return std::string("eth0"); });
  if (std::holds_alternative<plan::PlanError>(planned)) return 0;
  const std::string printed = plan::launch_text(std::get<plan::StreamPlan>(planned), 0);
  for (char c : printed)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) std::abort();
  return 0;
}
