#include <gtest/gtest.h>

#include <numeric>

#include "m4f/mp4/packager.h"
#include "m4f/mp4/testing/segments.h"

namespace m4f::mp4 {
namespace {

using namespace testing;
constexpr size_t kV1[] = {0}, kA1[] = {1}, kV1A1[] = {0, 1};

Ticks sum(const std::vector<Part>& parts) {
  Ticks out;
  for (const Part& p : parts) out += p.duration;
  return out;
}

TEST(Mp4Parts, FollowTheLeadTrack) {
  const SegmentPtr s = AvSource{}.next();
  const auto video = parts(*s, kV1);
  ASSERT_EQ(video.size(), 5u);
  for (size_t i = 0; i < video.size(); ++i) {
    EXPECT_EQ(video[i].start, kStart + Ticks(18000) * static_cast<int64_t>(i));
    EXPECT_EQ(video[i].duration, Ticks(18000));
    EXPECT_EQ(video[i].independent, i == 0);
    EXPECT_EQ(video[i].first, i == 0 ? 0 : video[i - 1].end);
  }
  const auto audio = parts(*s, kA1);
  ASSERT_EQ(audio.size(), 5u);
  EXPECT_EQ(audio[0].duration, Ticks(19200));
  for (const Part& p : audio) EXPECT_TRUE(p.independent);
}

TEST(Mp4Parts, SumToTheSegmentOfTheLeadTrack) {
  // The frame after the segment comes 40 ticks late: the segment is longer than its frames say.
  SegmentBuilder b = AvSource{}.open(kStart);
  add(b, frame(0, kStart, Ticks(3600), true, true), "k");
  add(b, frame(0, kStart + Ticks(3610), Ticks(3600), false), "p");
  b.seal(Ticks(7250));
  const auto got = parts(*b.segment(), kV1);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got[0].duration, Ticks(3610));
  EXPECT_EQ(got[1].duration, Ticks(3640));
  EXPECT_EQ(sum(got), b.segment()->duration());
}

TEST(Mp4Parts, OfAnAudioRenditionSumToItsOwnFrames) {
  AvSource source;
  source.next();
  const SegmentPtr s = source.next();
  const TrackSpan span = track_span(*s, 1);
  EXPECT_EQ(sum(parts(*s, kA1)), span.duration);
  EXPECT_EQ(parts(*s, kA1).front().start, span.start);
}

TEST(Mp4Parts, OfAnOpenSegmentAreOnlyTheCompleteOnes) {
  SegmentBuilder b = AvSource{}.open(kStart);
  EXPECT_TRUE(parts(*b.segment(), kV1).empty());
  add(b, frame(0, kStart, Ticks(3600)), "k");
  EXPECT_TRUE(parts(*b.segment(), kV1).empty());
  add(b, frame(0, kStart + Ticks(3600), Ticks(3600), false, true), "p");
  add(b, frame(0, kStart + Ticks(7200), Ticks(3600), false), "p");
  ASSERT_EQ(parts(*b.segment(), kV1).size(), 1u);
  EXPECT_EQ(parts(*b.segment(), kV1)[0].duration, Ticks(7200));
  b.seal(Ticks(10800));
  ASSERT_EQ(parts(*b.segment(), kV1).size(), 2u);
  EXPECT_EQ(parts(*b.segment(), kV1)[1].duration, Ticks(3600));
}

TEST(Mp4Parts, NewestPartOfAnOpenSegmentLastsToTheEndOfItsLastFrame) {
  SegmentBuilder b = AvSource{}.open(kStart);
  add(b, frame(0, kStart, Ticks(3600), true, true), "k");
  ASSERT_EQ(parts(*b.segment(), kV1).size(), 1u);
  EXPECT_EQ(parts(*b.segment(), kV1)[0].duration, Ticks(3600));
}

TEST(Mp4Parts, WithoutFlagsTheSegmentIsOnePart) {
  SegmentBuilder b = AvSource{}.open(kStart);
  for (int i = 0; i < 3; ++i) add(b, frame(0, kStart + Ticks(3600 * i), Ticks(3600), i == 0), "x");
  b.seal(Ticks(10800));
  const auto got = parts(*b.segment(), kV1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].duration, Ticks(10800));
}

TEST(Mp4Parts, PublishedPartsNeverChangeWhenOtherTracksTrailTheLead) {
  SegmentBuilder b = AvSource{}.open(kStart);
  add(b, frame(1, kStart, Ticks(1920)), "a");
  add(b, frame(0, kStart, Ticks(3600), true, true), "k");
  const Bytes published = part(*b.segment(), kV1A1, 0);
  add(b, frame(1, kStart + Ticks(1920), Ticks(1920)), "b");
  b.seal(Ticks(3600));
  const auto got = parts(*b.segment(), kV1A1);
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(part(*b.segment(), kV1A1, 0), published);
  EXPECT_EQ(got[1].start, kStart + Ticks(3600));
  EXPECT_FALSE(got[1].independent);
  EXPECT_EQ(sum(got), b.segment()->duration());
}

TEST(Mp4Parts, SegmentWithoutTheTrackHasNone) {
  SegmentBuilder b = AvSource{}.open(kStart);
  add(b, frame(0, kStart, Ticks(3600)), "k");
  b.seal(Ticks(3600));
  EXPECT_TRUE(parts(*b.segment(), kA1).empty());
  EXPECT_TRUE(package(*b.segment(), kA1).empty());
  EXPECT_TRUE(part(*b.segment(), kA1, 0).empty());
}

TEST(Mp4Parts, SegmentWhoseLeadIsMissingIsOnePartOfItsLength) {
  SegmentBuilder b = AvSource{}.open(kStart);
  add(b, frame(1, kStart, Ticks(1920)), "a");
  b.seal(Ticks(1920));
  const auto got = parts(*b.segment(), kV1A1);
  ASSERT_EQ(got.size(), 1u);
  EXPECT_EQ(got[0].start, kStart);
  EXPECT_EQ(got[0].duration, Ticks(1920));
  EXPECT_FALSE(got[0].independent);
}

TEST(Mp4TrackSpan, ReachesFromTheFirstFrameToTheEndOfTheLast) {
  const SegmentPtr s = AvSource{}.next();
  const TrackSpan v = track_span(*s, 0), a = track_span(*s, 1);
  EXPECT_EQ(v.start, kStart);
  EXPECT_EQ(v.duration, Ticks::from_seconds(1));
  EXPECT_EQ(v.frames, 25u);
  EXPECT_EQ(a.duration, Ticks(1920) * static_cast<int64_t>(a.frames));
  EXPECT_EQ(a.bytes, a.frames * 16);
  EXPECT_EQ(track_span(*s, 7).frames, 0u);
}

}  // namespace
}  // namespace m4f::mp4
