#include "orchestrator/store/configuration.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <future>
#include <sstream>

namespace sluice::store {
namespace {

namespace fs = std::filesystem;

class FakeTaker final : public Taker {
 public:
  tl::expected<void, Refused> prepare(const config::Config&, const config::Changes&) override {
    ++prepared;
    if (!refusal.empty()) return tl::unexpected(Refused{Refusal::kFailed, refusal, {}});
    return {};
  }
  void abandon() override { ++abandoned; }
  void take(const config::Config& to, const config::Changes& changes) override {
    config = to;
    last = changes;
    ++taken;
  }

  std::string refusal;
  config::Config config;
  config::Changes last;
  int prepared = 0, abandoned = 0;
  std::atomic<int> taken = 0;
};

class ConfigurationTest : public ::testing::Test {
 protected:
  ConfigurationTest() {
    char name[] = "/tmp/sluice-store-XXXXXX";
    directory_ = ::mkdtemp(name);
    file_ = (directory_ / "flussonic.conf").string();
    write("http 80;\nstream a { input fake://fake; }  # first\n");
    post_ = [](std::function<void()> job) { job(); };
    open();
  }
  ~ConfigurationTest() override {
    configuration_.reset();
    fs::remove_all(directory_);
  }
  void open() {
    config::Diagnostic problem;
    auto sources = config::read_sources(file_, problem);
    auto loaded = config::load_sources(sources.value());
    configuration_ = std::make_unique<Configuration>(std::move(loaded.config.value()), std::move(*sources),
                                                     taker_, post_, log_);
  }
  void write(std::string_view text) const { std::ofstream(file_, std::ios::binary) << text; }
  std::string content() const {
    std::ostringstream out;
    out << std::ifstream(file_, std::ios::binary).rdbuf();
    return out.str();
  }
  // Puts text behind what the file holds.
  Outcome append(const std::string& text) {
    return configuration_->edit([&](const std::vector<config::SourceFile>& files) {
      auto edited = files;
      edited.front().text += text;
      return tl::expected<std::vector<config::SourceFile>, Refused>(edited);
    });
  }

  fs::path directory_;
  std::string file_;
  Log log_{LogLevel::kNone};
  FakeTaker taker_;
  Configuration::Post post_;
  std::unique_ptr<Configuration> configuration_;
};

TEST_F(ConfigurationTest, AReloadTakesOverWhatChanged) {
  write("http 80;\nstream a { input fake://fake; }\nstream b { input fake://fake; }\n");
  const Outcome outcome = configuration_->reload();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->changes.added, std::vector<std::string>{"b"});
  EXPECT_EQ(taker_.last, outcome->changes);
  EXPECT_EQ(taker_.config.streams.size(), 2u);
  EXPECT_EQ(configuration_->current(), outcome->now);
  EXPECT_EQ(configuration_->current()->version, 2u);
}

TEST_F(ConfigurationTest, ABadFileChangesNothing) {
  const SnapshotPtr before = configuration_->current();
  write("http 80;\nstream a { inptu fake://fake; }\nstream b { segment_count x; }\n");
  const Outcome outcome = configuration_->reload();
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Refusal::kInvalid);
  EXPECT_EQ(outcome.error().diagnostics.size(), 2u);
  EXPECT_EQ(outcome.error().text, file_ + ":2:12: unknown directive 'inptu': did you mean 'input'?");
  EXPECT_EQ(configuration_->current(), before);
  EXPECT_EQ(taker_.prepared, 0);
  fs::remove(file_);
  EXPECT_EQ(configuration_->reload().error().why, Refusal::kFailed);
}

TEST_F(ConfigurationTest, WhatTheMachineDoesNotAllowChangesNothing) {
  const std::string before = content();
  taker_.refusal = "port 80 is taken";
  const Outcome outcome = append("stream b { }\n");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().text, "port 80 is taken");
  EXPECT_EQ(content(), before);
  EXPECT_EQ(taker_.taken, 0);
}

TEST_F(ConfigurationTest, AnEditIsSavedAndTakenOver) {
  const Outcome outcome = append("stream b { }\n");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(outcome->changes.added, std::vector<std::string>{"b"});
  EXPECT_EQ(content(), "http 80;\nstream a { input fake://fake; }  # first\nstream b { }\n");
  EXPECT_EQ(configuration_->current()->sources.front().text, content());
  open();  // a new start
  EXPECT_EQ(configuration_->current()->config.streams.size(), 2u);
}

TEST_F(ConfigurationTest, AnEditWithErrorsIsNotSaved) {
  const std::string before = content();
  const Outcome outcome = append("stream b { nonsense; }\n");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Refusal::kInvalid);
  EXPECT_EQ(content(), before);
  EXPECT_EQ(taker_.taken, 0);
}

