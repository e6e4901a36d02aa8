// Lists on disk: read anew for every item, and names that stay inside of their directories.
#include "m4f/play_list_source.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

namespace sluice {
namespace {

namespace fs = std::filesystem;

class PlayListSourceTest : public ::testing::Test {
 protected:
  PlayListSourceTest() {
    fs::create_directories(folder / "one");
    fs::create_directories(folder / "two;=%");
    std::ofstream(folder / "one" / "a.mp4") << "a";
    std::ofstream(folder / "two;=%" / "b.mp4") << "b";
    std::ofstream(folder / "secret") << "s";
  }
  ~PlayListSourceTest() override { fs::remove_all(folder); }
  void write(const std::string& text) { std::ofstream(folder / "list") << text; }
  std::string ask() {
    const PlayListSource::Next next = source.next();
    if (!next.problem.empty()) return next.problem.substr(next.problem.find(": ") + 2);
    if (!next.turn) return "nothing";
    if (!next.turn->path.empty()) return fs::relative(next.turn->path, folder).string();
    return next.turn->stream + " | " + next.turn->missing.substr(next.turn->missing.find(": ") + 2);
  }

  const fs::path folder = fs::path(::testing::TempDir()) / ("play-list-" + std::to_string(getpid()));
  PlayListSource source{(folder / "list").string(),
                        "vod=" + (folder / "one").string() + ";vod=" + (folder / "two%3B%3D%25").string(),
                        [] { return false; }};
};

TEST_F(PlayListSourceTest, ItemsAreFoundInAnyOfTheirDirectories) {
  EXPECT_EQ(ask(), "it cannot be read: does the file exist, and may Sluice read it?");
  write("vod/a.mp4\nvod/b.mp4\n");
  EXPECT_EQ(ask(), "one/a.mp4");
  EXPECT_EQ(ask(), "two;=%/b.mp4");
  EXPECT_EQ(ask(), "one/a.mp4");
  write("vod/b.mp4\n");
  EXPECT_EQ(ask(), "two;=%/b.mp4");
  write("#EXT-X-MEDIA-SEQUENCE:3\nvod/a.mp4\n");
  EXPECT_EQ(ask(), "one/a.mp4");
  EXPECT_EQ(ask(), "nothing");
}

TEST_F(PlayListSourceTest, WhatIsNoFileMayBeAStream) {
  write("news\n#EXTINF:5\nvod/live\nvod/a.mp4\n");
  EXPECT_EQ(ask(),
            "news | no VOD location and no stream has 'news': items are written LOCATION/FILE or STREAM");
  const auto turn = source.next().turn;
  ASSERT_TRUE(turn);
  EXPECT_EQ(turn->path, "");
  EXPECT_EQ(turn->stream, "vod/live");
  EXPECT_EQ(turn->limit, std::chrono::seconds(5));
  EXPECT_EQ(ask(), "one/a.mp4");
}

TEST_F(PlayListSourceTest, WhatCannotBePlayedIsTold) {
  for (const char* bad : {"vod/../secret", "vod//etc/passwd", "vod/one/../../secret", "vod/"}) {
    write(std::string(bad) + "\n");
    EXPECT_EQ(ask(), "'" + std::string(bad) + "' is no file of a VOD location");
  }
  write("vod/c.mp4 ! filesink location=y\n");
  EXPECT_EQ(ask(), "vod/c.mp4 ! filesink location=y | there is no file 'vod/c.mp4 ! filesink location=y'");
  write("\n# nothing\n");
  EXPECT_EQ(ask(), "the list is empty");
}

}  // namespace
}  // namespace sluice
