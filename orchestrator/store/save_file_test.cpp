#include "orchestrator/store/save_file.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <thread>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return out.str();
}

class SaveFile : public ::testing::Test {
 protected:
  SaveFile() {
    char name[] = "/tmp/sluice-save-XXXXXX";
    directory_ = ::mkdtemp(name);
    file_ = directory_ / "flussonic.conf";
    std::ofstream(file_) << "old";
  }
  ~SaveFile() override { fs::remove_all(directory_); }
  Saved save(std::string_view text, const std::optional<Stamp>& expected = {}) {
    return save_file(file_.string(), text, expected, problem_);
  }
  size_t files() const {
    return static_cast<size_t>(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()));
  }

  fs::path directory_, file_;
  std::string problem_;
};

TEST_F(SaveFile, ReplacesTheFileAndKeepsItsMode) {
  fs::permissions(file_, fs::perms(0640));
  EXPECT_EQ(save("new"), Saved::kYes);
  EXPECT_EQ(content(file_), "new");
  EXPECT_EQ(fs::status(file_).permissions(), fs::perms(0640));
  EXPECT_EQ(files(), 1u);
}

TEST_F(SaveFile, FollowsALinkThatStays) {
  fs::create_directory(directory_ / "real");
  fs::rename(file_, directory_ / "real" / "a.conf");
  fs::create_symlink("real/a.conf", file_);
  EXPECT_EQ(save("new"), Saved::kYes);
  EXPECT_TRUE(fs::is_symlink(file_));
  EXPECT_EQ(content(directory_ / "real" / "a.conf"), "new");
}

TEST_F(SaveFile, LeavesAFileThatSomebodyElseWrote) {
  const auto stamp = Stamp::of(file_.string());
  ASSERT_TRUE(stamp);
  std::ofstream(file_) << "by hand";
  EXPECT_EQ(save("new", stamp), Saved::kOvertaken);
  EXPECT_EQ(content(file_), "by hand");
  EXPECT_EQ(files(), 1u);
  EXPECT_EQ(save("new", Stamp::of(file_.string())), Saved::kYes);
}

TEST_F(SaveFile, SaysWhatIsWrong) {
  fs::remove(file_);
  EXPECT_EQ(save("new"), Saved::kFailed);
  EXPECT_EQ(problem_, "cannot save " + file_.string() + ": the file is not there: No such file or directory");
}

TEST_F(SaveFile, SweepsUpBehindKilledWriters) {
  const pid_t dead = ::fork();
  if (dead == 0) ::_exit(0);
  ASSERT_EQ(::waitpid(dead, nullptr, 0), dead);
  std::ofstream(directory_ / (".flussonic.conf.new." + std::to_string(dead))) << "half";
  std::ofstream(directory_ / (".flussonic.conf.new." + std::to_string(::getppid()))) << "another writer's";
  EXPECT_EQ(save("new"), Saved::kYes);
  EXPECT_EQ(files(), 2u);
  EXPECT_FALSE(fs::exists(directory_ / (".flussonic.conf.new." + std::to_string(dead))));
}

TEST_F(SaveFile, KillingTheWriterLeavesTheOldOrTheNewFile) {
  const std::string a(300'000, 'a'), b(500'000, 'b');
  ASSERT_EQ(save(a), Saved::kYes);
  std::mt19937 random(42);
  for (int round = 0; round < 50; ++round) {
    const pid_t child = ::fork();
    if (child == 0) {
      std::string problem;
      for (;;) {
        save_file(file_.string(), a, {}, problem);
        save_file(file_.string(), b, {}, problem);
      }
    }
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 5000));
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    const std::string now = content(file_);
    ASSERT_TRUE(now == a || now == b) << now.size() << " bytes";
  }
  ASSERT_EQ(save("end"), Saved::kYes);
  EXPECT_EQ(files(), 1u);
}

}  // namespace
}  // namespace sluice::store
