#include "m4f/ts/demuxer_fuzz.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "m4f/ts/demuxer_test_support.h"

namespace m4f::ts {
namespace {

TEST(DemuxerFuzz, SeedsBreakNoPromise) {
  const auto seeds = std::filesystem::path(M4F_TEST_DATA).parent_path() / "fuzz/seeds/ts";
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(seeds)) {
    SCOPED_TRACE(entry.path());
    fuzz_demuxer(testing::read_file(entry.path()));
    ++count;
  }
  EXPECT_GE(count, 8u);
}

}  // namespace
}  // namespace m4f::ts