TEST_F(ConfigurationTest, AnEditThatChangesNothingWritesNothing) {
  const auto before = fs::last_write_time(file_);
  const Outcome outcome = append("");
  ASSERT_TRUE(outcome);
  EXPECT_TRUE(outcome->changes.none());
  EXPECT_EQ(fs::last_write_time(file_), before);
  EXPECT_EQ(taker_.taken, 0);
}

TEST_F(ConfigurationTest, WhatWasWrittenByHandMeanwhileStays) {
  write("http 80;\nstream by_hand { }\n");
  const Outcome outcome = append("stream b { }\n");
  ASSERT_TRUE(outcome);
  EXPECT_EQ(content(), "http 80;\nstream by_hand { }\nstream b { }\n");
  EXPECT_EQ(outcome->changes.added, (std::vector<std::string>{"by_hand", "b"}));
  EXPECT_EQ(outcome->changes.removed, std::vector<std::string>{"a"});
}

TEST_F(ConfigurationTest, WhatIsWrittenByHandDuringAnEditStays) {
  int calls = 0;
  const Outcome outcome = configuration_->edit([&](const std::vector<config::SourceFile>& files) {
    if (++calls == 1) write("http 80;\nstream by_hand { }\n");
    auto edited = files;
    edited.front().text += "stream b { }\n";
    return tl::expected<std::vector<config::SourceFile>, Refused>(edited);
  });
  ASSERT_TRUE(outcome);
  EXPECT_EQ(calls, 2);
  EXPECT_EQ(content(), "http 80;\nstream by_hand { }\nstream b { }\n");
}

TEST_F(ConfigurationTest, AFileBrokenByHandIsNotEdited) {
  write("http 80;\nnonsense;\n");
  const Outcome outcome = append("stream b { }\n");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Refusal::kBroken);
  EXPECT_EQ(content(), "http 80;\nnonsense;\n");
}

TEST_F(ConfigurationTest, ALockedFileIsNotEditedButReadAgain) {
  std::ofstream(file_ + ".locked");
  const Outcome outcome = append("stream b { }\n");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().why, Refusal::kLocked);
  EXPECT_EQ(outcome.error().text, file_ + ".locked forbids changes: remove it first");
  write("http 80;\n");
  EXPECT_TRUE(configuration_->reload());
}

TEST_F(ConfigurationTest, ManyWritersAtOnceLoseNothing) {
  constexpr int kWriters = 8, kEach = 10;
  std::vector<std::thread> writers;
  std::atomic<int> failed = 0;
  for (int w = 0; w < kWriters; ++w)
    writers.emplace_back([&, w] {
      for (int i = 0; i < kEach; ++i)
        if (!append(fmt::format("stream s{}_{} {{ }}\n", w, i))) ++failed;
    });
  for (std::thread& writer : writers) writer.join();
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(configuration_->current()->config.streams.size(), 1u + kWriters * kEach);
  open();
  EXPECT_EQ(configuration_->current()->config.streams.size(), 1u + kWriters * kEach);
}

TEST_F(ConfigurationTest, ManyWishesToReloadAreOne) {
  std::promise<void> entered, go_on;
  post_ = [&](std::function<void()> job) { job(); };
  open();
  std::atomic<int> posted = 0;
  post_ = [&](std::function<void()> job) {
    if (++posted == 1) {
      entered.set_value();
      go_on.get_future().wait();
    }
    job();
  };
  open();
  configuration_->reload_soon();
  entered.get_future().wait();
  for (int i = 0; i < 10; ++i) configuration_->reload_soon();
  go_on.set_value();
  while (taker_.taken < 2) std::this_thread::yield();
  configuration_->stop();
  EXPECT_EQ(taker_.taken, 2);
}

TEST_F(ConfigurationTest, WhoWaitsIsLetGoWhenTheServerStops) {
  std::promise<std::function<void()>> posted;
  post_ = [&](std::function<void()> job) { posted.set_value(std::move(job)); };
  open();
  auto outcome = std::async(std::launch::async, [&] { return append("stream b { }\n"); });
  const auto late = posted.get_future().get();
  configuration_->stop();
  const Outcome answer = outcome.get();
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().why, Refusal::kStopping);
  late();  // comes to nothing
  EXPECT_EQ(taker_.taken, 0);
  EXPECT_EQ(taker_.abandoned, 1);
  EXPECT_EQ(append("stream c { }\n").error().why, Refusal::kStopping);
  EXPECT_EQ(content().find("stream c"), std::string::npos);
}

}  // namespace
}  // namespace sluice::store
