// The choice of inputs against a small world of sources, on a clock that the test moves.
#include "orchestrator/stream/input_choice.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>

namespace sluice::stream {
namespace {

using namespace std::chrono_literals;
using Kind = Order::Kind;

constexpr Millis kStep(50);

struct Source {
  bool refuses = false;             // the connection fails at once
  bool video = true, audio = true;  // gives frames of the kind
  Millis gop{1000};
};

// Does what it is told as pipelines would, and notes it.
class World {
 public:
  explicit World(ChoiceRules rules) : choice(std::move(rules)) {}

  void start() {
    choice.start(now());
    obey();
  }
  void run(Millis time) {
    for (const Millis end = at_ + time; at_ < end;) {
      at_ += kStep;
      for (auto& [i, pipeline] : open_) give_frames(i, pipeline);
      if (backup_opening_) {
        backup_opening_ = false;
        hold_others(-1);
        choice.backup_took_over(now());
        obey();
      }
      if (now() >= choice.wake_at() || at_ % 1000ms == 0ms) {
        for (auto& [i, pipeline] : std::map(open_)) choice.saw(i, pipeline.seen, now());
        choice.tick(now());
        obey();
      }
    }
  }
  template <typename F>
  void tell(F what) {
    what(choice, now());
    obey();
  }
  // Notes since the last call.
  std::string log() { return std::exchange(log_, {}); }
  TimePoint now() const { return TimePoint(1000s) + at_; }
  std::vector<size_t> open() const {
    std::vector<size_t> out;
    for (const auto& [i, pipeline] : open_) out.push_back(i);
    return out;
  }

  InputChoice choice;
  std::map<size_t, Source> sources;
  int backups = 0;
  int most_cutting = 0;

 private:
  struct Pipeline {
    bool held = false, cutting = false;
    SeenFrames seen;
  };

  void note(std::string text) { log_ += fmt::format("{:.1f} {}\n", at_.count() / 1000.0, text); }

  void give_frames(size_t i, Pipeline& pipeline) {
    const Source& source = sources[i];
    if (source.video) pipeline.seen.video = now();
    if (source.audio) pipeline.seen.audio = now();
    const bool key = source.video ? at_ % source.gop == 0ms : source.audio && !source.video;
    if (pipeline.held || pipeline.cutting || !key) return;
    hold_others(static_cast<int>(i));
    pipeline.cutting = true;
    took_over_.push_back(i);
  }
  void hold_others(int by) {
    for (auto& [other, p] : open_)
      if (static_cast<int>(other) != by && p.cutting) p.cutting = false, p.held = true;
  }

  void obey() {
    for (;;) {
      for (size_t i : std::exchange(took_over_, {})) choice.took_over(i, now());
      for (size_t i : std::exchange(refused_, {})) {
        open_.erase(i);
        choice.lost(i, "refused", now());
      }
      const auto orders = choice.take_orders();
      if (orders.empty() && took_over_.empty() && refused_.empty()) break;
      for (const Order& o : orders) obey(o);
    }
  }
  void obey(const Order& o) {
    switch (o.kind) {
      case Kind::kOpen:
        note(fmt::format("open {}{}", o.input, o.held ? " held" : ""));
        EXPECT_FALSE(open_.contains(o.input));
        open_[o.input].held = o.held;
        if (sources[o.input].refuses) {
          refused_.push_back(o.input);
        }
        break;
      case Kind::kClose:
        note(fmt::format("close {}", o.input));
        open_.erase(o.input);
        break;
      case Kind::kRelease:
        note(fmt::format("release {}", o.input));
        if (open_.contains(o.input)) open_[o.input].held = false;
        break;
      case Kind::kOpenBackup:
        note("backup");
        backup_opening_ = true;
        ++backups;
        break;
      case Kind::kCloseBackup:
        note("backup ends");
        backup_opening_ = false;
        break;
      case Kind::kGiveUp:
        note("give up");
        break;
      case Kind::kReady:
        note(fmt::format("ready {}", o.input));
        break;
      case Kind::kLost:
        note(fmt::format("lost {}: {}", o.input, o.reason));
        break;
      case Kind::kFailed:
        note(fmt::format("failed {}: {}", o.input, o.reason));
        break;
      case Kind::kSwitched:
        note(fmt::format("switched {}", o.input));
        break;
      case Kind::kTimedOut:
        note(fmt::format("timed out {}", o.input));
        break;
      case Kind::kRestored:
        note(fmt::format("restored {}", o.input));
        break;
      case Kind::kChecked:
        note(fmt::format("checked {}", o.input));
        break;
    }
    int cutting = 0;
    for (auto& [i, p] : open_) cutting += p.cutting;
    EXPECT_LE(cutting, 1);
  }

