// The list of playlist://: what it says, what it must not say, and what is played next as it changes.
#include "m4f/play_list.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

extern "C" int play_list_fuzz_body(const uint8_t* data, size_t size);

namespace sluice {
namespace {

using namespace std::chrono_literals;
using std::chrono::system_clock;

TEST(PlayList, EveryTagIsOfWhatFollows) {
  const auto list = parse_play_list(
      "#EXTM3U\r\n# a note\n#EXT-X-MEDIA-SEQUENCE:20\n\n#EXTINF:60,Title\nvod/video1.mp4\r\n"
      "#EXT-X-UTC:1360673918\n  vod/a b.ts  "
      "\n#EXT-X-PROGRAM-DATE-TIME:2013-02-12T12:58:38.500Z\n#EXTINF:1.25\nlast");
  ASSERT_TRUE(list) << list.error().message();
  EXPECT_EQ(list->sequence, 20u);
  ASSERT_EQ(list->items.size(), 3u);
  EXPECT_EQ(list->items[0], (PlayItem{"vod/video1.mp4", 60s, {}}));
  EXPECT_EQ(list->items[1], (PlayItem{"vod/a b.ts", {}, system_clock::time_point(1360673918s)}));
  EXPECT_EQ(list->items[2], (PlayItem{"last", 1250ms, system_clock::time_point(1360673918500ms)}));
  EXPECT_EQ(parse_play_list("#EXT-X-PROGRAM-DATE-TIME:2013-02-12T14:58:38+02:00\nx")->items[0].start,
            system_clock::time_point(1360673918s));
}

TEST(PlayList, WhatCannotBeReadIsToldByItsLine) {
  const auto problem = [](const std::string& text) {
    const auto list = parse_play_list(text);
    return list ? std::string("read") : list.error().message();
  };
  EXPECT_EQ(problem("a\n#EXTINF:x\nb"), "line 2: #EXTINF needs seconds: #EXTINF:60");
  EXPECT_EQ(problem("#EXTINF:0\nb"), "line 1: #EXTINF needs seconds: #EXTINF:60");
  EXPECT_EQ(problem("#EXTINF:-1\nb"), "line 1: #EXTINF needs seconds: #EXTINF:60");
  EXPECT_EQ(problem("#EXTINF:99999999999999999999\nb"), "line 1: #EXTINF needs seconds: #EXTINF:60");
  EXPECT_EQ(problem("#EXT-X-MEDIA-SEQUENCE:1x\n"), "line 1: #EXT-X-MEDIA-SEQUENCE needs a number");
  EXPECT_EQ(problem("#EXT-X-UTC:soon\n"), "line 1: #EXT-X-UTC needs seconds since 1970");
  for (const char* date :
       {"2013-02-30T12:58:38Z", "2013-02-12 12:58:38Z", "2013-02-12T12:58:38", "2013-02-12T25:58:38Z",
        "13-02-12T12:58:38Z", "2013-02-12T12:58:38Zx", "1969-02-12T12:58:38Z"})
    EXPECT_EQ(problem(std::string("#EXT-X-PROGRAM-DATE-TIME:") + date),
              "line 1: #EXT-X-PROGRAM-DATE-TIME needs a time: 2013-02-12T12:58:38Z")
        << date;
  EXPECT_EQ(problem(std::string("a\0b", 3)), "line 1: holds a NUL: this is no text");
  EXPECT_EQ(problem(std::string(5000, 'x')), "line 1: longer than anything that a name can be");
  EXPECT_EQ(problem(std::string(kMaxPlayListBytes + 1, '\n')), "the list has more than 1048576 bytes");
  std::string many;
  for (size_t i = 0; i <= kMaxPlayItems; ++i) many += "x\n";
  EXPECT_EQ(problem(many), "line 10001: more items than a list may have");
}

PlayList list_of(std::vector<std::string> names, std::optional<uint64_t> sequence = {}) {
  PlayList list{sequence, {}};
  for (std::string& name : names) list.items.push_back({std::move(name), {}, {}});
  return list;
}

TEST(PlayOrder, WithoutASequenceItGoesRoundAndBeginsAnewWhenTheListChanges) {
  PlayOrder order;
  const PlayList list = list_of({"a", "b"});
  EXPECT_EQ(order.next(list).item, 0u);
  EXPECT_EQ(order.next(list).item, 1u);
  EXPECT_EQ(order.next(list).item, 0u);
  EXPECT_EQ(order.next(list_of({"a", "b", "c"})).item, 0u);
  EXPECT_EQ(order.next(list_of({"a", "b", "c"})).item, 1u);
  EXPECT_EQ(order.next(list_of({})).item, std::nullopt);
}

TEST(PlayOrder, WithASequenceTheNumbersCount) {
  PlayOrder order;
  EXPECT_EQ(order.next(list_of({"a", "b"}, 20)).item, 0u);
  EXPECT_EQ(order.next(list_of({"b", "c"}, 21)).item, 0u);
  EXPECT_EQ(order.next(list_of({"b", "c"}, 21)).item, 1u);
  EXPECT_EQ(order.next(list_of({"b", "c"}, 21)).item, std::nullopt) << "all are older: wait";
  EXPECT_EQ(order.next(list_of({"a"}, 3)).item, std::nullopt);
  EXPECT_EQ(order.next(list_of({"x", "y"}, 40)).item, 0u) << "the list has gone on without us";
}

TEST(PlayList, SeedsOfTheFuzzerAreSurvived) {
  int files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(GSTX_SEEDS "/play_list")) {
    std::stringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string bytes = text.str();
    EXPECT_EQ(play_list_fuzz_body(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0)
        << entry.path();
    ++files;
  }
  EXPECT_GE(files, 3);
}

}  // namespace
}  // namespace sluice
