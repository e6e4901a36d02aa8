// Any bytes are read as a file or refused with diagnostics that can be printed.
#include <cstdlib>

#include "orchestrator/config/load.h"
#include "orchestrator/config/names.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace sluice::config;
  const auto loaded = load_text({reinterpret_cast<const char*>(data), size}, "fuzz.conf");
  bool failed = false;
  for (const Diagnostic& d : loaded.diagnostics) {
    failed |= d.severity == Severity::kError;
    if (format(d).find(d.text) == std::string::npos) std::abort();
    for (char c : d.excerpt)
      if (static_cast<unsigned char>(c) < 0x20) std::abort();
  }
  if (failed == loaded.config.has_value()) std::abort();
  if (loaded.config)
    for (const Stream& s : loaded.config->streams)
      if (!stream_name_problem(s.name).empty()) std::abort();
  return 0;
}
