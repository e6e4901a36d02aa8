#include "orchestrator/event/outbox.h"

#include <gtest/gtest.h>

namespace sluice::event {
namespace {

using namespace std::chrono_literals;

class OutboxTest : public ::testing::Test {
 protected:
  void push(Outbox& box, int count) {
    for (int i = 0; i < count; ++i) box.push(std::make_shared<Stamped>(Stamped{++id, 0, {}}), now);
  }
  std::vector<int64_t> take(Outbox& box) {
    std::vector<int64_t> ids;
    for (const auto& item : box.take(now)) ids.push_back(item.event->id);
    return ids;
  }
  Outbox::Time now = Outbox::Clock::now();
  int64_t id = 0;
};

TEST_F(OutboxTest, WithoutADelayAnEventGoesAtOnce) {
  Outbox box({});
  EXPECT_FALSE(box.due());
  push(box, 1);
  ASSERT_TRUE(box.due());
  EXPECT_LE(*box.due(), now);
  EXPECT_EQ(take(box), (std::vector<int64_t>{1}));
}

TEST_F(OutboxTest, OneBatchIsOnItsWayAndOthersWaitInOrder) {
  Outbox box({});
  push(box, 1);
  EXPECT_EQ(take(box).size(), 1u);
  push(box, 2);
  EXPECT_FALSE(box.due());
  EXPECT_TRUE(take(box).empty());
  box.done(1, "", now);
  EXPECT_EQ(take(box), (std::vector<int64_t>{2, 3}));
  box.done(2, "", now);
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(box.figures().sent, 3u);
}

TEST_F(OutboxTest, TheDelayGathersABatch) {
  Outbox box({.throttle_delay = 2s});
  push(box, 1);
  now += 1900ms;
  push(box, 1);
  EXPECT_TRUE(take(box).empty());
  EXPECT_EQ(*box.due(), now + 100ms);
  now += 100ms;
  EXPECT_EQ(take(box), (std::vector<int64_t>{1, 2}));
}

TEST_F(OutboxTest, AHundredGoAtOnceAndNoMoreTogether) {
  Outbox box({.throttle_delay = 1h});
  push(box, 99);
  EXPECT_TRUE(take(box).empty());
  push(box, 2);
  EXPECT_EQ(take(box).size(), 100u);
  box.done(100, "", now);
  EXPECT_TRUE(take(box).empty());  // the last one waits for company again
  box.hurry();
  EXPECT_EQ(take(box), (std::vector<int64_t>{101}));
}

TEST_F(OutboxTest, WhatFailedIsSentAgainAfterTheTimeAndNothingOvertakesIt) {
  Outbox box({.resend_timeout = 10s});
  push(box, 2);
  take(box);
  box.done(0, "refused", now);
  push(box, 1);
  EXPECT_EQ(*box.due(), now + 10s);
  now += 9s;
  EXPECT_TRUE(take(box).empty());
  EXPECT_EQ(box.figures().last_error, "refused");
  now += 1s;
  EXPECT_EQ(take(box), (std::vector<int64_t>{1, 2, 3}));
  box.done(3, "", now);
  const SinkFigures figures = box.figures();
  EXPECT_EQ(figures.resent, 2u);  // the third had not been tried
  EXPECT_EQ(figures.failed, 1u);
  EXPECT_EQ(figures.sent, 3u);
  EXPECT_EQ(figures.dropped, 0u);
  EXPECT_EQ(figures.last_error, "");
}

TEST_F(OutboxTest, APartOfABatchMayBeTaken) {
  Outbox box({.resend_timeout = 1s});
  push(box, 3);
  take(box);
  box.done(2, "disk full", now);
  now += 1s;
  EXPECT_EQ(take(box), (std::vector<int64_t>{3}));
}

TEST_F(OutboxTest, AReceiverThatFailsKeepsTheNewestAsManyAsAllowed) {
  Outbox box({.resend_limit = 3, .resend_timeout = 1s});
  push(box, 5);
  take(box);
  box.done(0, "refused", now);
  push(box, 2);
  EXPECT_EQ(box.figures().dropped, 4u);
  now += 1s;
  const auto batch = box.take(now);
  ASSERT_EQ(batch.size(), 3u);
  EXPECT_EQ(batch.front().event->id, 5);
  EXPECT_EQ(batch.front().sequence, 5u);  // the receiver sees the hole
}

TEST_F(OutboxTest, WithoutResendingAFailedBatchIsLost) {
  Outbox box({.resend_limit = 0});
  push(box, 2);
  take(box);
  box.done(0, "refused", now);
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(box.figures().dropped, 2u);
}

TEST_F(OutboxTest, ASlowReceiverLosesTheOldestThatIsNotOnItsWay) {
  Outbox box({.resend_limit = 10});
  push(box, 1);
  EXPECT_EQ(take(box), (std::vector<int64_t>{1}));
  push(box, 5000);
  SinkFigures figures = box.figures();
  EXPECT_EQ(figures.queued, Outbox::kCapacity);
  EXPECT_EQ(figures.dropped, 5001 - Outbox::kCapacity);
  box.done(1, "", now);
  EXPECT_EQ(take(box).front(), static_cast<int64_t>(5001 - Outbox::kCapacity + 2));
}

TEST_F(OutboxTest, InAHurryAFailureIsTriedOnceMoreAtOnce) {
  Outbox box({.resend_timeout = 1h});
  push(box, 1);
  take(box);
  box.done(0, "refused", now);
  box.hurry();
  EXPECT_EQ(take(box).size(), 1u);
}

}  // namespace
}  // namespace sluice::event
