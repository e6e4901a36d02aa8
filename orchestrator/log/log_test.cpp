#include "orchestrator/log/log.h"

#include <gst/gst.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "orchestrator/log/library_log.h"

namespace sluice {
namespace {

using namespace std::chrono_literals;
using Lines = std::vector<std::string>;

class LogTest : public ::testing::Test {
 protected:
  Lines take() { return std::exchange(lines, {}); }
  Lines lines;
  Log::Clock::time_point now = Log::Clock::now();
  Log log{LogLevel::kInfo, [this](LogLevel, std::string_view line) { lines.emplace_back(line); },
          [this] { return now; }};
};

TEST_F(LogTest, WritesWhatMattersEnough) {
  log.debug("stream {}: {}", "a", 1);
  log.info("stream {}: {}", "a", 2);
  log.notice("stream {}: {}", "a", 3);
  log.warning("stream {}: {}", "a", 4);
  log.error("stream {}: {}", "a", 5);
  EXPECT_EQ(take(), (Lines{"stream a: 2", "stream a: 3", "stream a: 4", "stream a: 5"}));
  log.set_level(LogLevel::kNone);
  log.error("lost");
  EXPECT_EQ(take(), Lines{});
}

TEST_F(LogTest, OneCauseOfOneStreamIsLimited) {
  for (int i = 0; i < 20; ++i)
    log.warning("stream {}: lost after {} s: {}", "a", i, "why: " + std::to_string(i));
  EXPECT_EQ(take().size(), 10u);
  log.warning("stream {}: lost after {} s: {}", "b", 1, "why");  // another stream
  log.warning("stream {}: another fact", "a");                   // another cause
  EXPECT_EQ(take(), (Lines{"stream b: lost after 1 s: why", "stream a: another fact"}));
  now += 60s;
  log.tick();
  EXPECT_EQ(take(), (Lines{"stream a: lost after 19 s: why: 19 (10 more of these in the last minute)"}));
  log.tick();
  EXPECT_EQ(take(), Lines{});
}

TEST_F(LogTest, DebuggingIsNotLimited) {
  log.set_level(LogLevel::kDebug);
  for (int i = 0; i < 20; ++i) log.debug("stream a: {}", i);
  EXPECT_EQ(take().size(), 20u);
}

TEST_F(LogTest, GivenCausesAreLimitedWhateverTheTextSays) {
  for (int i = 0; i < 20; ++i) log.say(LogLevel::kError, "cause", std::to_string(i));
  EXPECT_EQ(take().size(), 10u);
  log.say(LogLevel::kDebug, "other", "text");
  EXPECT_EQ(take().size(), 0u);
}

TEST(LogLine, HasTimeAndLevelOnATerminal) {
  const std::chrono::system_clock::time_point when{1'637'094'994'003ms};
  EXPECT_EQ(logging::format_line(LogLevel::kWarning, "stream a: lost\nforged\x1b[31m", false, when),
            "2021-11-16T20:36:34.003Z warning  stream a: lost forged [31m\n");
}

TEST(LogLine, HasAPriorityAndNoTimeInTheJournal) {
  const std::pair<LogLevel, const char*> cases[] = {
      {LogLevel::kCritical, "<2>x\n"}, {LogLevel::kAlert, "<1>x\n"},  {LogLevel::kError, "<3>x\n"},
      {LogLevel::kWarning, "<4>x\n"},  {LogLevel::kNotice, "<5>x\n"}, {LogLevel::kInfo, "<6>x\n"},
      {LogLevel::kDebug, "<7>x\n"}};
  for (const auto& [level, line] : cases)
    EXPECT_EQ(logging::format_line(level, "x", true, std::chrono::system_clock::now()), line);
}

TEST(Journal, IsWhatTheVariableNames) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  struct stat info {};
  fstat(ends[1], &info);
  const std::string right = fmt::format("{}:{}", info.st_dev, info.st_ino);
  EXPECT_TRUE(logging::is_journal(ends[1], right.c_str()));
  EXPECT_FALSE(
      logging::is_journal(ends[1], (right + "1").c_str()));  // inherited; stderr was led elsewhere since
  EXPECT_FALSE(logging::is_journal(ends[1], ""));
  EXPECT_FALSE(logging::is_journal(ends[1], nullptr));
  close(ends[0]);
  close(ends[1]);
}

TEST(CauseOf, LeavesOutWhatChanges) {
  EXPECT_EQ(logging::cause_of("object 0x7f12ab of 3 at 12.5"), "object # of # at #.#");
  EXPECT_EQ(logging::cause_of(""), "");
  EXPECT_EQ(logging::cause_of("0x"), "#");
}

// The only test that may set GLib's writer, which a process can do once.
TEST(LibraryMessages, GoThroughTheLogWithoutFlooding) {
  static Lines lines;
  static Log log{LogLevel::kInfo, [](LogLevel, std::string_view line) { lines.emplace_back(line); },
                 Log::Clock::now};
  logging::take_library_messages(log);
  gst_init(nullptr, nullptr);
  lines.clear();
  for (int i = 0; i < 50; ++i)
    g_log("Domain", G_LOG_LEVEL_WARNING, "object %p has %d", static_cast<void*>(&lines + i), i);
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_TRUE(lines[0].starts_with("Domain: object 0x")) << lines[0];
  lines.clear();
  g_log("Domain", G_LOG_LEVEL_DEBUG, "silent");
  GST_WARNING("silent");
  GST_ERROR("silent");
  EXPECT_TRUE(lines.empty());
  log.set_level(LogLevel::kDebug);
  for (int i = 0; i < 50; ++i) GST_WARNING("seen %d", i);
  ASSERT_EQ(lines.size(), 10u);
  EXPECT_EQ(lines[0], "GStreamer default: seen 0");
}

}  // namespace
}  // namespace sluice
