#include <cstddef>
#include <cstdint>

extern "C" int play_list_fuzz_body(const uint8_t* data, size_t size);

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return play_list_fuzz_body(data, size);
}
