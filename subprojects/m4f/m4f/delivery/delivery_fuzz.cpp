#include "m4f/delivery/delivery_fuzz_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  m4f::testing::ask_delivery({data, size});
  return 0;
}
