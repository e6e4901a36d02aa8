#include "m4f/ts/demuxer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "m4f/ts/demuxer_test_support.h"

namespace m4f::ts {
namespace {

using namespace testing;
using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kClips[] = {"h264_bframes_aac", "h264_mp3",   "h264_wrap",       "hevc_ac3",
                                  "mpeg2_mp2",        "mpeg1_eac3", "h264_interlaced", "two_audio_opus"};

class Clips : public ::testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Demuxer, Clips, ::testing::ValuesIn(kClips),
                         [](const auto& clip) { return std::string(clip.param); });

TEST_P(Clips, FramesHaveTheTimestampsThatFfprobeSees) {
  const Demuxed got = demux(clip(GetParam()));
  const auto list = parse_list(as_text(read_file(std::string(M4F_TEST_DATA "/ts/") + GetParam() + ".csv")));
  ASSERT_THAT(list, SizeIs(::testing::Gt(40u)));
  EXPECT_EQ(got.complete, 1);
  EXPECT_THAT(got.unsupported, IsEmpty());
  EXPECT_EQ(got.stats.continuity_errors + got.stats.broken_pes + got.stats.sync_losses + got.stats.crc_errors,
            0u);
  // ffprobe shows a stream that wraps as beginning below zero.
  const Ticks shift = list[0].dts < 0 ? Ticks(int64_t{1} << 33) : Ticks();
  for (const auto& [index, track] : got.tracks) {
    std::vector<Listed> expected;
    std::copy_if(list.begin(), list.end(), std::back_inserter(expected),
                 [i = index](const Listed& l) { return l.stream == i; });
    const auto frames = got.of(index);
    ASSERT_EQ(frames.size(), expected.size()) << track.id.text();
    // Between timestamps of the stream, ffprobe adds up rounded durations.
    const int64_t slack = track.id.content == Content::kAudio ? 1 : 0;
    for (size_t i = 0; i < frames.size(); ++i) {
      ASSERT_NEAR(static_cast<double>(frames[i].pts.count),
                  static_cast<double>(expected[i].pts + shift.count), slack)
          << track.id.text() << " " << i;
      ASSERT_NEAR(static_cast<double>(frames[i].dts.count),
                  static_cast<double>(expected[i].dts + shift.count), slack)
          << track.id.text() << " " << i;
      EXPECT_EQ(frames[i].key, expected[i].key) << track.id.text() << " " << i;
      EXPECT_FALSE(frames[i].discont);
    }
  }
  EXPECT_EQ(got.tracks.size(), std::max_element(
                                   list.begin(), list.end(),
                                   [](auto& a, auto& b) {
                                     return a.stream < b.stream;
                                   })->stream +
                                   1);
}

TEST_P(Clips, AnyChunkingGivesTheSame) {
  const Bytes bytes = clip(GetParam());
  const Demuxed whole = demux(bytes);
  for (size_t piece : {1u, 7u, 187u, 188u, 189u, 1316u, 4000u}) {
    const Demuxed got = demux(bytes, piece);
    EXPECT_EQ(got.frames, whole.frames) << piece;
    EXPECT_EQ(got.stats.sync_losses, 0u);
    EXPECT_EQ(got.stats.packets, whole.stats.packets) << piece;
  }
}

TEST_P(Clips, EveryLostPacketCostsOnlyWholeFramesOfItsTrack) {
  const Bytes bytes = clip(GetParam());
  const Demuxed whole = demux(bytes);
  const size_t packets = bytes.size() / kPacketSize;
  for (size_t lost = 3; lost < packets; lost += 1 + packets / 150) {
    const auto pid = [&](size_t i) {
      return bytes[i * kPacketSize + 1] % 32 * 256 + bytes[i * kPacketSize + 2];
    };
    size_t later = lost + 1;
    while (later < packets && pid(later) != pid(lost)) ++later;
    if (later == packets) continue;  // nobody can notice
    Bytes cut = bytes;
    cut.erase(cut.begin() + static_cast<ptrdiff_t>(lost * kPacketSize),
              cut.begin() + static_cast<ptrdiff_t>((lost + 1) * kPacketSize));
    const Demuxed got = demux(cut);
    EXPECT_LE(got.stats.continuity_errors, 1u);
    size_t at = 0, missing = 0;
    std::map<size_t, bool> gap, begun;
    for (const Received& frame : got.frames) {
      while (at < whole.frames.size() && !whole.frames[at].same(frame)) {
        gap[whole.frames[at].track] = begun[whole.frames[at].track];
        ++at;
        ++missing;
      }
      // Every frame is one of the original ones, in their order.
      ASSERT_LT(at, whole.frames.size()) << "packet " << lost << ": a frame that never was";
      ++at;
      begun[frame.track] = true;
      if (frame.discont) gap[frame.track] = false;
      ASSERT_FALSE(gap[frame.track]) << "packet " << lost << ": a gap without a mark";
    }
    // At most a group of pictures, where its parameter sets were lost.
    EXPECT_LE(missing, 25u) << "packet " << lost;
    EXPECT_LE(std::count_if(gap.begin(), gap.end(), [](auto& g) { return g.second; }), 1)
        << "packet " << lost;
  }
}

TEST_P(Clips, SurvivesEveryFlippedByte) {
  const Bytes whole = clip(GetParam());
  const Bytes bytes(whole.begin(), whole.begin() + 20 * kPacketSize);
  for (size_t i = 0; i < bytes.size(); ++i) {
    Bytes bad = bytes;
    bad[i] ^= static_cast<uint8_t>(i % 3 == 0 ? 0xff : 1u << i % 8);
    const Demuxed got = demux(bad);
    EXPECT_LE(got.frames.size(), 200u);
  }
}

TEST_P(Clips, StartsAnywhere) {
  const Bytes bytes = clip(GetParam());
  const Demuxed whole = demux(bytes);
  for (size_t cut = 1; cut < bytes.size() * 2 / 5; cut += 1 + bytes.size() / 100) {
    const Demuxed got = demux(ByteView(bytes).subspan(cut));
    EXPECT_THAT(got.frames, ::testing::Not(IsEmpty())) << cut;
    for (const Received& frame : got.frames)
      ASSERT_TRUE(std::any_of(whole.frames.begin(), whole.frames.end(), [&](auto& f) {
        return f.same(frame) ||
               // A first frame below the start of its program may be a turn of the clock away.
               (f.data == frame.data && (f.dts - frame.dts).count % (int64_t{1} << 33) == 0);
      })) << cut;
  }
}

TEST_P(Clips, RoundTripThroughThePackagerKeepsEveryFrame) {
  const Demuxed whole = demux(clip(GetParam()));
  std::vector<Track> tracks;
  for (const auto& [index, track] : whole.tracks) tracks.push_back(track);
  SegmentChain chain(tracks);
  auto segment = chain.add(to_segment_frames(whole.frames, Ticks(int64_t{1} << 33)), Ticks::from_seconds(2));
  const Demuxed again = demux(package(*segment, {}));
  ASSERT_EQ(again.frames.size(), whole.frames.size());
  for (const auto& [index, track] : whole.tracks) {
    const auto before = whole.of(index), after = again.of(index);
    ASSERT_EQ(before.size(), after.size());
    for (size_t i = 0; i < before.size(); ++i)
      ASSERT_TRUE(before[i].data == after[i].data && before[i].key == after[i].key &&
                  (before[i].dts - after[i].dts).count % (int64_t{1} << 33) == 0 &&
                  before[i].pts - before[i].dts == after[i].pts - after[i].dts)
          << track.id.text() << " " << i;
    ASSERT_TRUE(again.tracks.contains(index));
    EXPECT_TRUE(again.tracks.at(index).same_format(track));
    EXPECT_EQ(again.tracks.at(index).language, track.language);
  }
}

Bytes with_stride(const Bytes& bytes, size_t before, size_t behind) {
  Bytes out;
  for (size_t at = 0; at < bytes.size(); at += kPacketSize) {
    out.insert(out.end(), before, 0x11);
    out.insert(out.end(), bytes.begin() + static_cast<ptrdiff_t>(at),
               bytes.begin() + static_cast<ptrdiff_t>(at + kPacketSize));
    out.insert(out.end(), behind, 0x22);
  }
  return out;
}

TEST(Demuxer, ReadsPacketsOf192And204Bytes) {
  const Bytes bytes = clip("h264_bframes_aac");
  const Demuxed whole = demux(bytes);
  for (size_t piece : {0u, 1u, 100u}) {
    EXPECT_EQ(demux(with_stride(bytes, 4, 0), piece).frames, whole.frames);
    EXPECT_EQ(demux(with_stride(bytes, 0, 16), piece).frames, whole.frames);
  }
}

TEST(Demuxer, FindsSyncAgainAfterGarbage) {
  Bytes bytes = clip("h264_bframes_aac");
  const size_t expected = demux(bytes).frames.size();
  bytes.insert(bytes.begin() + 100 * kPacketSize, 1000, 0x47);
  bytes.insert(bytes.begin() + 50 * kPacketSize, 77, 0x00);
  const Demuxed got = demux(bytes, 500);
  EXPECT_GE(got.stats.sync_losses, 2u);
  EXPECT_GE(got.frames.size(), expected - 25);
}

TEST(Demuxer, PacketsSentTwiceAreNoErrors) {
  const Bytes bytes = clip("h264_bframes_aac");
  Bytes twice;
  for (size_t at = 0; at < bytes.size(); at += kPacketSize)
    for (int i = 0; i < 2; ++i)
      twice.insert(twice.end(), bytes.begin() + static_cast<ptrdiff_t>(at),
                   bytes.begin() + static_cast<ptrdiff_t>(at + kPacketSize));
  const Demuxed got = demux(twice);
  EXPECT_EQ(got.stats.continuity_errors, 0u);
  EXPECT_EQ(got.frames, demux(bytes).frames);
}

TEST(Demuxer, AWrapIsNoJump) {
  const Demuxed got = demux(clip("h264_wrap"));
  bool below = false, above = false;
  for (size_t track : {0u, 1u}) {
    const auto frames = got.of(track);
    for (size_t i = 1; i < frames.size(); ++i) {
      EXPECT_GT(frames[i].dts, frames[i - 1].dts);
      EXPECT_LT(frames[i].dts - frames[i - 1].dts, Ticks(4000));
      below = below || frames[i].dts.count < int64_t{1} << 33;
      above = above || frames[i].dts.count >= int64_t{1} << 33;
    }
  }
  EXPECT_TRUE(below && above);
}

Bytes rtp(uint16_t sequence, ByteView payload, bool extras) {
  Bytes out;
  ByteWriter w(out);
  w.u8(extras ? 0x80 | 0x20 | 0x10 | 2 : 0x80);
  w.u8(33);
  w.u16(sequence);
  w.u32(12345);
  w.u32(0xcafe);
  if (extras) {
    w.u64(0);  // two contributing sources
    w.u16(0xbede);
    w.u16(1);
    w.u32(0);
  }
  w.bytes(payload);
  if (extras) {
    w.u24(0);
    w.u8(4);
  }
  return out;
}

TEST(Demuxer, RtpIsUnwrappedAndItsGapsAreCounted) {
  const Bytes bytes = clip("h264_bframes_aac");
  const Demuxed whole = demux(bytes);
  Collector intact, lossy;
  Demuxer good({}, intact), bad({}, lossy);
  uint16_t sequence = 65530;  // wraps soon
  for (size_t at = 0, i = 0; at < bytes.size(); at += 7 * kPacketSize, ++i) {
    const ByteView payload = ByteView(bytes).subspan(at, std::min(7 * kPacketSize, bytes.size() - at));
    const Bytes datagram = rtp(sequence++, payload, i % 2 == 0);
    good.feed_datagram(datagram);
    good.feed_datagram(datagram);  // the network's duplicate
    if (i != 10 && i != 11 && i != 20) bad.feed_datagram(datagram);
  }
  good.flush();
  bad.flush();
  EXPECT_EQ(intact.frames, whole.frames);
  EXPECT_EQ(good.stats().rtp_lost, 0u);
  EXPECT_EQ(bad.stats().rtp_lost, 3u);
  EXPECT_GT(bad.stats().continuity_errors, 0u);
  EXPECT_LT(lossy.frames.size(), whole.frames.size());
}

TEST(Demuxer, DatagramsWithoutRtpAreTransportPackets) {
  const Bytes bytes = clip("h264_mp3");
  Collector got;
  Demuxer demuxer({}, got);
  for (size_t at = 0; at < bytes.size(); at += 7 * kPacketSize)
    demuxer.feed_datagram(ByteView(bytes).subspan(at, std::min(7 * kPacketSize, bytes.size() - at)));
  const Bytes odd(100, 0x47), short_rtp{0x80, 33, 0}, empty;
  for (const Bytes* hostile : {&odd, &short_rtp, &empty}) demuxer.feed_datagram(*hostile);
  demuxer.flush();
  EXPECT_EQ(got.frames, demux(bytes).frames);
}

// Changes the flags of packets of one PID.
template <typename F>
Bytes edit_packets(Bytes bytes, uint16_t pid, F&& edit) {
  size_t n = 0;
  for (size_t at = 0; at < bytes.size(); at += kPacketSize)
    if (((bytes[at + 1] & 31) << 8 | bytes[at + 2]) == pid) edit(&bytes[at], n++);
  return bytes;
}

TEST(Demuxer, ScrambledAndErroredPacketsAreCountedAndNotUsed) {
  const Bytes bytes = clip("h264_bframes_aac");
  const Demuxed whole = demux(bytes);
  const Demuxed scrambled = demux(edit_packets(bytes, 0x101, [](uint8_t* p, size_t) { p[3] |= 0x80; }));
  EXPECT_EQ(scrambled.of(0), whole.of(0));
  EXPECT_THAT(scrambled.of(1), IsEmpty());
  EXPECT_GT(scrambled.stats.scrambled, 10u);
  EXPECT_EQ(scrambled.complete, 1);
  const Demuxed errored = demux(edit_packets(bytes, 0x100, [](uint8_t* p, size_t n) {
    if (n == 50) p[1] |= 0x80;
  }));
  EXPECT_EQ(errored.stats.transport_errors, 1u);
  EXPECT_EQ(errored.of(0).size(), whole.of(0).size() - 1);
  EXPECT_EQ(errored.of(1), whole.of(1));
}

TEST(Demuxer, AnAnnouncedCounterBreakIsNoError) {
  const Demuxed once = demux(clip("h264_bframes_aac"));
  // The packager's own segments of two unrelated runs: counters start anew, the first says so.
  std::vector<Track> tracks;
  for (const auto& [index, track] : once.tracks) tracks.push_back(track);
  Bytes all;
  for (int i = 0; i < 2; ++i) {
    SegmentChain chain(tracks);
    chain.header().discontinuity = true;
    auto frames = to_segment_frames(once.of(0), Ticks::from_seconds(i * 10));
    const Bytes bytes = package(*chain.add(frames, Ticks::from_seconds(2)), {});
    all.insert(all.end(), bytes.begin(), bytes.end());
  }
  const Demuxed got = demux(all);
  EXPECT_LE(got.stats.continuity_errors, 2u);  // PAT and PMT
  EXPECT_EQ(got.of(0).size(), 2 * once.of(0).size());
}

TEST(Demuxer, FramesOfKnownLengthDoNotWaitForTheNextOne) {
  const Demuxed whole = demux(clip("h264_bframes_aac"));
  SegmentChain chain({whole.tracks.at(0)});
  auto segment = chain.add(to_segment_frames(whole.of(0), Ticks()), Ticks::from_seconds(2));
  SegmentPackager packager(segment, {});
  Collector got;
  Demuxer demuxer({}, got);
  for (size_t i = 1; i <= segment->frame_count(); ++i) {
    Bytes bytes;
    packager.append(i, bytes);
    // Out of sync, bytes wait for packets that confirm them; datagrams do not.
    for (size_t at = 0; at < bytes.size(); at += kPacketSize)
      demuxer.feed_datagram(ByteView(bytes).subspan(at, kPacketSize));
    if (i > 5) {
      EXPECT_EQ(got.frames.size(), i);
    }
  }
}

TEST(Demuxer, TracksKeepTheOrderOfThePmtAndTheirLanguage) {
  const Demuxed got = demux(clip("two_audio_opus"));
  ASSERT_EQ(got.tracks.size(), 3u);
  EXPECT_EQ(got.tracks.at(0).id.text(), "v1");
  EXPECT_EQ(got.tracks.at(1).id.text(), "a1");
  EXPECT_EQ(got.tracks.at(2).id.text(), "a2");
  EXPECT_EQ(got.tracks.at(1).language, "eng");
  EXPECT_EQ(got.tracks.at(2).language, "rus");
  EXPECT_EQ(got.tracks.at(1).codec, Codec::kOpus);
  EXPECT_EQ(got.tracks.at(2).codec, Codec::kAac);
}

TEST(Demuxer, PidsAndProgramCanBeChosen) {
  const Bytes bytes = clip("two_audio_opus");
  DemuxerSettings settings;
  settings.pids = {0x102};
  const Demuxed one = demux(bytes, 0, settings);
  EXPECT_EQ(one.tracks.size(), 1u);
  EXPECT_EQ(one.tracks.begin()->second.language, "rus");
  EXPECT_EQ(one.complete, 1);
  EXPECT_THAT(demux(bytes, 0, {7, {}}).frames, IsEmpty());
  EXPECT_EQ(demux(bytes, 0, {1, {}}).frames.size(), demux(bytes).frames.size());
}

TEST(Demuxer, ASilentTrackHoldsTheOthersUpForOneSecondOnly) {
  const Bytes bytes = clip("h264_bframes_aac");
  Collector got;
  Demuxer demuxer({}, got);
  const Bytes silent = edit_packets(bytes, 0x101, [](uint8_t* p, size_t) { p[1] = 0x1f, p[2] = 0xff; });
  std::optional<Ticks> at;
  for (size_t i = 0; i < silent.size(); i += kPacketSize) {
    demuxer.feed(ByteView(silent).subspan(i, kPacketSize));
    if (got.complete != 0 && !at) at = got.frames.back().dts - got.frames.front().dts;
  }
  ASSERT_TRUE(at);
  EXPECT_GE(*at, Ticks(80000));
  EXPECT_LE(*at, Ticks(100000));
  EXPECT_EQ(got.complete, 1);
}

// Whoever joins a source between two key frames gets the picture with the next one; sound alone must not
// begin before it.
TEST(Demuxer, APictureIsAwaitedBeyondOneSecond) {
  const Bytes bytes = clip("h264_bframes_aac");
  Collector got;
  Demuxer demuxer({}, got);
  const Bytes silent = edit_packets(bytes, 0x100, [](uint8_t* p, size_t) { p[1] = 0x1f, p[2] = 0xff; });
  demuxer.feed(silent);
  ASSERT_GT(got.frames.back().dts - got.frames.front().dts, Ticks(120000));
  EXPECT_EQ(got.complete, 0);
  demuxer.flush();
  EXPECT_EQ(got.complete, 1);
}

}  // namespace
}  // namespace m4f::ts