  Millis at_{0};
  std::map<size_t, Pipeline> open_;
  std::vector<size_t> took_over_, refused_;
  bool backup_opening_ = false;
  std::string log_;
};

ChoiceRules rules(size_t inputs, Millis timeout = 5s) {
  ChoiceRules out;
  for (size_t i = 0; i < inputs; ++i) {
    InputRules input;
    input.priority = static_cast<int>(i) + 1;
    input.source_timeout = timeout;
    out.inputs.push_back(input);
  }
  return out;
}

constexpr Source kSilent{.video = false, .audio = false};
constexpr Source kRefuses{.refuses = true};

TEST(InputChoice, TheFirstInputIsShownAndTheOthersAreLeftAlone) {
  World world(rules(2));
  world.start();
  world.run(60s);
  EXPECT_EQ(world.log(), "0.0 open 0\n1.0 ready 0\n");
}

TEST(InputChoice, ALostInputIsFollowedByTheNextAtOnceAndReturnedToAtAKeyFrame) {
  World world(rules(2));
  world.start();
  world.run(10s);
  world.log();
  world.sources[0] = kSilent;
  world.run(8s);
  EXPECT_EQ(
      world.log().substr(
          0, std::string_view("15.0 lost 0: no frames for 5 s: is the source sending? (source_timeout)\n15.0 "
                              "close 0\n15.0 switched 1\n15.0 open 1\n15.4 open 0 held\n")
                 .size()),
      "15.0 lost 0: no frames for 5 s: is the source sending? (source_timeout)\n15.0 close 0\n"
      "15.0 switched 1\n15.0 open 1\n15.4 open 0 held\n");
  EXPECT_EQ(world.choice.shown(), 1u);
  world.sources[0] = {};
  world.run(5s);
  const std::string log = world.log();
  EXPECT_NE(log.find("switched 0\n"), std::string::npos) << log;
  EXPECT_NE(log.find("release 0\n21.0 ready 0\n21.0 close 1\n"), std::string::npos) << log;
  EXPECT_EQ(world.open(), std::vector<size_t>{0});
}

TEST(InputChoice, ADisconnectedInputIsLeftAtOnce) {
  World world(rules(2));
  world.start();
  world.run(3s);
  world.log();
  world.sources[0] = kRefuses;
  world.tell([](InputChoice& c, TimePoint now) { c.lost(0, "the connection broke off", now); });
  EXPECT_EQ(world.log(), "3.0 lost 0: the connection broke off\n3.0 close 0\n3.0 switched 1\n3.0 open 1\n");
}

TEST(InputChoice, NeverReturnsBetweenEquals) {
  ChoiceRules equal = rules(2);
  equal.inputs[1].priority = 1;
  World world(equal);
  world.start();
  world.run(2s);
  world.tell([](InputChoice& c, TimePoint now) { c.lost(0, "gone", now); });
  world.run(60s);
  EXPECT_EQ(world.choice.shown(), 1u);
  EXPECT_EQ(world.open(), std::vector<size_t>{1});
  // But it is there when the other one is lost.
  world.tell([](InputChoice& c, TimePoint now) { c.lost(1, "gone", now); });
  world.run(2s);
  EXPECT_EQ(world.choice.shown(), 0u);
}

TEST(InputChoice, TheBestOfThoseThatGiveFramesIsReturnedTo) {
  World world(rules(3));
  world.sources[0] = world.sources[1] = kRefuses;
  world.start();
  world.run(3s);
  EXPECT_EQ(world.choice.shown(), 2u);
  world.sources[0] = world.sources[1] = {};
  world.run(90s);
  EXPECT_EQ(world.choice.shown(), 0u);
  EXPECT_EQ(world.open(), std::vector<size_t>{0});
}

TEST(InputChoice, AnInputThatFlapsMustProveItselfLongerEachTime) {
  World world(rules(2));
  world.start();
  world.run(3s);
  std::vector<double> waits;
  for (int round = 0; round < 4; ++round) {
    world.sources[0] = kRefuses;
    world.tell([](InputChoice& c, TimePoint now) { c.lost(0, "gone", now); });
    world.run(2s);
    world.sources[0] = {};
    Millis waited{0};
    for (; world.choice.shown() != 0u && waited < 120s; waited += 100ms) world.run(100ms);
    waits.push_back(waited.count() / 1000.0);
  }
  EXPECT_EQ(world.choice.shown(), 0u);
  EXPECT_GT(waits[3], 8.0);
  EXPECT_LT(waits[0], 6.0);
}

TEST(InputChoice, ARoundWithoutASourceIsFollowedByAGrowingPause) {
  World world(rules(2));
  world.sources[0] = world.sources[1] = kRefuses;
  world.start();
  world.run(60s);
  const std::string log = world.log();
  size_t attempts = 0;
  for (size_t at = log.find("open 1"); at != std::string::npos; at = log.find("open 1", at + 1)) ++attempts;
  EXPECT_GE(attempts, 5u) << log;
  EXPECT_LE(attempts, 10u) << log;
  world.sources[1] = {};
  world.run(31s);
  EXPECT_EQ(world.choice.shown(), 1u);
}

TEST(InputChoice, GivesUpAfterRetryLimitRounds) {
  ChoiceRules limited = rules(2);
  limited.retry_limit = 2;
  World world(limited);
  world.sources[0] = world.sources[1] = kRefuses;
  world.start();
  world.run(30s);
  const std::string log = world.log();
  EXPECT_TRUE(log.ends_with("give up\n")) << log;
  EXPECT_TRUE(world.open().empty());
  EXPECT_EQ(std::count(log.begin(), log.end(), 'u'), std::count(log.begin(), log.end(), 'u'));
  world.sources[0] = {};
  world.start();
  world.run(2s);
  EXPECT_EQ(world.choice.shown(), 0u);
}

TEST(InputChoice, OneKindOfFramesMissing) {
  ChoiceRules kinds = rules(2);
  kinds.inputs[0].video_timeout = 2s;
  World world(kinds);
  world.start();
  world.run(3s);
  world.log();
  world.sources[0].video = false;
  world.run(3s);
  EXPECT_EQ(world.log().substr(0, 80),
            "5.0 lost 0: no video for 2 s: is the source sending? (video_timeout)\n5.0 close 0");
  EXPECT_EQ(world.choice.shown(), 1u);
}

TEST(InputChoice, SoundAloneKeepsAnInputWithoutVideoTimeout) {
  World world(rules(2));
  world.start();
  world.run(3s);
  world.sources[0].video = false;
  world.run(30s);
  EXPECT_EQ(world.choice.shown(), 0u);
}

TEST(InputChoice, AudioTimeoutLeavesASilentInput) {
  ChoiceRules kinds = rules(2);
  kinds.inputs[0].audio_timeout = 4s;
  World world(kinds);
  world.start();
  world.run(3s);
  world.sources[0].audio = false;
  world.run(6s);
  EXPECT_EQ(world.choice.shown(), 1u);
}

TEST(InputChoice, FramesTimeoutIsSaidAndTakenBack) {
  ChoiceRules said = rules(1, 10s);
  said.inputs[0].frames_timeout = 2s;
  World world(said);
  world.start();
  world.run(5s);
  world.log();
  world.sources[0] = kSilent;
  world.run(4s);
  EXPECT_EQ(world.log(), "7.0 timed out 0\n");
  world.sources[0] = {};
  world.run(1s);
  EXPECT_EQ(world.log(), "9.2 restored 0\n");
  EXPECT_EQ(world.choice.shown(), 0u) << "the connection was kept";
}

TEST(InputChoice, SourceTimeoutZeroWaitsForEver) {
  World world(rules(2, 0s));
  world.start();
  world.run(3s);
  world.sources[0] = kSilent;
  world.run(3600s);
  EXPECT_EQ(world.choice.shown(), 0u);
}

TEST(InputChoice, AFileSwitchesAnInputOffAndOn) {
  World world(rules(2));
  world.start();
  world.run(2s);
  world.tell([](InputChoice& c, TimePoint now) { c.allow(0, false, now); });
  world.run(30s);
  EXPECT_EQ(world.choice.shown(), 1u);
  EXPECT_EQ(world.open(), std::vector<size_t>{1}) << "it is not probed either";
  world.tell([](InputChoice& c, TimePoint now) { c.allow(0, true, now); });
  world.run(4s);
  EXPECT_EQ(world.choice.shown(), 0u);
}

TEST(InputChoice, WithoutClientsAnInputRestsBetweenAttempts) {
  ChoiceRules resting = rules(1);
  resting.inputs[0].no_clients_delay = 100s;
  World world(resting);
  world.sources[0] = kRefuses;
  world.tell([](InputChoice& c, TimePoint now) { c.clients(false, now); });
  world.start();
  world.run(90s);
  EXPECT_EQ(world.log(), "0.0 open 0\n0.0 lost 0: refused\n0.0 close 0\n");
  world.sources[0] = {};
  world.tell([](InputChoice& c, TimePoint now) { c.clients(true, now); });
  world.run(2s);
  EXPECT_EQ(world.choice.shown(), 0u);
}

TEST(InputChoice, InputsThatAreNotNeededAreCheckedNowAndThen) {
  ChoiceRules checked = rules(3);
  checked.recheck_interval = 20s;
  World world(checked);
  world.sources[2] = kRefuses;
  world.start();
  world.run(30s);
  EXPECT_EQ(
      world.log(),
      "0.0 open 0\n1.0 ready 0\n20.0 open 1 held\n20.0 open 2 held\n20.0 failed 2: refused\n20.0 close 2\n"
      "20.2 checked 1\n20.2 close 1\n");
}

TEST(InputChoice, AnOperatorsChoiceIsKeptUntilItIsLost) {
  World world(rules(3));
  world.start();
  world.run(3s);
  world.log();
  world.tell([](InputChoice& c, TimePoint now) { c.select(2, now); });
  EXPECT_EQ(world.log(), "3.0 switched 2\n3.0 open 2\n");
  EXPECT_EQ(world.choice.shown(), 0u) << "until the other one begins";
  world.run(60s);
  EXPECT_EQ(world.log(), "4.0 ready 2\n4.0 close 0\n");
  world.sources[2] = kRefuses;
  world.tell([](InputChoice& c, TimePoint now) { c.lost(2, "gone", now); });
  world.run(2s);
  EXPECT_EQ(world.choice.shown(), 0u);
}

TEST(InputChoice, AChoiceThatDoesNotComeLeavesWhatIsShown) {
  World world(rules(2));
  world.sources[1] = kSilent;
  world.start();
  world.run(3s);
  world.tell([](InputChoice& c, TimePoint now) { c.select(1, now); });
  world.run(30s);
  EXPECT_EQ(world.choice.shown(), 0u);
  EXPECT_EQ(world.open(), std::vector<size_t>{0});
}

TEST(InputChoice, PublishingIsAnInputWhileSomebodyPublishes) {
  ChoiceRules published = rules(2);
  published.inputs[0].publish = true;
  published.inputs[0].proof = 0s;
  World world(published);
  world.start();
  world.run(3s);
  EXPECT_EQ(world.choice.shown(), 1u) << "the next one plays at once";
  EXPECT_TRUE(world.choice.may_publish(0));
  world.tell([](InputChoice& c, TimePoint now) { c.publisher(0, true, now); });
  world.run(2s);
  EXPECT_EQ(world.choice.shown(), 0u);
  world.tell([](InputChoice& c, TimePoint now) { c.publisher(0, false, now); });
  world.run(2s);
  EXPECT_EQ(world.choice.shown(), 1u);
}

TEST(InputChoice, PublishingIsRefusedWhileABetterInputIsShown) {
  ChoiceRules published = rules(2);
  published.inputs[1].publish = true;
  World world(published);
  world.sources[0] = kRefuses;
  world.start();
  world.run(1s);
  EXPECT_TRUE(world.choice.may_publish(1));
  world.tell([](InputChoice& c, TimePoint now) { c.publisher(1, true, now); });
  world.run(2s);
  EXPECT_EQ(world.choice.shown(), 1u);
  world.sources[0] = {};
  world.run(60s);
  EXPECT_EQ(world.choice.shown(), 0u);
  EXPECT_EQ(world.open(), std::vector<size_t>{0}) << "the publisher was cut";
  EXPECT_FALSE(world.choice.may_publish(1));
}

TEST(InputChoice, TheBackupCoversTheHoleAndThePublisherStaysConnected) {
  ChoiceRules covered = rules(1, 20s);
  covered.inputs[0].publish = true;
  covered.backup = BackupRules{.timeout = 1s};
  World world(covered);
  world.tell([](InputChoice& c, TimePoint now) { c.publisher(0, true, now); });
  world.start();
  world.run(5s);
  world.log();
  world.sources[0] = kSilent;
  world.run(10s);
  EXPECT_EQ(world.log(), "6.0 backup\n");
  EXPECT_TRUE(world.choice.backup_shown());
  EXPECT_EQ(world.open(), std::vector<size_t>{0});
  world.sources[0] = {};
  world.run(2s);
  EXPECT_EQ(world.log(), "15.2 release 0\n16.0 backup ends\n16.0 ready 0\n");
  EXPECT_FALSE(world.choice.backup_shown());
}

TEST(InputChoice, InputsGoOnConnectingBehindTheBackup) {
  ChoiceRules covered = rules(2, 3s);
  covered.backup = BackupRules{.timeout = 1s};
  World world(covered);
  world.start();
  world.run(5s);
  world.log();
  world.sources[0] = world.sources[1] = kSilent;
  world.run(60s);
  EXPECT_TRUE(world.choice.backup_shown());
  const std::string log = world.log();
  EXPECT_TRUE(log.starts_with("6.0 backup\n8.0 lost 0")) << log;
  EXPECT_EQ(log.find("backup", 12), std::string::npos) << log;
  EXPECT_NE(log.find("switched 1"), std::string::npos) << log;
  world.sources[1] = {};
  world.run(60s);
  EXPECT_EQ(world.choice.shown(), 1u);
  EXPECT_FALSE(world.choice.backup_shown());
}

TEST(InputChoice, WithoutATimeoutTheBackupWaitsForTheSourceTimeout) {
  ChoiceRules covered = rules(1, 4s);
  covered.backup = BackupRules{};
  World world(covered);
  world.sources[0] = kRefuses;
  world.start();
  world.run(3s);
  EXPECT_EQ(world.backups, 0);
  world.run(2s);
  EXPECT_EQ(world.backups, 1);
}

TEST(InputChoice, AStreamWithoutInputsShowsItsBackup) {
  ChoiceRules only = rules(0);
  only.backup = BackupRules{.timeout = 10s};
  World world(only);
  world.start();
  EXPECT_EQ(world.log(), "0.0 backup\n");
}

TEST(InputChoice, TheBackupStandsInForOneKindOfFrames) {
  ChoiceRules covered = rules(1, 60s);
  covered.backup = BackupRules{.timeout = 10s, .video_timeout = 2s};
  World world(covered);
  world.start();
  world.run(5s);
  world.sources[0].video = false;
  world.run(20s);
  EXPECT_TRUE(world.choice.backup_shown());
  EXPECT_EQ(world.open(), std::vector<size_t>{0});
  world.log();
  world.sources[0].video = true;
  world.run(2s);
  EXPECT_FALSE(world.choice.backup_shown());
  EXPECT_EQ(world.choice.shown(), 0u);
}

TEST(InputChoice, ABackupThatCannotBePlayedIsTriedAgainLater) {
  ChoiceRules only = rules(0);
  only.backup = BackupRules{};
  World world(only);
  world.start();
  world.tell([](InputChoice& c, TimePoint now) { c.backup_lost(now); });
  world.run(4s);
  EXPECT_EQ(world.backups, 1);
  world.run(2s);
  EXPECT_EQ(world.backups, 2);
}

TEST(InputChoice, AnInputThatBeganWhileItWasClosedGivesBackWhatItPutOnHold) {
  InputChoice choice(rules(2));
  const TimePoint now(100s);
  choice.start(now);
  choice.took_over(0, now);
  choice.select(1, now);
  choice.take_orders();
  choice.lost(1, "gone", now);  // and its segment had begun a moment before
  choice.take_orders();
  choice.took_over(1, now);
  const std::vector<Order> orders = choice.take_orders();
  ASSERT_EQ(orders.size(), 1u);
  EXPECT_EQ(orders[0], (Order{Kind::kRelease, 0}));
}

TEST(InputChoice, StaysWithWhatItHasThroughRandomTrouble) {
  for (unsigned seed = 1; seed <= 50; ++seed) {
    SCOPED_TRACE(seed);
    ChoiceRules random = rules(3, 4s);
    random.backup = BackupRules{.timeout = 2s};
    World world(random);
    world.start();
    unsigned state = seed;
    for (int step = 0; step < 200; ++step) {
      state = state * 1103515245 + 12345;
      const size_t i = state / 65536 % 3;
      switch (state / 1048576 % 4) {
        case 0:
          world.sources[i] = {};
          break;
        case 1:
          world.sources[i] = kSilent;
          break;
        case 2:
          world.sources[i] = kRefuses;
          break;
        default:
          world.tell([&](InputChoice& c, TimePoint now) { c.select(i, now); });
      }
      world.run(Millis(50 * (state / 16777216 % 100)));
      world.log();
    }
    for (size_t i = 0; i < 3; ++i) world.sources[i] = {};
    world.run(200s);
    ASSERT_TRUE(world.choice.shown());
    EXPECT_FALSE(world.choice.backup_shown());
    world.log();
  }
}

}  // namespace
}  // namespace sluice::stream
