#include <fmt/format.h>
#include <gtest/gtest.h>

#include "orchestrator/plan/plan.h"

namespace sluice::plan {
namespace {

config::Stream stream_with(std::vector<config::Push> pushes) {
  config::Stream stream;
  stream.name = "tv/one";
  stream.inputs.emplace_back().url = "udp://:1234";
  stream.pushes = std::move(pushes);
  return stream;
}

config::Push to(std::string url) {
  config::Push push;
  push.url = std::move(url);
  return push;
}

// What stands behind the spine's own sink in the printed line.
std::string printed(const config::Stream& stream) {
  const auto planned = plan(stream);
  const auto* made = std::get_if<StreamPlan>(&planned);
  if (!made) return std::get<PlanError>(planned).text;
  const std::string line = launch_text(*made, 0);
  const size_t at = line.find(" spine. ! ");
  return at == line.npos ? "" : line.substr(at + 1);
}

std::string problem(config::Push push) {
  return plan_pushes(stream_with({std::move(push)})).at(0).problem;
}

TEST(Pushes, StandBehindTheSpine) {
  EXPECT_EQ(printed(stream_with({to("udp://239.0.0.1:1234"), to("udp://[ff05::1]:5")})),
            "spine. ! m4fudpsink name=push1 host=239.0.0.1 port=1234 sync=false async=false "
            "spine. ! m4fudpsink name=push2 host=ff05::1 port=5 sync=false async=false");
}

TEST(Pushes, EveryArgumentIsAProperty) {
  config::Push push = to("udp://eth1@239.0.0.1:1234?cbr=3000");
  push.ttl = 8;
  push.multicast_loop = push.standby = true;
  push.bitrate = 3000;
  push.pcr = std::chrono::milliseconds(20);
  push.tracks = "v2a1";
  push.pnr = 10;
  push.service = "x ! filesink location=y";
  push.provider = "Example";
  push.pids.pmt = 4095;
  push.pids.tracks = {{"a0", 220}, {"v1", 211}};
  push.retry_timeout = std::chrono::seconds(7);
  push.retry_limit = 3;
  push.timeout = std::chrono::seconds(20);
  EXPECT_EQ(printed(stream_with({push})),
            "spine. ! m4fudpsink name=push1 host=239.0.0.1 port=1234 iface=eth1 ttl=8 loop=true standby=true "
            "bitrate=3000 "
            "pcr-interval=20 tracks=v2a1 program=10 'title=\"x ! filesink location=y\"' provider=Example "
            "pids=pmt=4095,a0=220,v1=211 retry-timeout=7 retry-limit=3 timeout=20 sync=false async=false");
}

TEST(Pushes, TheStreamsNamesAndPidsCountWhereThePushHasNone) {
  config::Stream stream = stream_with({to("udp://239.0.0.1:1234/192.168.1.10")});
  stream.title = "One";
  stream.provider = "Example";
  stream.program_id = 7;
  stream.mpegts_pids.tracks = {{"v1", 300}};
  EXPECT_EQ(printed(stream),
            "spine. ! m4fudpsink name=push1 host=239.0.0.1 port=1234 iface=192.168.1.10 program=7 title=One "
            "provider=Example pids=v1=300 sync=false async=false");
}

TEST(Pushes, ADisabledOneKeepsItsPlaceAndIsNotSent) {
  config::Push off = to("udp://239.0.0.1:1");
  off.disabled = true;
  const config::Stream stream = stream_with({off, to("udp://239.0.0.1:2")});
  EXPECT_EQ(printed(stream), "spine. ! m4fudpsink name=push2 host=239.0.0.1 port=2 sync=false async=false");
  EXPECT_EQ(plan_pushes(stream).at(0).problem, "");
}

TEST(Pushes, SayWhatIsWrongAndTheStreamRuns) {
  EXPECT_EQ(problem(to("udp://239.0.0.1")),
            "push needs an address and a port, for example udp://239.0.0.1:1234");
  EXPECT_EQ(problem(to("udp://encoder:5")),
            "push: 'encoder' is no IP address: write the address, not a name");
  EXPECT_EQ(problem(to("udp://eth0@239.0.0.1:5/10.0.0.1")),
            "the interface is named twice: write udp://IFACE@GROUP:PORT or udp://GROUP:PORT/INTERFACE-IP");
  EXPECT_EQ(problem(to("udp://239.0.0.1:5/eth0")),
            "push: 'eth0' is no address of an interface: write udp://239.0.0.1:5/INTERFACE-IP");
  EXPECT_EQ(problem(to("rtmp://h/a/s")), "pushes to rtmp:// are not supported yet: write udp://ADDRESS:PORT");
  EXPECT_EQ(problem(to("udp://239.0.0.1:99999")),
            "push: this URL cannot be used: '99999' is not a port from 1 to 65535");
  config::Push slow = to("udp://239.0.0.1:5");
  slow.bitrate = 20;
  EXPECT_EQ(problem(slow), "push: bitrate=20 is in kbit/s and must be at least 100");
  EXPECT_EQ(printed(stream_with({slow})), "");
}

TEST(Pushes, EveryProblemOfAStreamIsFoundWithItsPlace) {
  config::Stream stream = stream_with({to("udp://239.0.0.1"), to("udp://239.0.0.1:5"), to("udp://host:5")});
  for (unsigned i = 0; i < 3; ++i) stream.pushes[i].place.line = i + 2;
  stream.inputs[0].url = "udp://239.0.0.1";
  std::string told;
  for (const PlanError& bad : problems(stream)) told += fmt::format("{}: {}\n", bad.place.line, bad.text);
  EXPECT_EQ(told,
            "0: udp:// needs a port, for example udp://239.0.0.1:1234\n"
            "2: push needs an address and a port, for example udp://239.0.0.1:1234\n"
            "4: push: 'host' is no IP address: write the address, not a name\n");
}

TEST(Pushes, TheStreamsNameIsData) {
  config::Stream stream = stream_with({to("udp://239.0.0.1:5/%s")});
  stream.name = "x ! filesink location=y";
  EXPECT_FALSE(plan_pushes(stream).at(0).problem.empty());
  EXPECT_EQ(plan_pushes(stream_with({to("rtmp://cdn/live/%s?password=x")})).at(0).url,
            "rtmp://cdn/live/tv/one");
}

}  // namespace
}  // namespace sluice::plan
