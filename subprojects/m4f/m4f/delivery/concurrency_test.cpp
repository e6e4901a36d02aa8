// Readers of all kinds beside one writer; what they see must hold together. Meant for the thread sanitizer
// too.
#include <atomic>
#include <thread>

#include "m4f/delivery/testing/ll_hls_check.h"
#include "m4f/playlist/playlist.h"
#include "m4f/ts/packager.h"

namespace m4f {
namespace {

using namespace m4f::testing;

struct Concurrency : LlHlsCheck {
  std::atomic<bool> done = false;

  void write_segments(int n) {
    for (int i = 0; i < n; ++i) {
      for (int step = 0; step < 10; ++step) stream.grow(Ticks::from_ms(100));
      stream.seal();
    }
    done = true;
  }
};

TEST_F(Concurrency, PlayersSeePlaylistsThatHoldTogether) {
  stream.segments(2, Ticks::from_seconds(1));
  std::vector<std::thread> players;
  std::atomic<uint64_t> looked = 0;
  for (const char* rendition : {kVideo, kAudio, "mono.m3u8"})
    players.emplace_back([&, rendition] {
      uint64_t last = 0;
      while (!done || looked == 0) {
        const ParsedPlaylist p = playlist(rendition);
        EXPECT_GE(p.media_sequence, last);
        last = p.media_sequence;
        for (const ParsedSegment& segment : p.segments) {
          if (!segment.uri.empty() && !segment.parts.empty()) {
            EXPECT_NEAR(segment.parts_duration(), segment.duration, 0.001);
          }
        }
        const ParsedSegment& newest = p.segments.back();
        const std::string uri = newest.parts.empty() ? newest.uri : newest.parts.back().uri;
        // Only who was held up until the whole list had passed by may miss it.
        if (status(beside(rendition, uri)) != 200) {
          EXPECT_GT(playlist(rendition).media_sequence, p.number(p.segments.size() - 1)) << uri;
        }
        ++looked;
      }
    });
  write_segments(60);
  for (std::thread& player : players) player.join();
}

TEST_F(Concurrency, ReloadHoldsThePartThatItWaitedFor) {
  stream.segments(1, Ticks::from_seconds(1));
  std::thread player([&] {
    uint64_t msn = kFirstNumber + 1, part = 0;
    while (!done) {
      const DeliveryReply reply = get(video(msn, part));
      if (reply.kind == Kind::kWait) continue;
      ASSERT_EQ(reply.status, 200);
      const ParsedPlaylist p = parse_playlist(text_of(reply));
      const size_t newest = p.segments.size() - 1;
      const uint64_t last_msn = p.number(newest);
      const size_t parts = p.segments[newest].parts.size();
      ASSERT_TRUE(last_msn > msn || (last_msn == msn && parts > part));
      msn = last_msn + (p.segments[newest].uri.empty() ? 0 : 1);
      part = p.segments[newest].uri.empty() ? parts : 0;
    }
  });
  write_segments(60);
  player.join();
}

TEST_F(Concurrency, EndlessTsIsTheSameForAllReaders) {
  LiveTs live(ring, {});
  std::vector<Bytes> got(3);
  std::vector<std::thread> readers;
  std::atomic<int> started = 0;
  for (Bytes& bytes : got)
    readers.emplace_back([&] {
      LiveTs::Cursor cursor;
      std::vector<SharedBytes> chunks;
      bool announced = false;
      while (true) {
        const bool last = done;
        while (live.read(cursor, 1 << 16, chunks)) {
        }
        if (cursor.started && !std::exchange(announced, true)) ++started;
        if (last) break;
      }
      for (const SharedBytes& chunk : chunks) bytes.insert(bytes.end(), chunk->begin(), chunk->end());
    });
  stream.grow(Ticks::from_ms(500));
  while (started < 3) std::this_thread::yield();
  Bytes expected;
  for (int i = 0; i < 20; ++i) {
    stream.grow(Ticks::from_ms(500));
    const Bytes segment = ts::package(*stream.seal(), {});
    expected.insert(expected.end(), segment.begin(), segment.end());
  }
  stream.grow(Ticks::from_ms(500));
  const Bytes rest = ts::package(*stream.seal(), {});
  expected.insert(expected.end(), rest.begin(), rest.end());
  done = true;
  for (std::thread& reader : readers) reader.join();
  for (const Bytes& bytes : got) {
    // A reader that was held up may have been moved on; what it has is whole segments from the end backward.
    ASSERT_GE(bytes.size(), 188u);
    ASSERT_LE(bytes.size(), expected.size());
    EXPECT_EQ(bytes[0], 0x47);
    const size_t tail = std::min(bytes.size(), rest.size());
    EXPECT_TRUE(std::equal(bytes.end() - static_cast<ptrdiff_t>(tail), bytes.end(),
                           expected.end() - static_cast<ptrdiff_t>(tail)));
  }
}

}  // namespace
}  // namespace m4f
