#include "m4f/record/record_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  m4f::fuzz_record({data, size});
  return 0;
}
