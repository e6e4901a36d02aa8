#include "orchestrator/event/rotating_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sluice::event {
namespace {

class RotatingFileTest : public ::testing::Test {
 protected:
  RotatingFileTest() {
    char name[] = "/tmp/sluice-events-XXXXXX";
    folder = mkdtemp(name);
    path = folder + "/log";
  }
  ~RotatingFileTest() override { std::filesystem::remove_all(folder); }
  std::string content(const std::string& suffix = "") {
    std::ifstream file(path + suffix);
    std::stringstream out;
    out << file.rdbuf();
    return file ? out.str() : "none";
  }
  std::string folder, path;
};

TEST_F(RotatingFileTest, GrowsForEverWithoutALimit) {
  RotatingFile file(path, std::nullopt, 2);
  for (int i = 0; i < 1000; ++i) ASSERT_TRUE(file.append("0123456789\n"));
  EXPECT_EQ(content().size(), 11000u);
  EXPECT_EQ(content(".1"), "none");
}

TEST_F(RotatingFileTest, IsTurnedOverBeforeItIsTooLarge) {
  RotatingFile file(path, 8, 2);
  for (const char* line : {"one\n", "two\n", "three\n", "four\n", "a long one\n", "six\n"})
    ASSERT_TRUE(file.append(line));
  EXPECT_EQ(content(), "six\n");
  EXPECT_EQ(content(".1"), "a long one\n");
  EXPECT_EQ(content(".2"), "four\n");
  EXPECT_EQ(content(".3"), "none");
}

TEST_F(RotatingFileTest, KeepsNoOldOnesIfToldSo) {
  RotatingFile file(path, 5, 0);
  ASSERT_TRUE(file.append("one\n"));
  ASSERT_TRUE(file.append("two\n"));
  EXPECT_EQ(content(), "two\n");
  EXPECT_EQ(content(".1"), "none");
}

TEST_F(RotatingFileTest, CountsWhatWasThereBefore) {
  std::ofstream(path) << "before\n";
  RotatingFile file(path, 10, 1);
  ASSERT_TRUE(file.append("after\n"));
  EXPECT_EQ(content(), "after\n");
  EXPECT_EQ(content(".1"), "before\n");
}

TEST_F(RotatingFileTest, GoesOnInANewFileAfterTheOldOneWasMovedAway) {
  RotatingFile file(path, std::nullopt, 1);
  ASSERT_TRUE(file.append("one\n"));
  std::filesystem::rename(path, path + ".moved");
  ASSERT_TRUE(file.append("two\n"));
  file.reopen();
  ASSERT_TRUE(file.append("three\n"));
  EXPECT_EQ(content(".moved"), "one\ntwo\n");
  EXPECT_EQ(content(), "three\n");
}

TEST_F(RotatingFileTest, ALineThatACrashCutIsEnded) {
  std::ofstream(path) << "{\"half\":";
  RotatingFile file(path, std::nullopt, 1);
  ASSERT_TRUE(file.append("whole\n"));
  EXPECT_EQ(content(), "{\"half\":\nwhole\n");
}

TEST_F(RotatingFileTest, AFolderThatComesLaterIsFound) {
  path = folder + "/later/log";
  RotatingFile file(path, std::nullopt, 1);
  const auto failed = file.append("lost\n");
  ASSERT_FALSE(failed);
  EXPECT_EQ(failed.error().message(), path + " cannot be opened: No such file or directory");
  std::filesystem::create_directory(folder + "/later");
  ASSERT_TRUE(file.append("kept\n"));
  EXPECT_EQ(content(), "kept\n");
}

TEST_F(RotatingFileTest, AFullDiskLeavesNoPartOfALine) {
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  std::signal(SIGXFSZ, SIG_IGN);
  RotatingFile file(path, std::nullopt, 1);
  ASSERT_TRUE(file.append("0123456789\n"));
  rlimit full = before;
  full.rlim_cur = 16;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &full), 0);
  EXPECT_FALSE(file.append("0123456789\n"));
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(content(), "0123456789\n");
  ASSERT_TRUE(file.append("more\n"));
  EXPECT_EQ(content(), "0123456789\nmore\n");
}

TEST_F(RotatingFileTest, AFifoThatNobodyReadsBlocksNobody) {
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  RotatingFile file(path, std::nullopt, 1);
  const std::string line(1000, 'x');
  bool full = false;
  for (int i = 0; i < 1000 && !full; ++i) full = !file.append(line);
  EXPECT_TRUE(full);
}

}  // namespace
}  // namespace sluice::event
