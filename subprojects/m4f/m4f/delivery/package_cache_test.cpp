#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "m4f/delivery/delivery.h"

namespace m4f {
namespace {

Bytes bytes_of(size_t size) {
  return Bytes(size, 7);
}

TEST(PackageCache, MakesEachKeyOnce) {
  PackageCache cache(1 << 20);
  int made = 0;
  const auto make = [&] {
    ++made;
    return bytes_of(100);
  };
  const SharedBytes first = cache.get("a", make);
  EXPECT_EQ(cache.get("a", make), first);
  EXPECT_EQ(made, 1);
}

TEST(PackageCache, DropsWhatWasUsedLeastRecently) {
  PackageCache cache(3500);
  std::string made;
  const auto get = [&](const std::string& key) {
    cache.get(key, [&] {
      made += key;
      return bytes_of(1000);
    });
  };
  get("a");
  get("b");
  get("c");
  get("a");  // newer than b now
  get("d");  // drops b
  get("a");
  get("c");
  get("d");
  EXPECT_EQ(made, "abcd");
  get("b");
  EXPECT_EQ(made, "abcdb");
  EXPECT_LE(cache.bytes(), 3500u);
}

TEST(PackageCache, HandsOutWhatIsTooLargeToKeep) {
  PackageCache cache(100);
  EXPECT_EQ(cache.get("a", [] { return bytes_of(1000); })->size(), 1000u);
  EXPECT_EQ(cache.get("b", [] { return bytes_of(2000); })->size(), 2000u);
  EXPECT_LT(cache.bytes(), 3000u);
}

TEST(PackageCache, ConcurrentCallersShareOneMaking) {
  PackageCache cache(1 << 20);
  constexpr int kThreads = 8;
  std::latch start(kThreads);
  std::atomic<int> made = 0;
  std::vector<SharedBytes> got(kThreads);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i)
    threads.emplace_back([&, i] {
      start.arrive_and_wait();
      got[static_cast<size_t>(i)] = cache.get("key", [&] {
        ++made;
        return bytes_of(1 << 16);
      });
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(made, 1);
  for (const SharedBytes& bytes : got) EXPECT_EQ(bytes, got[0]);
}

TEST(PackageCache, RunsDiffer) {
  PackageCache cache(1);
  EXPECT_NE(cache.next_run(), cache.next_run());
}

}  // namespace
}  // namespace m4f
