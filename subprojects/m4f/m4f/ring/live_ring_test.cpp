#include "m4f/ring/live_ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <thread>

#include "m4f/ring/retention.h"

namespace m4f {
namespace {

using ::testing::ElementsAre;

// Writes a stream of segments into a ring, or into none.
class Writer {
 public:
  explicit Writer(LiveRing* ring, uint64_t first = 1) : ring_(ring), number_(first) {}

  void open() {
    SegmentHeader h;
    h.number = number_++;
    h.start = start_;
    h.target = Ticks::from_seconds(5);
    h.tracks.resize(1);
    builder_.emplace(std::move(h));
    push(SegmentOpened{builder_->segment()});
  }
  void frame(bool part_end = false, size_t size = 10) {
    Frame f;
    f.dts = start_ + Ticks(static_cast<int64_t>(3600 * builder_->segment()->frame_count()));
    f.duration = Ticks(3600);
    f.part_end = part_end;
    ASSERT_TRUE(builder_->add_frame(f, Bytes(size, uint8_t{1})));
    push(FramesAdded{builder_->segment(), builder_->segment()->frame_count()});
  }
  SegmentPtr seal(Ticks duration = Ticks::from_seconds(5)) {
    builder_->seal(duration);
    start_ += duration;
    push(SegmentSealed{builder_->segment()});
    return builder_->segment();
  }
  SegmentPtr segment(Ticks duration = Ticks::from_seconds(5), size_t size = 10) {
    open();
    frame(false, size);
    return seal(duration);
  }
  void skip_numbers(uint64_t n) { number_ += n; }
  bool accepted() const { return accepted_; }

 private:
  void push(const RecordEvent& e) {
    if (ring_) accepted_ = ring_->push(e);
  }

