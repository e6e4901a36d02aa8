// The worked example of docs/m4f.md.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "m4f/record/record.h"

namespace m4f {
namespace {

const char kFile[] = M4F_TEST_DATA "/example.m4f";
const char kDocument[] = M4F_TEST_DATA "/../../../docs/m4f.md";

std::string file_text(const char* path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

SegmentPtr example() {
  SegmentHeader h;
  h.number = 1795180237;
  h.start = Ticks(161'566'221'330'000);  // 2026-11-20T13:10:37Z
  h.key_start = true;
  h.discontinuity_sequence = 2;
  h.target = Ticks::from_seconds(5);
  Track v{.id = {Content::kVideo, 1}, .codec = Codec::kH264, .rfc6381 = "avc1.42c01e"};
  v.config = {0x01, 0x42, 0xc0, 0x1e, 0xff, 0xe0, 0x00};
  v.language = "eng";
  v.title = "Gate";
  v.width = 640, v.height = 360, v.fps_num = 25;
  v.bitrate = 800'000;
  v.part_target = Ticks::from_ms(200);
  v.frame_duration = Ticks(3600);
  h.tracks = {v};
  h.ts = {.psi = 3, .tracks = {{10, 11}}};
  SegmentBuilder b(h);
  Frame f{.key = true, .dts = h.start, .duration = Ticks(3600)};
  EXPECT_TRUE(b.add_frame(f, Bytes{0, 0, 0, 3, 0x65, 0x88, 0x84}));
  f = {.part_end = true, .dts = h.start + Ticks(3600), .cts_offset = Ticks(-1), .duration = Ticks(3600)};
  EXPECT_TRUE(b.add_frame(f, Bytes{0, 0, 0, 4, 0x41, 0x9a, 0x02, 0x04}));
  b.seal(Ticks(7200));
  return b.segment();
}

std::string bytes_of(const Segment& s) {
  std::string out;
  for (ByteView v : s.records()) out += as_text(v);
  return out;
}

TEST(Example, TheFileIsWhatIsWritten) {
  const std::string bytes = bytes_of(*example());
  if (std::getenv("M4F_UPDATE")) std::ofstream(kFile, std::ios::binary) << bytes;
  EXPECT_EQ(file_text(kFile), bytes) << "M4F_UPDATE=1 m4f-tests --gtest_filter='Example.*' rewrites "
                                     << kFile;
}

TEST(Example, TheFileReadsAsTheDocumentSays) {
  const std::string bytes = file_text(kFile);
  RecordReader reader;
  std::vector<RecordEvent> events;
  auto ok = reader.feed(as_bytes(bytes), events);
  ASSERT_TRUE(ok) << ok.error().message();
  ASSERT_EQ(events.size(), 4u);
  const Segment& s = *std::get<SegmentSealed>(events[3]).segment;
  EXPECT_EQ(s.header(), example()->header());
  EXPECT_EQ(s.duration(), Ticks(7200));
  ASSERT_EQ(s.frame_count(), 2u);
  EXPECT_EQ(s.frame(1).pts().count, 161'566'221'333'599);
  EXPECT_EQ(s.frame(1).data.size(), 8u);
}

TEST(Example, TheDocumentShowsTheBytesOfTheFile) {
  if (!std::filesystem::exists(kDocument)) GTEST_SKIP() << "built without the documents";
  std::istringstream lines(file_text(kDocument));
  std::string bytes;
  for (std::string line; std::getline(lines, line);) {
    unsigned offset;
    int at;
    // "    0010  00 01 ..  text"
    if (std::sscanf(line.c_str(), "    %4x  %n", &offset, &at) != 1 || at != 10) continue;
    if (offset != bytes.size()) continue;
    std::istringstream row(line.substr(10, 47));
    for (std::string hex; row >> hex;) bytes += static_cast<char>(std::stoi(hex, nullptr, 16));
  }
  EXPECT_EQ(bytes, file_text(kFile));
}

}  // namespace
}  // namespace m4f
