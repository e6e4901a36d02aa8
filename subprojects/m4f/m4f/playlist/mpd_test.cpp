#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "m4f/mp4/boxes/fragment_boxes.h"
#include "m4f/mp4/packager.h"
#include "m4f/mp4/testing/box_reader.h"
#include "m4f/mp4/testing/segments.h"
#include "m4f/playlist/playlist.h"

namespace m4f {
namespace {

using namespace mp4::testing;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

std::chrono::system_clock::time_point at(Ticks t) {
  return std::chrono::system_clock::time_point(std::chrono::milliseconds(t.to_ms()));
}

// Segments of a second as AvSource makes them, in a window.
struct Live {
  AvSource source;
  RingView view;
  uint64_t discontinuities = 0;
  Ticks run = kStart;

  SegmentPtr add() {
    return add_with([](SegmentHeader&) {});
  }
  template <typename Change>
  SegmentPtr add_with(Change change) {
    const SegmentPtr made = source.next();
    SegmentHeader header = made->header();
    header.discontinuity_sequence = discontinuities;
    header.since_discontinuity = header.start - run;
    change(header);
    SegmentBuilder builder(header);
    for (size_t i = 0; i < made->frame_count(); ++i)
      EXPECT_TRUE(builder.add_frame(made->frame(i), made->frame(i).data));
    builder.seal(made->duration());
    view.segments.push_back(builder.segment());
    return builder.segment();
  }
  // The source comes back after `pause`.
  SegmentPtr add_after_discontinuity(Ticks pause) {
    source.video += pause;
    source.audio = source.video;
    run = source.video;
    ++discontinuities;
    return add_with([](SegmentHeader& h) { h.discontinuity = true; });
  }
  std::string mpd(const std::string& query = {}, TrackSelection tracks = {}) const {
    MpdOptions options;
    options.tracks = std::move(tracks);
    options.segment_duration = Ticks::from_seconds(1);
    options.query = query;
    return m4f::mpd(view, options, at(kStart + Ticks::from_seconds(100)));
  }
};

// All values of an attribute, in order.
std::vector<std::string> values(const std::string& xml, const std::string& element,
                                const std::string& attribute) {
  std::vector<std::string> out;
  for (size_t i = xml.find("<" + element + " "); i != std::string::npos;
       i = xml.find("<" + element + " ", i + 1)) {
    const size_t end = xml.find('>', i);
    const size_t from = xml.find(" " + attribute + "=\"", i);
    if (from > end) continue;
    const size_t value = from + attribute.size() + 3;
    out.push_back(xml.substr(value, xml.find('"', value) - value));
  }
  return out;
}

std::string value(const std::string& xml, const std::string& element, const std::string& attribute) {
  const auto all = values(xml, element, attribute);
  return all.empty() ? "" : all.front();
}

struct Entry {
  int64_t t, d;
  bool operator==(const Entry&) const = default;
};

// The SegmentTimelines, spelled out, one per Representation.
std::vector<std::vector<Entry>> timelines(const std::string& xml) {
  std::vector<std::vector<Entry>> out;
  for (size_t i = xml.find("<SegmentTimeline>"); i != std::string::npos;
       i = xml.find("<SegmentTimeline>", i + 1)) {
    const std::string part = xml.substr(i, xml.find("</SegmentTimeline>", i) - i);
    std::vector<Entry> entries;
    int64_t next = 0;
    for (size_t s = part.find("<S "); s != std::string::npos; s = part.find("<S ", s + 1)) {
      const std::string tag = part.substr(s, part.find('>', s) - s + 1);
      if (const std::string t = value(tag, "S", "t"); !t.empty()) next = std::stoll(t);
      const int64_t d = std::stoll(value(tag, "S", "d"));
      const std::string r = value(tag, "S", "r");
      for (int64_t n = r.empty() ? 0 : std::stoll(r); n >= 0; --n) entries.push_back({next, d}), next += d;
    }
    out.push_back(std::move(entries));
  }
  return out;
}

uint64_t tfdt(const Segment& segment, size_t track) {
  const size_t selection[] = {track};
  const Bytes bytes = mp4::package(segment, selection);
  BoxReader reader(bytes);
  ReadMoof moof;
  reader.box(moof);
  EXPECT_TRUE(reader.ok());
  return moof.traf.at(0).tfdt.time;
}

TEST(Mpd, GoldenText) {
  Live live;
  for (int i = 0; i < 3; ++i) live.add();
  const size_t v[] = {0}, a[] = {1};
  const std::string v_init = init_name(mp4::init_hash(live.source.tracks, v));
  const std::string a_init = init_name(mp4::init_hash(live.source.tracks, a));
  EXPECT_EQ(live.mpd(), R"(<?xml version="1.0" encoding="UTF-8"?>
<MPD xmlns="urn:mpeg:dash:schema:mpd:2011" profiles="urn:mpeg:dash:profile:isoff-live:2011" type="dynamic" availabilityStartTime="1970-01-01T00:00:00Z" publishTime="2026-11-20T13:05:40.000Z" minimumUpdatePeriod="PT1S" minBufferTime="PT1S" maxSegmentDuration="PT1.003S" timeShiftBufferDepth="PT3S" suggestedPresentationDelay="PT3S">
  <Period id="p1795179937000" start="PT1795179937S">
    <AdaptationSet id="1" contentType="video" mimeType="video/mp4" segmentAlignment="true" startWithSAP="1">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <Representation id="v1" codecs="avc1.64001f" bandwidth="5400" width="1280" height="720" sar="1:1" frameRate="25">
        <SegmentTemplate timescale="90000" presentationTimeOffset="161566194330000" initialization="tracks-v1/)" +
                            v_init + R"(" media="tracks-v1/dash-$Time$.m4s">
          <SegmentTimeline>
            <S t="161566194330000" d="90000" r="2"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
    <AdaptationSet id="2" contentType="audio" mimeType="audio/mp4" lang="eng" segmentAlignment="true" startWithSAP="1">
      <Role schemeIdUri="urn:mpeg:dash:role:2011" value="main"/>
      <Representation id="a1" codecs="mp4a.40.2" bandwidth="6000" audioSamplingRate="48000">
        <AudioChannelConfiguration schemeIdUri="urn:mpeg:dash:23003:3:audio_channel_configuration:2011" value="2"/>
        <SegmentTemplate timescale="90000" presentationTimeOffset="161566194330000" initialization="tracks-a1/)" +
                            a_init + R"(" media="tracks-a1/dash-$Time$.m4s">
          <SegmentTimeline>
            <S t="161566194330000" d="86400"/>
            <S d="90240" r="1"/>
          </SegmentTimeline>
        </SegmentTemplate>
      </Representation>
    </AdaptationSet>
  </Period>
  <UTCTiming schemeIdUri="urn:mpeg:dash:utc:direct:2014" value="2026-11-20T13:07:17.000Z"/>
</MPD>
)");
}

TEST(Mpd, IsEmptyUntilASegmentIsSealed) {
  Live live;
  EXPECT_EQ(live.mpd(), "");
  SegmentBuilder open = live.source.open(kStart);
  add(open, frame(0, kStart, Ticks(3600)), "k");
  live.view.segments.push_back(open.segment());
  EXPECT_EQ(live.mpd(), "");
}

TEST(Mpd, AvailabilityStartTimeNeverChanges) {
  Live live;
  live.add();
  EXPECT_EQ(value(live.mpd(), "MPD", "availabilityStartTime"), "1970-01-01T00:00:00Z");
  live.add_after_discontinuity(Ticks::from_seconds(3600));
  live.view.segments.erase(live.view.segments.begin());
  EXPECT_EQ(value(live.mpd(), "MPD", "availabilityStartTime"), "1970-01-01T00:00:00Z");
}

TEST(Mpd, MediaTimeIsUtc) {
  // shaka#733: availabilityStartTime, Period@start and presentationTimeOffset disagreed by hours.
  Live live;
  live.run -= Ticks::from_seconds(1000);
  live.add();
  live.add_after_discontinuity(Ticks(12345));
  const std::string xml = live.mpd();
  const auto starts = values(xml, "Period", "start");
  const auto offsets = values(xml, "SegmentTemplate", "presentationTimeOffset");
  ASSERT_EQ(starts.size(), 2u);
  ASSERT_EQ(offsets.size(), 4u);
  for (size_t i = 0; i < offsets.size(); ++i) {
    const std::string& start = starts[i / 2];  // PT<seconds>[.mmm]S
    const size_t dot = start.find('.');
    const int64_t ms = std::stoll(start.substr(2)) * 1000 +
                       (dot == std::string::npos ? 0 : std::stoll(start.substr(dot + 1)));
    EXPECT_EQ(std::stoll(offsets[i]), ms * 90);
  }
}

TEST(Mpd, UtcTimingIsNow) {
  Live live;
  live.add();
  EXPECT_EQ(value(live.mpd(), "UTCTiming", "schemeIdUri"), "urn:mpeg:dash:utc:direct:2014");
  EXPECT_EQ(value(live.mpd(), "UTCTiming", "value"), "2026-11-20T13:07:17.000Z");
}

TEST(Mpd, TimeShiftBufferIsTheListedWindow) {
  Live live;
  for (int i = 0; i < 5; ++i) live.add();
  const auto depth = [&] {
    return value(live.mpd({}, *TrackSelection::parse("v1")), "MPD", "timeShiftBufferDepth");
  };
  EXPECT_EQ(depth(), "PT5S");
  live.view.first_listed = 2;
  EXPECT_EQ(depth(), "PT3S");
}

TEST(Mpd, TimelineIsContinuousAndEqualToTfdt) {
  Live live;
  for (int i = 0; i < 8; ++i) live.add();
  const auto lines = timelines(live.mpd());
  ASSERT_EQ(lines.size(), 2u);
  for (size_t track = 0; track < 2; ++track) {
    ASSERT_EQ(lines[track].size(), 8u);
    for (size_t i = 0; i < 8; ++i) {
      EXPECT_EQ(static_cast<uint64_t>(lines[track][i].t), tfdt(*live.view.segments[i], track));
      if (i > 0) {
        EXPECT_EQ(lines[track][i].t, lines[track][i - 1].t + lines[track][i - 1].d);
      }
    }
  }
}

TEST(Mpd, RoundingOfFrameTimesLeavesNoGaps) {
  // AAC at 44.1 kHz: 1024 samples are 2089.8 ticks, so frames are 2089 or 2090 apart and nominally 2090.
  Live live;
  live.source.tracks = {aac_track()};
  int64_t n = 0;
  for (int s = 0; s < 4; ++s) {
    const auto time = [&] { return kStart + Ticks(n * 1024 * 90000 / 44100); };
    SegmentBuilder b = live.source.open(time());
    const Ticks start = time();
    for (int i = 0; i < 43; ++i, ++n) add(b, frame(0, time(), Ticks(2090)), "a");
    b.seal(time() - start);
    live.view.segments.push_back(b.segment());
  }
  const auto line = timelines(live.mpd()).at(0);
  ASSERT_EQ(line.size(), 4u);
  for (size_t i = 1; i < line.size(); ++i) EXPECT_EQ(line[i].t, line[i - 1].t + line[i - 1].d);
}

TEST(Mpd, RepresentationIdsAreUniqueInThePeriod) {
  Live live;
  live.source.tracks.push_back(h264_track(2));
  live.add();
  live.add_after_discontinuity(Ticks(0));
  std::string xml = live.mpd();
  const size_t second = xml.rfind("<Period ");
  for (const std::string& period : {xml.substr(0, second), xml.substr(second)})
    EXPECT_THAT(values(period, "Representation", "id"), ElementsAre("v1", "a1"));
}

TEST(Mpd, EveryAdvertisedSegmentIsThereAndNoOther) {
  Live live;
  for (int i = 0; i < 4; ++i) live.add();
  SegmentBuilder open = live.source.open(live.source.video);
  add(open, frame(0, live.source.video, Ticks(3600)), "k");
  live.view.segments.push_back(open.segment());
  const auto lines = timelines(live.mpd());
  const TrackId ids[] = {{Content::kVideo, 1}, {Content::kAudio, 1}};
  for (size_t track = 0; track < 2; ++track) {
    ASSERT_EQ(lines[track].size(), 4u);
    for (size_t i = 0; i < 4; ++i)
      EXPECT_EQ(find_dash_segment(live.view, ids[track], static_cast<uint64_t>(lines[track][i].t)),
                live.view.segments[i]);
  }
  const auto early = static_cast<uint64_t>(live.source.video.count);
  EXPECT_EQ(find_dash_segment(live.view, ids[0], early), nullptr);
  EXPECT_EQ(find_dash_segment(live.view, ids[0], static_cast<uint64_t>(kStart.count) + 1), nullptr);
  EXPECT_EQ(find_dash_segment(live.view, {Content::kVideo, 2}, static_cast<uint64_t>(kStart.count)), nullptr);
  EXPECT_EQ(find_dash_segment(live.view, ids[0], UINT64_MAX), nullptr);
}

TEST(Mpd, SegmentsThatLeftTheListAreStillServed) {
  Live live;
  for (int i = 0; i < 4; ++i) live.add();
  live.view.first_listed = 2;
  EXPECT_EQ(timelines(live.mpd())[0].size(), 2u);
  EXPECT_EQ(find_dash_segment(live.view, {Content::kVideo, 1}, static_cast<uint64_t>(kStart.count)),
            live.view.segments[0]);
}

TEST(Mpd, NoSegmentIsAdvertisedBeforeItsEnd) {
  Live live;
  for (int i = 0; i < 3; ++i) live.add();
  const Ticks now = live.source.video;  // the newest segment was just sealed
  const auto line = timelines(live.mpd())[0];
  ASSERT_EQ(line.size(), 3u);
  for (const auto& e : line) EXPECT_LE(e.t + e.d, now.count);
}

TEST(Mpd, PublishTimeChangesOnlyWithContent) {
  Live live;
  live.add();
  const MpdOptions options{
      .tracks = {}, .segment_duration = Ticks::from_seconds(1), .query = {}, .prefix = {}};
  const std::string one = mpd(live.view, options, at(kStart + Ticks::from_seconds(1)));
  const std::string later = mpd(live.view, options, at(kStart + Ticks::from_seconds(9)));
  EXPECT_EQ(value(one, "MPD", "publishTime"), value(later, "MPD", "publishTime"));
  const auto without_clock = [](const std::string& xml) { return xml.substr(0, xml.find("<UTCTiming")); };
  EXPECT_EQ(without_clock(one), without_clock(later));
  live.add();
  EXPECT_GT(value(live.mpd(), "MPD", "publishTime"), value(one, "MPD", "publishTime"));
}

TEST(Mpd, DiscontinuityBeginsAPeriodWithItsOwnOffset) {
  // dashjs#2946: players stall at the border when the offset is the old one.
  Live live;
  live.add();
  live.add();
  const SegmentPtr after = live.add_after_discontinuity(Ticks::from_ms(10'500));
  const std::string xml = live.mpd();
  EXPECT_THAT(values(xml, "Period", "id"), ElementsAre("p1795179937000", "p1795179949500"));
  EXPECT_THAT(values(xml, "Period", "start"), ElementsAre("PT1795179937S", "PT1795179949.500S"));
  EXPECT_EQ(values(xml, "SegmentTemplate", "presentationTimeOffset")[2],
            std::to_string(after->header().start.count));
  const auto lines = timelines(xml);
  ASSERT_EQ(lines.size(), 4u);
  EXPECT_EQ(lines[0].size(), 2u);
  EXPECT_EQ(lines[0].back().d, 90000);
}

TEST(Mpd, PeriodKeepsIdAndStartWhenItsFirstSegmentLeavesTheWindow) {
  Live live;
  live.add();
  live.add_after_discontinuity(Ticks(4567));
  live.add();
  const auto ids = values(live.mpd(), "Period", "id");
  const auto starts = values(live.mpd(), "Period", "start");
  const auto offsets = values(live.mpd(), "SegmentTemplate", "presentationTimeOffset");
  ASSERT_EQ(ids.size(), 2u);
  live.view.segments.erase(live.view.segments.begin(), live.view.segments.begin() + 2);
  EXPECT_THAT(values(live.mpd(), "Period", "id"), ElementsAre(ids[1]));
  EXPECT_THAT(values(live.mpd(), "Period", "start"), ElementsAre(starts[1]));
  EXPECT_THAT(values(live.mpd(), "SegmentTemplate", "presentationTimeOffset"),
              ElementsAre(offsets[2], offsets[3]));
}

TEST(Mpd, ChangeOfTracksBeginsAPeriod) {
  Live live;
  live.add();
  live.source.tracks[0].config.push_back(0);
  live.add();
  const std::string xml = live.mpd();
  EXPECT_EQ(values(xml, "Period", "id").size(), 2u);
  const auto inits = values(xml, "SegmentTemplate", "initialization");
  EXPECT_NE(inits[0], inits[2]);
  EXPECT_EQ(inits[1], inits[3]);
}

TEST(Mpd, HoleInTheNumbersIsAHoleInTheTimeline) {
  Live live;
  live.add();
  live.add();
  live.add();
  live.view.segments.erase(live.view.segments.begin() + 1);
  const std::string xml = live.mpd();
  EXPECT_EQ(values(xml, "Period", "id").size(), 1u);
  const auto line = timelines(xml)[0];
  EXPECT_THAT(line, ElementsAre(Entry{kStart.count, 90000}, Entry{kStart.count + 180000, 90000}));
}

TEST(Mpd, VariantsShareASetAndLanguagesDoNot) {
  AvSource source;
  source.tracks = {h264_track(1), h264_track(2), aac_track(1), aac_track(2)};
  source.tracks[1].width = 640, source.tracks[1].height = 360;
  source.tracks[3].language = "deu";
  source.tracks[3].title = "Ton <2> & mehr";
  SegmentBuilder b = source.open(kStart);
  for (uint8_t t = 0; t < 4; ++t) add(b, frame(t, kStart, Ticks(90000)), "frame");
  b.seal(Ticks(90000));
  Live live;
  live.view.segments = {b.segment()};
  const std::string xml = live.mpd();
  EXPECT_THAT(values(xml, "AdaptationSet", "id"), ElementsAre("1", "3", "4"));
  EXPECT_THAT(values(xml, "AdaptationSet", "lang"), ElementsAre("eng", "deu"));
  EXPECT_THAT(values(xml, "Representation", "id"), ElementsAre("v1", "v2", "a1", "a2"));
  EXPECT_THAT(values(xml, "Representation", "width"), ElementsAre("1280", "640"));
  EXPECT_THAT(xml, HasSubstr("<Label>Ton &lt;2&gt; &amp; mehr</Label>"));
  EXPECT_THAT(values(live.mpd({}, *TrackSelection::parse("v2a2")), "Representation", "id"),
              ElementsAre("v2", "a2"));
}

TEST(Mpd, VariantWithoutKeyFramesAtSegmentStartsStaysApart) {
  AvSource source;
  source.tracks = {h264_track(1), h264_track(2)};
  SegmentBuilder b = source.open(kStart);
  add(b, frame(0, kStart, Ticks(90000)), "key");
  add(b, frame(1, kStart, Ticks(90000), false), "no key");
  b.seal(Ticks(90000));
  Live live;
  live.view.segments = {b.segment()};
  EXPECT_THAT(values(live.mpd(), "AdaptationSet", "id"), ElementsAre("1", "2"));
  EXPECT_THAT(values(live.mpd(), "AdaptationSet", "startWithSAP"), ElementsAre("1"));
}

TEST(Mpd, CodecsThatFmp4CannotCarryAreLeftOut) {
  Live live;
  live.source.tracks[0].codec = Codec::kMpeg2Video;
  live.add();
  EXPECT_THAT(values(live.mpd(), "Representation", "id"), ElementsAre("a1"));
  EXPECT_EQ(find_dash_segment(live.view, {Content::kVideo, 1}, static_cast<uint64_t>(kStart.count)), nullptr);
}

TEST(Mpd, BandwidthIsThatOfTheDensestSegment) {
  Live live;
  for (size_t bytes : {1000, 3000, 2000}) {
    SegmentBuilder b = live.source.open(live.source.video);
    add(b, frame(0, live.source.video, Ticks(90000)), std::string(bytes, 'x'));
    b.seal(Ticks(90000));
    live.source.video += Ticks(90000);
    live.view.segments.push_back(b.segment());
  }
  EXPECT_EQ(value(live.mpd(), "Representation", "bandwidth"), "24000");
}

TEST(Mpd, ChannelsAreDeclaredByTheirConfiguration) {
  Live live;
  live.source.tracks[1].channels = 6;
  live.add();
  EXPECT_EQ(value(live.mpd(), "AudioChannelConfiguration", "value"), "6");
  EXPECT_EQ(value(live.mpd(), "AudioChannelConfiguration", "schemeIdUri"),
            "urn:mpeg:dash:23003:3:audio_channel_configuration:2011");
  live = Live();
  live.source.tracks[1].channels = 8;
  live.add();
  EXPECT_EQ(value(live.mpd(), "AudioChannelConfiguration", "value"), "12");
  EXPECT_EQ(value(live.mpd(), "AudioChannelConfiguration", "schemeIdUri"),
            "urn:mpeg:mpegB:cicp:ChannelConfiguration");
}

TEST(Mpd, QueryIsCarriedOnAndCannotBreakOut) {
  Live live;
  live.add();
  const std::string xml = live.mpd("token=a&b=\"><S d='1'$Number$ \xff");
  EXPECT_THAT(value(xml, "SegmentTemplate", "media"),
              "tracks-v1/dash-$Time$.m4s?token=a&amp;b=&quot;&gt;&lt;S%20d=&apos;1&apos;$$Number$$%20%FF");
  EXPECT_THAT(value(xml, "SegmentTemplate", "initialization"), HasSubstr(".mp4?token=a&amp;b="));
  EXPECT_THAT(xml, Not(HasSubstr("<S d='1'")));
}

TEST(Mpd, AddressesLeadToTheStreamFromBelow) {
  Live live;
  live.add();
  MpdOptions options;
  options.prefix = "../";
  const std::string xml = mpd(live.view, options, at(kStart));
  EXPECT_EQ(value(xml, "SegmentTemplate", "media"), "../tracks-v1/dash-$Time$.m4s");
  EXPECT_THAT(value(xml, "SegmentTemplate", "initialization"), HasSubstr("../tracks-v1/init-"));
}

TEST(Mpd, EndedStreamTellsPlayersThatNothingFollows) {
  Live live;
  live.add();
  EXPECT_EQ(value(live.mpd(), "MPD", "minimumUpdatePeriod"), "PT1S");
  EXPECT_EQ(value(live.mpd(), "MPD", "mediaPresentationDuration"), "");
  live.view.ended = true;
  EXPECT_EQ(value(live.mpd(), "MPD", "minimumUpdatePeriod"), "");
  EXPECT_EQ(value(live.mpd(), "MPD", "mediaPresentationDuration"), "PT1795179938S");
}

TEST(Mpd, IsWellFormed) {
  if (system("xmllint --version >/dev/null 2>&1") != 0) GTEST_SKIP() << "xmllint is not installed";
  Live live;
  live.source.tracks[1].title = "a\x01\xff]]>\"&";
  live.source.tracks[1].language = "<&>";
  live.source.tracks[0].rfc6381 = "avc1.\"><x";
  live.add();
  live.add_after_discontinuity(Ticks::from_seconds(7));
  std::string name = (std::filesystem::temp_directory_path() / "mpd-XXXXXX").string();
  const int fd = mkstemp(name.data());
  ASSERT_GE(fd, 0);
  close(fd);
  std::ofstream(name) << live.mpd("q=<\"'&\x80");
  EXPECT_EQ(system(("xmllint --noout " + name).c_str()), 0);
  std::filesystem::remove(name);
}

}  // namespace
}  // namespace m4f
