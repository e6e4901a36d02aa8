#include "m4f/codec/codec_fuzz_body.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  m4f::fuzz_codec({data, size});
  return 0;
}
