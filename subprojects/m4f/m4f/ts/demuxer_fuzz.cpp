#include "m4f/ts/demuxer_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  m4f::ts::fuzz_demuxer({data, size});
  return 0;
}
