#include "m4f/http_head_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  sluice::fuzz_http_head({data, size});
  return 0;
}
