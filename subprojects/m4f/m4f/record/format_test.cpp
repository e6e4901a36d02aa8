#include "m4f/record/format.h"

#include <gtest/gtest.h>

namespace m4f::format {
namespace {

SegmentHeader full_header() {
  SegmentHeader h;
  h.number = 0x1122334455667788;
  h.start = Ticks(161'566'194'330'000);
  h.discontinuity = h.gap = h.key_start = true;
  h.discontinuity_sequence = 7;
  h.since_discontinuity = Ticks(0x1234'5678'9abc);
  h.target = Ticks::from_seconds(6);
  Track v{
      .id = {Content::kVideo, 2}, .codec = Codec::kH265, .rfc6381 = "hvc1.1.6.L93.B0", .config = {1, 2, 3}};
  v.language = "deu";
  v.title = "Kamera 1 — Süd";
  v.width = 1920, v.height = 1080, v.sar_width = 4, v.sar_height = 3, v.fps_num = 30000, v.fps_den = 1001;
  v.bitrate = 4'000'000;
  v.part_target = Ticks::from_ms(200);
  v.frame_duration = Ticks(3003);
  Track a{.id = {Content::kAudio, 1}, .codec = Codec::kAac, .rfc6381 = "mp4a.40.2", .config = {0x11, 0x90}};
  a.sample_rate = 48000, a.channels = 6;
  h.tracks = {v, a};
  h.ts = {.psi = 5, .tracks = {{1, 2}, {14, 15}}};
  return h;
}

TEST(Format, EveryFieldOfAHeaderComesBack) {
  const SegmentHeader h = full_header();
  auto got = read_begin(write_begin(h));
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(*got, h);
}

TEST(Format, EachFlagHasItsOwnBit) {
  for (bool SegmentHeader::*flag :
       {&SegmentHeader::discontinuity, &SegmentHeader::gap, &SegmentHeader::key_start}) {
    SegmentHeader h;
    h.tracks.resize(1);
    h.*flag = true;
    EXPECT_EQ(read_begin(write_begin(h)).value(), h);
  }
  for (bool Frame::*flag : {&Frame::key, &Frame::part_end, &Frame::gap_before}) {
    Frame f;
    f.*flag = true;
    const Frame got = read_frame_head(write_frame_head(f, 0).data());
    EXPECT_EQ(got.*flag, true);
    EXPECT_EQ(got.key + got.part_end + got.gap_before, 1);
  }
}

TEST(Format, AHeaderOfDefaultsComesBack) {
  SegmentHeader h;
  h.tracks.resize(1);
  EXPECT_EQ(read_begin(write_begin(h)).value(), h);
}

TEST(Format, ASegmentHasTracks) {
  EXPECT_FALSE(read_begin(write_begin({})));
}

TEST(Format, TracksHaveDistinctIds) {
  SegmentHeader h;
  h.tracks.resize(2);
  EXPECT_EQ(read_begin(write_begin(h)).error().message(), "two tracks v1");
}

TEST(Format, AReaderRefusesWhatNeedsANewerOne) {
  Bytes b = write_begin(full_header());
  b[19] = kVersion + 1;
  const auto r = read_begin(b);
  ASSERT_FALSE(r);
  EXPECT_EQ(r.error().message(), "needs a reader of M4F version 2, this one reads 1");
}

TEST(Format, AnyFlippedBitOfABeginRecordIsNoticed) {
  const Bytes good = write_begin(full_header());
  for (size_t bit = 32; bit < good.size() * 8; ++bit) {  // the size is the caller's
    Bytes bad = good;
    bad[bit / 8] ^= static_cast<uint8_t>(1 << bit % 8);
    EXPECT_FALSE(read_begin(bad)) << "bit " << bit;
  }
}

TEST(Format, ABeginRecordCutAnywhereIsAnError) {
  const Bytes good = write_begin(full_header());
  for (size_t n = 0; n < good.size(); ++n) EXPECT_FALSE(read_begin(ByteView(good).first(n))) << n;
}

TEST(Format, FitMakesAnyHeaderReadable) {
  SegmentHeader h = full_header();
  h.target = Ticks(-1);
  h.ts.psi = 255;
  h.ts.tracks[0] = {200, 16};
  h.tracks[0].title.assign(5000, 'x');
  h.tracks[0].config.assign(kMaxConfigSize + 1, 0);
  h.tracks[0].sar_height = 0;
  h.tracks[0].fps_den = 0;
  h.tracks[1].frame_duration = Ticks(-1);
  h = fit(h);
  EXPECT_EQ(h.tracks[0].title.size(), kMaxTextSize);
  auto got = read_begin(write_begin(h));
  ASSERT_TRUE(got) << got.error().message();
  EXPECT_EQ(*got, h);
}

TEST(Format, FramesAndEndsComeBack) {
  Frame f;
  f.track = 31;
  f.dts = Ticks(161'566'194'330'000);
  f.cts_offset = Ticks(INT32_MIN);
  f.duration = Ticks(UINT32_MAX);
  const Frame got = read_frame_head(write_frame_head(f, 5).data());
  EXPECT_EQ(got.track, f.track);
  EXPECT_EQ(got.dts, f.dts);
  EXPECT_EQ(got.cts_offset, f.cts_offset);
  EXPECT_EQ(got.duration, f.duration);
  EXPECT_EQ(read_head(write_frame_head(f, 5).data()).size, kFrameHead + 5);

  const auto end = read_end(write_end({Ticks(450000), 125, 0xfedcba9876543210}));
  EXPECT_EQ(end.duration, Ticks(450000));
  EXPECT_EQ(end.frames, 125u);
  EXPECT_EQ(end.checksum, 0xfedcba9876543210u);
}

}  // namespace
}  // namespace m4f::format
