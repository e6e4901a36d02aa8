// One publisher at a time; its bytes wait, bounded, and reach whichever ingest is there.
#include "orchestrator/stream/publication.h"

#include <gtest/gtest.h>

#include <vector>

namespace sluice::stream {
namespace {

using namespace std::chrono_literals;
using Session = std::unique_ptr<Publication::Session>;

struct Sink : PublishSink {
  bool take(std::string_view bytes) override {
    got += bytes;
    return more;
  }
  void end() override { ended = true; }
  std::string got;
  bool more = true, ended = false;
};

struct World {
  explicit World(std::optional<uint64_t> max_kbit = {})
      : publication(std::make_shared<Publication>(max_kbit, [this](bool there, const std::string& who) {
          changes.push_back((there ? "+" : "-") + who);
        })) {}
  auto offer(std::string address = "10.0.0.1") {
    return publication->offer({.proto = "mpegts",
                               .address = std::move(address),
                               .resume = [this] { ++resumed; },
                               .cut = [this](std::string reason) { cuts.push_back(std::move(reason)); }});
  }
  Session come() { return std::get<Session>(offer()); }

  std::vector<std::string> changes, cuts;
  int resumed = 0;
  std::shared_ptr<Publication> publication;
};

TEST(Publication, ASecondPublisherIsRefusedUntilTheFirstIsGone) {
  World world;
  Session first = world.come();
  const auto second = world.offer("10.0.0.2");
  ASSERT_TRUE(std::holds_alternative<PublishRefusal>(second));
  EXPECT_EQ(std::get<PublishRefusal>(second).kind, PublishRefusal::Kind::kTaken);
  EXPECT_EQ(std::get<PublishRefusal>(second).reason, "10.0.0.1 publishes here already");
  EXPECT_TRUE(world.publication->there());
  first.reset();
  EXPECT_FALSE(world.publication->there());
  EXPECT_TRUE(world.come());
  EXPECT_EQ(world.changes, (std::vector<std::string>{"+10.0.0.1", "-10.0.0.1", "+10.0.0.1", "-10.0.0.1"}));
}

TEST(Publication, BytesWaitForTheIngestAndGoOnWithTheNextOne) {
  World world;
  Session session = world.come();
  EXPECT_TRUE(session->push("ab"));
  auto one = std::make_shared<Sink>(), two = std::make_shared<Sink>();
  world.publication->attach(one);
  EXPECT_TRUE(session->push("cd"));
  world.publication->detach(one.get());
  EXPECT_TRUE(session->push("ef"));
  world.publication->attach(two);
  EXPECT_TRUE(session->push("gh"));
  EXPECT_EQ(one->got, "abcd");
  EXPECT_FALSE(one->ended);
  EXPECT_EQ(two->got, "efgh");
  session.reset();
  EXPECT_TRUE(two->ended);
  EXPECT_EQ(world.publication->bytes(), 8u);
}

TEST(Publication, WithoutAnIngestThePublisherIsHeldUpAndMemoryIsBounded) {
  World world;
  Session session = world.come();
  const std::string piece(64 * 1024, 'x');
  int taken = 1;
  while (session->push(piece)) ++taken;
  EXPECT_EQ(taken, 16);
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(session->push(piece));
  auto sink = std::make_shared<Sink>();
  world.publication->attach(sink);
  EXPECT_EQ(world.resumed, 1);
  EXPECT_EQ(sink->got.size(), 2u << 20);
}

TEST(Publication, AFullIngestHoldsThePublisherUp) {
  World world;
  Session session = world.come();
  auto sink = std::make_shared<Sink>();
  world.publication->attach(sink);
  world.publication->room();
  EXPECT_EQ(world.resumed, 0) << "it was not held up";
  sink->more = false;
  EXPECT_FALSE(session->push("x"));
  world.publication->room();
  world.publication->room();
  EXPECT_EQ(world.resumed, 1);
}

TEST(Publication, AnIngestThatComesAfterThePublisherHasLeftEnds) {
  World world;
  world.come().reset();
  auto sink = std::make_shared<Sink>();
  world.publication->attach(sink);
  EXPECT_TRUE(sink->ended);
}

TEST(Publication, AClosedOneCutsOnceAndRefuses) {
  World world;
  Session session = world.come();
  world.publication->close("a better input is shown");
  world.publication->close("a better input is shown");
  EXPECT_EQ(world.cuts, std::vector<std::string>{"a better input is shown"});
  EXPECT_FALSE(session->push("x"));
  EXPECT_EQ(world.publication->bytes(), 0u);
  session.reset();
  const auto refused = world.offer();
  ASSERT_TRUE(std::holds_alternative<PublishRefusal>(refused));
  EXPECT_EQ(std::get<PublishRefusal>(refused).kind, PublishRefusal::Kind::kForbidden);
  world.publication->open();
  EXPECT_TRUE(world.come());
}

TEST(Publication, MoreThanMaxBitrateIsCut) {
  World world(100);  // 12.5 kB/s, ten seconds of it at once
  Session session = world.come();
  auto sink = std::make_shared<Sink>();
  world.publication->attach(sink);
  EXPECT_TRUE(session->push(std::string(100'000, 'x')));
  EXPECT_TRUE(world.cuts.empty());
  EXPECT_FALSE(session->push(std::string(100'000, 'x')));
  EXPECT_EQ(world.cuts, std::vector<std::string>{"more than max_bitrate (100 kbit/s) is published"});
}

TEST(RateGuard, LetsTheRateThroughForEverAndNothingAboveIt) {
  RateGuard::TimePoint now;
  RateGuard even(1000, now), above(1000, now);
  bool within = true;
  for (int i = 0; i < 3600; ++i) {
    now += 1s;
    EXPECT_TRUE(even.take(125'000, now)) << i;
    within = within && above.take(130'000, now);
  }
  EXPECT_FALSE(within);
}

}  // namespace
}  // namespace sluice::stream
