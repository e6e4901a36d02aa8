// Any bytes are read as a file or refused with diagnostics that can be printed.
#include <cstdlib>
#include <string>

#include "orchestrator/config/load.h"
#include "orchestrator/config/names.h"
#include "orchestrator/config/templates.h"

namespace {

void check_name(const sluice::config::Stream& stream) {
  if (!sluice::config::stream_name_problem(stream.name).empty()) std::abort();
}

// A stream that came to be by a request has its name, and nothing is left to be filled in.
void check_made(const sluice::config::Template& source, const std::string& name) {
  if (!sluice::config::stream_name_problem(name).empty()) return;  // with its prefix it may be too long
  const auto stream = sluice::config::instantiate(source, name);
  if (stream.name != name || stream.is_static) std::abort();
  for (const auto& in : stream.inputs)
    if (in.url.find("%s") != std::string::npos) std::abort();
}

}  // namespace

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
  if (!loaded.config) return 0;
  for (const Stream& s : loaded.config->streams) check_name(s);
  for (const Template& t : loaded.config->templates) {
    check_made(t, "a/b");
    if (t.prefix.empty()) continue;
    if (!match_prefix(loaded.config->templates, t.prefix + "/a/b")) std::abort();
    check_made(t, t.prefix + "/a/b");
  }
  return 0;
}
