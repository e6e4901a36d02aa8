#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "m4f/delivery/delivery_fuzz_body.h"

namespace m4f {
namespace {

TEST(Delivery, FuzzSeedsBreakNoPromise) {
  size_t count = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(std::filesystem::path(M4F_TEST_DATA) / "../fuzz/seeds/delivery")) {
    SCOPED_TRACE(entry.path());
    std::ifstream file(entry.path(), std::ios::binary);
    const Bytes bytes{std::istreambuf_iterator<char>(file), {}};
    testing::ask_delivery(bytes);
    // Every seed also with its tail missing and with bits turned: what a fuzzer tries first.
    for (size_t i = 0; i < bytes.size(); ++i) {
      testing::ask_delivery(ByteView(bytes).first(i));
      Bytes turned = bytes;
      turned[i] ^= static_cast<uint8_t>(1u << (i % 8));
      testing::ask_delivery(turned);
    }
    ++count;
  }
  EXPECT_GE(count, 15u);
}

}  // namespace
}  // namespace m4f
