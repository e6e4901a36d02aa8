#include "orchestrator/plan/plan.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <sstream>

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sluice::plan {
namespace {

config::Stream stream(std::string url) {
  config::Stream s;
  s.name = "s";
  s.inputs.emplace_back().url = std::move(url);
  s.inputs[0].place = {"f", 3, 9};
  return s;
}

std::string error(std::string url) {
  const auto planned = plan(stream(std::move(url)));
  const auto* e = std::get_if<PlanError>(&planned);
  return e ? e->place.text() + ": " + e->text : "planned";
}

TEST(Plan, SchemesThatDoNotRunAreNamed) {
  EXPECT_EQ(error("m4s://h/x"), "f:3:9: inputs of m4s:// are not supported yet");
  EXPECT_EQ(error("timeshift://x/60"), "f:3:9: inputs of timeshift:// are not supported yet");
  EXPECT_EQ(error("rtps://h/x"), "f:3:9: unknown scheme 'rtps://': did you mean 'rtsp'?");
  EXPECT_EQ(error("https://example.com"),
            "f:3:9: what does this address carry? Write hls:// for a playlist or tshttp:// for MPEG-TS "
            "instead of https://");
  EXPECT_EQ(error("udp://h:1 x"),
            "f:3:9: this URL cannot be used: it holds a blank or a control character: write them as %20");
}

TEST(Plan, AStreamWithoutInputsHasASpine) {
  config::Stream s;
  s.name = "s";
  const auto planned = plan(s);
  ASSERT_TRUE(std::holds_alternative<StreamPlan>(planned));
  EXPECT_TRUE(std::get<StreamPlan>(planned).inputs.empty());
  EXPECT_EQ(std::get<StreamPlan>(planned).spine.chains.at(0).elements.at(0).name, "spine");
}

TEST(Plan, EveryInputEndsInTheMuxer) {
  for (const char* url : {"fake://fake", "file:///a.mp4", "udp://239.0.0.1:1", "tshttp://h/x", "hls://h/x",
                          "rtsp://h/x", "rtmp://h/a/s", "srt://h:1"}) {
    const auto planned = plan(stream(url));
    ASSERT_TRUE(std::holds_alternative<StreamPlan>(planned)) << url;
    const auto& chains = std::get<StreamPlan>(planned).inputs.at(0).pipeline.chains;
    EXPECT_EQ(chains.back().elements.back().factory, "m4fmux") << url;
    EXPECT_EQ(chains.back().elements.back().name, "mux") << url;
    int reaching = 0;
    for (const Chain& c : chains) reaching += c.to == "mux";
    EXPECT_GE(reaching, 1) << url;
  }
}

TEST(Plan, AnOperatorSeesNoSecretsInAddresses) {
  for (const char* url : {"rtsp://user:secret@h/x?token=secret", "srt://h:1?passphrase=secretsecret",
                          "tshttp://a:secret@h/x"}) {
    const auto planned = plan(stream(url));
    ASSERT_TRUE(std::holds_alternative<StreamPlan>(planned)) << url;
    const auto& address = std::get<StreamPlan>(planned).inputs.at(0).supervision.address;
    EXPECT_EQ(address.find("secret"), std::string::npos) << address;
  }
}

TEST(Plan, SeedsOfTheFuzzerAreSurvived) {
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(SLUICE_SOURCE_ROOT "/orchestrator/fuzz/seeds/plan")) {
    std::stringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string bytes = text.str();
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0)
        << entry.path();
    ++files;
  }
  EXPECT_GE(files, 6);
}

TEST(LocalInterface, FindsTheLoopback) {
  EXPECT_EQ(local_interface("127.0.0.1"), "lo");
  EXPECT_EQ(local_interface("192.0.2.77"), "");  // RFC 5737: never assigned
  EXPECT_EQ(local_interface("nonsense"), "");
}

}  // namespace
}  // namespace sluice::plan
