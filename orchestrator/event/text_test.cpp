#include "orchestrator/event/text.h"

#include <gtest/gtest.h>

#include <limits>

namespace sluice::event {
namespace {

Stamped stamped(Event event) {
  return {101, 1'637'094'994'123, std::move(event)};
}

TEST(JsonText, HasTheNamesOfTheReference) {
  const Stamped lost = stamped({"source_lost",
                                "c/08",
                                {{"url", std::string("udp://239.0.0.1:1")},
                                 {"priority", int64_t{1}},
                                 {"dvr", false},
                                 {"bitrate", 2.5}}});
  EXPECT_EQ(
      json_text(lost, 7, {"edge1", {{"place", "rack 1"}}}),
      R"({"event":"source_lost","event_id":101,"sequence":7,"utc_ms":1637094994123,"server":"edge1",)"
      R"("media":"c/08","url":"udp://239.0.0.1:1","priority":1,"dvr":false,"bitrate":2.5,"place":"rack 1"})");
}

TEST(JsonText, LeavesOutWhatIsNotThere) {
  EXPECT_EQ(json_text(stamped({"server_started", "", {}}), 1, {}),
            R"({"event":"server_started","event_id":101,"sequence":1,"utc_ms":1637094994123})");
}

TEST(JsonText, HostileTextStaysText) {
  const Stamped event = stamped(
      {"e",
       "m",
       {{"a\"b", std::string("x\"\\\n\t\x01\xff\x7f}")}, {"n", std::numeric_limits<double>::infinity()}}});
  EXPECT_EQ(json_text(event, 1, {}),
            R"({"event":"e","event_id":101,"sequence":1,"utc_ms":1637094994123,"media":"m",)"
            "\"a\\\"b\":\"x\\\"\\\\\\u000a\\u0009\\u0001\xEF\xBF\xBD\\u007f}\",\"n\":null}");
}

TEST(JsonText, NoNameStandsTwice) {
  const Stamped event = stamped({"e", "m", {{"media", std::string("forged")}, {"ip", std::string("own")}}});
  EXPECT_EQ(json_text(event, 1, {"", {{"ip", "extra"}, {"event_id", "extra"}}}),
            R"({"event":"e","event_id":101,"sequence":1,"utc_ms":1637094994123,"media":"m","ip":"own"})");
}

TEST(LogText, IsOneLine) {
  const Stamped event =
      stamped({"source_lost", "ort\nx", {{"reason", std::string("no \"data\"\n")}, {"n", int64_t{3}}}});
  EXPECT_EQ(log_text(event),
            "2021-11-16T20:36:34.123Z warning source_lost media=ort x reason=\"no \\\"data\\\"\\u000a\" n=3");
}

}  // namespace
}  // namespace sluice::event
