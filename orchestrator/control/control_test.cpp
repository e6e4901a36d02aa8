#include "orchestrator/control/control.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice::control {
namespace {

namespace fs = std::filesystem;

class ControlTest : public ::testing::Test {
 protected:
  ControlTest() {
    char name[] = "/tmp/sluice-control-XXXXXX";
    directory_ = ::mkdtemp(name);
    file_ = (directory_ / "a.conf").string();
    std::ofstream(file_) << "http 80;\n";
  }
  ~ControlTest() override { fs::remove_all(directory_); }

  fs::path directory_;
  std::string file_;
};

TEST_F(ControlTest, TheServerOfTheFileAnswers) {
  int calls = 0;
  Control control([&] {
    ++calls;
    return Answer{calls == 1, "line one\nline two\n"};
  });
  ASSERT_TRUE(control.open(file_));
  control.start();
  const auto good = ask_to_reload(file_);
  ASSERT_TRUE(good);
  EXPECT_TRUE(good->good);
  EXPECT_EQ(good->text, "line one\nline two\n");
  fs::create_symlink(file_, directory_ / "link.conf");
  const auto bad = ask_to_reload((directory_ / "link.conf").string());
  ASSERT_TRUE(bad);
  EXPECT_FALSE(bad->good);
  EXPECT_EQ(calls, 2);
}

TEST_F(ControlTest, ALinkMayLeadElsewhereTomorrow) {
  std::ofstream(directory_ / "b.conf") << "http 80;\n";
  const std::string link = (directory_ / "link.conf").string();
  fs::create_symlink(file_, link);
  Control control([] { return Answer{true, ""}; });
  ASSERT_TRUE(control.open(link));
  control.start();
  EXPECT_TRUE(ask_to_reload(link));
  EXPECT_TRUE(ask_to_reload(file_));
  fs::remove(link);
  fs::create_symlink(directory_ / "b.conf", link);
  EXPECT_TRUE(ask_to_reload(link));
}

TEST_F(ControlTest, NobodyAnswersWhereNoServerRuns) {
  EXPECT_FALSE(ask_to_reload(file_));
  Control control([] { return Answer{true, ""}; });
  ASSERT_TRUE(control.open(file_));
  control.start();
  EXPECT_FALSE(ask_to_reload((directory_ / "b.conf").string()));
  control.stop();
  EXPECT_FALSE(ask_to_reload(file_));
}

TEST_F(ControlTest, TwoServersOfOneFileAreFoundOut) {
  Control first([] { return Answer{true, ""}; });
  ASSERT_TRUE(first.open(file_));
  Control second([] { return Answer{true, ""}; });
  const auto started = second.open(file_);
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().message(), "another sluiced runs by " + file_ + " already");
}

}  // namespace
}  // namespace sluice::control
