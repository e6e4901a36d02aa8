// Any body over any file: refused, or the file says it and everything else in it stays. The input is the
// file, a line
// "---", and the body.
#include <cstdint>
#include <cstdlib>

#include "orchestrator/api/config_api.h"
#include "orchestrator/testing/memory_store.h"

namespace {

using namespace sluice;

bool others_stay(const config::Config& before, const config::Config& after) {
  for (const config::Stream& stream : before.streams) {
    if (stream.name == "x") continue;
    bool found = false;
    for (const config::Stream& now : after.streams) found |= now == stream;
    if (!found) return false;
  }
  return true;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  const size_t middle = all.find("\n---\n");
  if (middle == all.npos) return 0;
  const std::string text(all.substr(0, middle + 1));
  const std::string_view body = all.substr(middle + 5);
  if (!config::load_text(text, "x.conf").config) return 0;
  testing::MemoryStore store(text);
  const store::SnapshotPtr before = store.current();
  api::ConfigWriter writer(store);
  if (writer.put(api::Kind::kStream, "x", body).status != 0) {
    if (store.text() != text) std::abort();
    return 0;
  }
  if (!others_stay(before->config, store.current()->config)) std::abort();
  // Once more it changes nothing.
  const std::string once = store.text();
  if (writer.put(api::Kind::kStream, "x", body).status != 0 || store.text() != once) std::abort();
  if (writer.remove(api::Kind::kStream, "x").status != 0) return 0;  // it is the only one of ... something
  if (!others_stay(before->config, store.current()->config)) std::abort();
  return 0;
}