  LiveRing* ring_;
  uint64_t number_;
  Ticks start_ = Ticks::from_seconds(1'795'179'937);
  std::optional<SegmentBuilder> builder_;
  bool accepted_ = false;
};

std::vector<uint64_t> numbers(const RingView& v) {
  std::vector<uint64_t> out;
  for (const SegmentPtr& s : v.segments) out.push_back(s->header().number);
  return out;
}

TEST(LiveRing, StartsEmpty) {
  LiveRing ring;
  EXPECT_TRUE(ring.view()->segments.empty());
  EXPECT_EQ(ring.view()->first_listed, 0u);
  EXPECT_FALSE(ring.view()->ended);
  EXPECT_EQ(ring.view()->find(1), nullptr);
}

TEST(LiveRing, ListsTheNewestSealedSegmentsAndShowsTheOpenOne) {
  LiveRing ring({.segment_count = 2});
  Writer w(&ring);
  for (int i = 0; i < 4; ++i) w.segment();
  w.open();
  const auto v = ring.view();
  EXPECT_THAT(numbers(*v), ElementsAre(1, 2, 3, 4, 5));
  EXPECT_EQ(v->segments[v->first_listed]->header().number, 3u);
  EXPECT_FALSE(v->segments.back()->sealed());
  ASSERT_NE(v->find(3), nullptr);
  EXPECT_EQ((*v->find(3))->header().number, 3u);
  EXPECT_EQ(v->find(6), nullptr);
}

TEST(LiveRing, AViewDoesNotChange) {
  LiveRing ring;
  Writer w(&ring);
  w.segment();
  const auto v = ring.view();
  for (int i = 0; i < 50; ++i) w.segment();
  EXPECT_THAT(numbers(*v), ElementsAre(1));
  EXPECT_EQ(v->segments[0]->frame(0).data.size(), 10u);
}

TEST(LiveRing, TheVersionRisesWithOpenPartEndAndSealOnly) {
  LiveRing ring;
  Writer w(&ring);
  uint64_t last = ring.version();
  const auto rises = [&] { return std::exchange(last, ring.version()) < ring.version(); };
  w.open();
  EXPECT_TRUE(rises());
  w.frame();
  EXPECT_FALSE(rises());
  w.frame(true);
  EXPECT_TRUE(rises());
  w.frame();
  EXPECT_FALSE(rises());
  w.seal();
  EXPECT_TRUE(rises());
  EXPECT_EQ(ring.view()->version, ring.version());
}

TEST(LiveRing, SubscribersAreWokenForWhatTheyAskedFor) {
  LiveRing ring;
  Writer w(&ring);
  int parts = 0, frames = 0;
  auto a = ring.subscribe([&] { ++parts; });
  auto b = ring.subscribe([&] { ++frames; }, true);
  w.open();
  w.frame();
  w.frame(true);
  w.seal();
  EXPECT_EQ(parts, 3);
  EXPECT_EQ(frames, 4);
  a.reset();
  w.segment();
  EXPECT_EQ(parts, 3);
  EXPECT_EQ(frames, 7);
}

TEST(LiveRing, ARepeatedSegmentIsIgnored) {
  LiveRing ring;
  Writer first(&ring), again(&ring);
  first.segment();
  first.segment();
  int woken = 0;
  auto s = ring.subscribe([&] { ++woken; }, true);
  again.segment();
  EXPECT_FALSE(again.accepted());
  again.segment();
  EXPECT_FALSE(again.accepted());
  EXPECT_EQ(woken, 0);
  again.segment();
  EXPECT_TRUE(again.accepted());
  EXPECT_THAT(numbers(*ring.view()), ElementsAre(1, 2, 3));
}

TEST(LiveRing, ASegmentThatWasBrokenOffGoesWhenTheNextOpens) {
  LiveRing ring;
  Writer w(&ring);
  w.segment();
  w.open();
  w.frame();
  w.open();
  EXPECT_THAT(numbers(*ring.view()), ElementsAre(1, 3));
}

TEST(LiveRing, ARingThatJoinsLateTakesTheSegmentItHearsOf) {
  LiveRing ring;
  SegmentHeader h;
  h.number = 7;
  h.tracks.resize(1);
  SegmentBuilder b(h);
  ASSERT_TRUE(b.add_frame({.part_end = true}, {}));
  ASSERT_TRUE(b.add_frame({}, {}));
  EXPECT_TRUE(ring.push(FramesAdded{b.segment(), 2}));
  EXPECT_THAT(numbers(*ring.view()), ElementsAre(7));
  b.seal(Ticks(7200));
  EXPECT_TRUE(ring.push(SegmentSealed{b.segment()}));
  EXPECT_EQ(ring.view()->segments.size(), 1u);
}

TEST(LiveRing, EndIsSeenUntilASegmentOpensAgain) {
  LiveRing ring;
  Writer w(&ring);
  int woken = 0;
  auto s = ring.subscribe([&] { ++woken; });
  ring.end();
  EXPECT_TRUE(ring.view()->ended);
  EXPECT_EQ(woken, 1);
  w.open();
  EXPECT_FALSE(ring.view()->ended);
}

TEST(LiveRing, NumbersDoNotFallAfterClear) {
  LiveRing ring;
  Writer w(&ring), again(&ring);
  w.segment();
  w.open();
  const uint64_t before = ring.version();
  ring.clear();
  EXPECT_GT(ring.version(), before);
  EXPECT_TRUE(ring.view()->segments.empty());
  w.frame();
  EXPECT_FALSE(w.accepted());
  again.segment();
  EXPECT_FALSE(again.accepted());
  w.open();
  EXPECT_THAT(numbers(*ring.view()), ElementsAre(3));
}

TEST(LiveRing, MemoryIsBoundedAndTwoSegmentsStay) {
  LiveRing ring({.segment_count = 4, .max_bytes = 1 << 20});
  Writer w(&ring);
  for (int i = 0; i < 8; ++i) w.segment(Ticks::from_seconds(5), 300 << 10);
  EXPECT_THAT(numbers(*ring.view()), ElementsAre(6, 7, 8));
  // An open segment that grows pushes the others out, too.
  w.open();
  for (int i = 0; i < 3; ++i) w.frame(false, 300 << 10);
  EXPECT_THAT(numbers(*ring.view()), ElementsAre(8, 9));
  w.frame(false, 2 << 20);
  EXPECT_THAT(numbers(*ring.view()), ElementsAre(8, 9));
  ring.configure({.segment_count = 1, .max_bytes = 1});
  EXPECT_THAT(numbers(*ring.view()), ElementsAre(8, 9));
}

TEST(LiveRing, DroppedSegmentsAreFreedUnlessSomeoneReadsThem) {
  LiveRing ring({.segment_count = 1});
  Writer w(&ring);
  const std::weak_ptr<const Segment> first = w.segment();
  SegmentPtr reader = first.lock();
  for (int i = 0; i < 100; ++i) w.segment();
  EXPECT_EQ(reader->frame(0).data.size(), 10u);
  reader.reset();
  EXPECT_TRUE(first.expired());
}

TEST(LiveRing, ConfigureTakesEffectAtOnce) {
  LiveRing ring({.segment_count = 2});
  Writer w(&ring);
  for (int i = 0; i < 4; ++i) w.segment();
  EXPECT_EQ(ring.view()->first_listed, 2u);
  ring.configure({.segment_count = 3});
  EXPECT_EQ(ring.view()->first_listed, 1u);
  EXPECT_EQ(ring.settings().segment_count, 3u);
}

// RFC 8216 6.2.2, for every segment of a long stream: it is there for its duration plus the longest
// playlist's after a playlist of `segment_count` segments, or three target durations, last held it.
TEST(Retention, ARemovedSegmentStaysForItsDurationAndThatOfTheLongestPlaylist) {
  for (size_t segment_count : {1, 4, 20}) {
    for (double jitter : {0.0, 0.4}) {
      LiveRing ring({.segment_count = segment_count});
      Writer w(&ring);
      std::vector<Ticks> durations = {Ticks(0)};  // by number
      const Ticks target = Ticks::from_seconds(5);
      for (int i = 0; i < 200; ++i) {
        const Ticks d(static_cast<int64_t>(450000 * (1 + (i % 3 == 0 ? jitter : 0))));
        durations.push_back(d);
        w.segment(d);
        const uint64_t oldest = ring.view()->segments.front()->header().number;
        if (oldest == 1) continue;
        // Segment `oldest - 1` is gone; it was last listed when this much stood after it.
        const uint64_t gone = oldest - 1;
        Ticks after, playlist = durations[gone];
        size_t n = 1;
        uint64_t k = gone + 1;
        for (; n < segment_count || playlist < target * 3 * 7 / 5; ++k, ++n) playlist += durations[k];
        for (; k < durations.size(); ++k) after += durations[k];
        ASSERT_GE(after, playlist + durations[gone]) << "segment " << gone;
      }
      const size_t kept = ring.view()->segments.size();
      EXPECT_LE(kept, 3 * std::max<size_t>(segment_count, 6) + 3);
    }
  }
}

TEST(Retention, SegmentsWithoutDurationDoNotStayForEver) {
  std::vector<SegmentPtr> segments;
  Writer w(nullptr);
  for (int i = 0; i < 1200; ++i) segments.push_back(w.segment(Ticks(0)));
  EXPECT_LT(retained_segments(segments, 4), 1100u);
}

TEST(LiveRing, UnsubscribingWaitsForACallUnderWay) {
  LiveRing ring;
  std::mutex m;
  std::condition_variable cv;
  bool entered = false, leave = false;
  std::atomic<bool> left = false;
  auto s = ring.subscribe([&] {
    std::unique_lock lock(m);
    entered = true;
    cv.notify_all();
    cv.wait(lock, [&] { return leave; });
    left = true;
  });
  std::thread writer([&] { ring.end(); });
  std::unique_lock lock(m);
  cv.wait(lock, [&] { return entered; });
  std::thread releaser([&] {
    std::lock_guard l(m);
    leave = true;
    cv.notify_all();
  });
  lock.unlock();
  s.reset();
  EXPECT_TRUE(left);
  writer.join();
  releaser.join();
}

TEST(LiveRing, ASubscriberMayUnsubscribeItselfAndOthers) {
  LiveRing ring;
  LiveRing::Subscription a, b;
  int calls = 0;
  const auto both = [&] {
    ++calls;
    a.reset();
    b.reset();
  };
  a = ring.subscribe(both);
  b = ring.subscribe(both);
  ring.end();
  ring.end();
  EXPECT_EQ(calls, 1);
}

TEST(LiveRing, ASubscriberMaySubscribe) {
  LiveRing ring;
  LiveRing::Subscription inner;
  int calls = 0;
  auto outer = ring.subscribe([&] { inner = ring.subscribe([&] { ++calls; }); });
  ring.end();
  outer.reset();
  ring.end();
  EXPECT_EQ(calls, 1);
}

TEST(LiveRing, ASubscriptionMayOutliveItsRing) {
  LiveRing::Subscription s;
  auto captured = std::make_shared<int>(0);
  {
    LiveRing ring;
    s = ring.subscribe([captured] {});
  }
  EXPECT_EQ(captured.use_count(), 2);
  s.reset();
  EXPECT_EQ(captured.use_count(), 1);
}

TEST(LiveRing, ManyReadersBesideAWriterSeeAConsistentRing) {
  LiveRing ring({.segment_count = 3, .max_bytes = 1 << 20});
  std::atomic<bool> stop = false;
  const auto read = [&] {
    uint64_t version = 0, newest = 0;
    while (!stop) {
      const uint64_t promised = ring.version();
      const auto v = ring.view();
      ASSERT_GE(v->version, promised);
      ASSERT_GE(v->version, version);
      version = v->version;
      uint64_t last = 0;
      for (const SegmentPtr& s : v->segments) {
        ASSERT_GT(s->header().number, last);
        last = s->header().number;
        ASSERT_TRUE(s == v->segments.back() || s->sealed());
        if (const size_t n = s->frame_count(); n > 0) {
          ASSERT_EQ(s->frame(n - 1).data.back(), 1);
        }
      }
      ASSERT_GE(last, newest);
      newest = last;
    }
  };
  const auto come_and_go = [&] {
    while (!stop) {
      auto alive = std::make_shared<std::atomic<int>>(0);
      auto s = ring.subscribe([alive, &ring] { *alive += ring.view()->version > 0; }, true);
      s.reset();
      const int calls = *alive;
      ASSERT_EQ(alive.use_count(), 1);  // nobody holds the callback, so it cannot be called again
      ASSERT_EQ(*alive, calls);
    }
  };
  std::vector<std::thread> threads;
  threads.emplace_back(read);
  threads.emplace_back(read);
  threads.emplace_back(come_and_go);
  threads.emplace_back([&] {
    while (!stop) ring.configure({.segment_count = 2 + ring.version() % 3, .max_bytes = 1 << 20});
  });
  Writer w(&ring);
  for (int i = 0; i < 150; ++i) {
    w.open();
    for (int k = 0; k < 20; ++k) w.frame(k % 5 == 4, 500);
    w.seal();
  }
  stop = true;
  for (auto& t : threads) t.join();
  EXPECT_EQ(ring.view()->segments.back()->header().number, 150u);
}

}  // namespace
}  // namespace m4f
