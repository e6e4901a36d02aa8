// What the directives mean: typed values, and the exact text of every message.
#include <gtest/gtest.h>

#include <chrono>

#include "orchestrator/config/load.h"

namespace sluice::config {
namespace {

using namespace std::chrono_literals;

// The messages of a text, one per line, without source lines.
std::string messages(std::string_view text) {
  std::string out;
  for (Diagnostic& d : load_text(text, "f").diagnostics) {
    d.excerpt.clear();
    out += (out.empty() ? "" : "\n") + format(d);
  }
  return out;
}

Config good(std::string_view text) {
  auto loaded = load_text(text, "f");
  for (const auto& d : loaded.diagnostics) ADD_FAILURE() << format(d);
  return loaded.config.value_or(Config{});
}

TEST(Config, ReadsEveryDirective) {
  const Config c = good(R"(
    http 80; http 127.0.0.1:81 { api false; } http [::1]:82;
    https 443 { certificate /c.pem; certificate_key "/k.pem"; }
    https 444 certificate=/c certificate_key=/k api=false;
    edit_auth admin letmein!; view_auth v "p w"; loglevel debug;
    stream a/b {
      input udp://239.0.0.1:1 priority=2 source_timeout=15 max_retry_timeout=5 program=21 pids=45,46 sources=10.0.0.1,::1
        buffer_size=8M comment="spare one";
      url tshttp://h/x user_agent="A b" header.X-A=1 header.X-B="2 3" source_timeout=false;
      urls fake://fake file:///x;
      input fake:// width=320 height=240 bitrate=2M;
      input fake://fake bitrate=500;
      input rtsp://h/x tracks=1,3 rtp=udp latency=50;
      input srt://h:1 streamid="#!::r=x" passphrase=0123456789 latency=200;
      input hls://h/x skip_stalled_check;
      segment_duration 2.5; segments 7; chunk_duration 333; source_timeout 20; max_retry_timeout 40; rtp udp;
      title "T t"; provider P; comment c; disabled; protocols hls dash;
    }
    stream plain { input fake://fake; disabled False; protocols -dash; mpegts off; cmaf on; hds off; source_timeout false })");
  ASSERT_EQ(c.listeners.size(), 5u);
  EXPECT_EQ(c.listeners[0].address, "");
  EXPECT_EQ(c.listeners[0].port, 80);
  EXPECT_TRUE(c.listeners[0].api);
  EXPECT_EQ(c.listeners[1].address, "127.0.0.1");
  EXPECT_FALSE(c.listeners[1].api);
  EXPECT_EQ(c.listeners[2].address, "::1");
  EXPECT_TRUE(c.listeners[3].tls);
  EXPECT_EQ(c.listeners[3].certificate, "/c.pem");
  EXPECT_EQ(c.listeners[3].certificate_key, "/k.pem");
  EXPECT_EQ(c.listeners[4].certificate_key, "/k");
  EXPECT_FALSE(c.listeners[4].api);
  EXPECT_EQ(c.listeners[4].place.text(), "f:4:5");
  EXPECT_EQ(c.edit_auth->password, "letmein!");
  EXPECT_EQ(c.view_auth->password, "p w");
  EXPECT_EQ(c.loglevel, LogLevel::kDebug);
  ASSERT_EQ(c.streams.size(), 2u);
  const Stream& s = c.streams[0];
  EXPECT_EQ(s.name, "a/b");
  EXPECT_EQ(s.place.text(), "f:6:12");
  EXPECT_EQ(s.segment_duration, 2500ms);
  EXPECT_EQ(s.segment_count, 7);
  EXPECT_EQ(s.chunk_duration, 333ms);
  EXPECT_EQ(s.source_timeout, 20s);
  EXPECT_EQ(s.max_retry_timeout, 40s);
  EXPECT_TRUE(s.rtp_udp);
  EXPECT_TRUE(s.disabled);
  EXPECT_EQ(s.title, "T t");
  EXPECT_EQ(s.provider, "P");
  EXPECT_EQ(s.comment, "c");
  EXPECT_EQ(s.protocols, (Protocols{true, false, true, false, false, false}));
  ASSERT_EQ(s.inputs.size(), 9u);
  EXPECT_EQ(s.inputs[0].priority, 2);
  EXPECT_EQ(s.inputs[0].source_timeout, 15s);
  EXPECT_EQ(s.inputs[0].max_retry_timeout, 5s);
  EXPECT_EQ(s.inputs[0].program, 21);
  EXPECT_EQ(s.inputs[0].pids, (std::vector<uint16_t>{45, 46}));
  EXPECT_EQ(s.inputs[0].sources, (std::vector<std::string>{"10.0.0.1", "::1"}));
  EXPECT_EQ(s.inputs[0].buffer_size, 8u << 20);
  EXPECT_EQ(s.inputs[0].comment, "spare one");
  EXPECT_EQ(s.inputs[1].user_agent, "A b");
  EXPECT_EQ(s.inputs[1].headers, (std::map<std::string, std::string>{{"X-A", "1"}, {"X-B", "2 3"}}));
  EXPECT_EQ(s.inputs[1].source_timeout, 0s);
  EXPECT_EQ(s.inputs[3].url, "file:///x");
  EXPECT_EQ(s.inputs[4].width, 320);
  EXPECT_EQ(s.inputs[4].height, 240);
  EXPECT_EQ(s.inputs[4].bitrate, 2'000'000u);
  EXPECT_EQ(s.inputs[5].bitrate, 500'000u);
  EXPECT_EQ(s.inputs[6].tracks, (std::vector<int>{1, 3}));
  EXPECT_TRUE(s.inputs[6].rtp_udp);
  EXPECT_EQ(s.inputs[6].latency, 50ms);
  EXPECT_EQ(s.inputs[7].streamid, "#!::r=x");
  EXPECT_EQ(s.inputs[7].passphrase, "0123456789");
  EXPECT_TRUE(s.inputs[8].skip_stalled_check);
  EXPECT_EQ(s.inputs[8].place.text(), "f:15:13");
  const Stream& plain = c.streams[1];
  EXPECT_FALSE(plain.disabled);
  EXPECT_EQ(plain.protocols, (Protocols{true, true, false, false, true, true}));
  EXPECT_EQ(plain.source_timeout, 0s);
  EXPECT_EQ(plain.segment_duration, 5000ms);
  EXPECT_EQ(plain.segment_count, 4);
}

TEST(Config, ReadsOneLineStreams) {
  const Config c = good("stream a rtsp://h/x tracks=2; stream b fake://fake { segment_count 3; }");
  ASSERT_EQ(c.streams.size(), 2u);
  EXPECT_EQ(c.streams[0].inputs.at(0).tracks, std::vector<int>{2});
  EXPECT_EQ(c.streams[1].inputs.at(0).url, "fake://fake");
  EXPECT_EQ(c.streams[1].segment_count, 3);
}

TEST(Config, QueriesOfFakeUdpAndSrtAreArguments) {
  const Config c = good(R"(stream a {
    input fake://?width=320&height=200;
    input udp://232.0.0.1:1?sources=10.0.0.1,10.0.0.2;
    input srt://h:1?streamid=#!::r=x%20y,m=request&passphrase=0123456789&mode=caller latency=300;
    input srt://h:1?latency=100 latency=200;
    input hls://h/x?width=1; })");
  const auto& in = c.streams.at(0).inputs;
  EXPECT_EQ(in.at(0).width, 320);
  EXPECT_EQ(in.at(1).sources.size(), 2u);
  EXPECT_EQ(in.at(2).streamid, "#!::r=x y,m=request");
  EXPECT_EQ(in.at(2).passphrase, "0123456789");
  EXPECT_EQ(in.at(3).latency, 200ms);
  EXPECT_FALSE(in.at(4).width);
  EXPECT_EQ(messages("stream a { input srt://h:1?mode=listener&foo=1; }"),
            "f:1:18: srt:// inputs are callers: only mode=caller can be had\n"
            "f:1:18: unknown argument 'foo'");
  EXPECT_EQ(messages("stream a { input srt://h:1?streamid=%00; }"),
            "f:1:18: streamid: a value holds no control characters");
}

TEST(Config, FilesOfVodLocationsBecomePaths) {
  const auto loaded = load_text(
      "stream a { input file://movies/x/b%20c.mp4; } vod movies { storage /nonexistent/; path /other; }\n"
      "stream b { input file://movies/../../etc/passwd; }\n"
      "stream c { input file://nowhere/a.mp4; }\n"
      "file empty { path s3://key@host/bucket; } stream d { input file://empty/a.mp4; }\n"
      "vod movies { storage /x; }",
      "f");
  std::string text;
  for (Diagnostic d : loaded.diagnostics)
    if (d.severity == Severity::kError) text += d.place.text() + ": " + d.text + "\n";
  EXPECT_EQ(text,
            "f:2:18: '../../etc/passwd' is not the name of a file in a VOD location\n"
            "f:3:18: no VOD location has 'nowhere/a.mp4': write file:///DIRECTORY/FILE, or declare vod NAME "
            "{ storage "
            "/DIRECTORY; }\n"
            "f:5:5: a VOD location 'movies' stands already at f:1:51: names must differ\n");
  const auto right = load_text(
      "vod m { storage /nonexistent/; storage /; } stream a { input file://m/etc/passwd; }\n"
      "stream b { input file://m/no%20such.mp4; }",
      "f");
  ASSERT_TRUE(right.config);
  EXPECT_EQ(right.config->streams.at(0).inputs.at(0).file, "/etc/passwd");
  EXPECT_EQ(right.config->streams.at(1).inputs.at(0).file, "/nonexistent/no such.mp4");
}

TEST(Config, OndemandIsReadAsNotStatic) {
  const Config c = good("ondemand a { input fake://fake; } stream b { static false; input fake://fake; }");
  EXPECT_FALSE(c.streams[0].is_static);
  EXPECT_FALSE(c.streams[1].is_static);
}

TEST(Config, ReadsTheLifeOfAStream) {
  const Config c = good(R"(
    url_prefix http://cdn.example.com; max_sessions 5000;
    stream a {
      input publish:// frames_timeout=1 video_timeout=2 audio_timeout=3 no_clients_reconnect_delay=4 allow_if=/run/a
        deny_if=/run/d max_bitrate=5M;
      input copy://b backup;
      input mixer://b,c mixer_strategy=all sync=dts;
      input playlist:///list.txt frames_timeout=false;
      input rtp://239.0.0.1:5000 program=3;
      retry_limit 3; client_timeout false; frames_timeout 5; video_timeout 6; audio_timeout 7;
      recheck_secondary_inputs_interval 30;
      add_audio_only; prepush 4; url_prefix https://own:8080/x; meta program_id "10";
      mpegts_pids pmt=4095 sdt=0x12 v1=211 a0=220 t0=16#fb pcr=100;
      max_sessions 7; max_bitrate 5500; domains Example.com *.b.com; password "s c"; group sport news; group kids;
      labels region=north tier=1; position 3;
    }
    stream b { input fake://fake; no_prepush; url_prefix false; domain *; publish_enabled; clients_timeout 20; }
    stream c { input fake://fake; prepush Off; retry_limit False; })");
  EXPECT_EQ(c.url_prefix, "http://cdn.example.com");
  EXPECT_EQ(c.max_sessions, 5000);
  const Stream& a = c.streams.at(0);
  ASSERT_EQ(a.inputs.size(), 5u);
  EXPECT_EQ(a.inputs[0].frames_timeout, 1s);
  EXPECT_EQ(a.inputs[0].video_timeout, 2s);
  EXPECT_EQ(a.inputs[0].audio_timeout, 3s);
  EXPECT_EQ(a.inputs[0].no_clients_reconnect_delay, 4s);
  EXPECT_EQ(a.inputs[0].allow_if, "/run/a");
  EXPECT_EQ(a.inputs[0].deny_if, "/run/d");
  EXPECT_EQ(a.inputs[0].max_bitrate, 5000u);
  EXPECT_EQ(a.inputs[1].priority, 1000);
  EXPECT_EQ(a.inputs[2].mixer_strategy, "all");
  EXPECT_EQ(a.inputs[2].sync, "dts");
  EXPECT_EQ(a.inputs[3].frames_timeout, 0s);
  EXPECT_EQ(a.inputs[4].program, 3);
  EXPECT_EQ(a.retry_limit, 3);
  EXPECT_EQ(a.clients_timeout, 0s);
  EXPECT_EQ(a.frames_timeout, 5s);
  EXPECT_EQ(a.video_timeout, 6s);
  EXPECT_EQ(a.audio_timeout, 7s);
  EXPECT_EQ(a.recheck_secondary_inputs_interval, 30s);
  EXPECT_TRUE(a.add_audio_only);
  EXPECT_EQ(a.prepush, 4s);
  EXPECT_EQ(a.url_prefix, "https://own:8080/x");
  EXPECT_EQ(a.program_id, 10);
  EXPECT_EQ(a.mpegts_pids.pmt, 4095);
  EXPECT_EQ(a.mpegts_pids.sdt, 18);
  EXPECT_EQ(a.mpegts_pids.pcr, 100);
  EXPECT_EQ(a.mpegts_pids.tracks,
            (std::map<std::string, uint16_t, std::less<>>{{"v1", 211}, {"a0", 220}, {"t0", 251}}));
  EXPECT_EQ(a.max_sessions, 7);
  EXPECT_EQ(a.max_bitrate, 5500u);
  EXPECT_EQ(a.domains, (std::vector<std::string>{"example.com", "*.b.com"}));
  EXPECT_EQ(a.password, "s c");
  EXPECT_EQ(a.groups, (std::vector<std::string>{"sport", "news", "kids"}));
  EXPECT_EQ(a.labels, (std::map<std::string, std::string, std::less<>>{{"region", "north"}, {"tier", "1"}}));
  EXPECT_EQ(a.position, 3);
  const Stream& b = c.streams.at(1);
  EXPECT_EQ(b.prepush, 0s);
  EXPECT_EQ(b.url_prefix, "");
  EXPECT_EQ(b.domains, std::vector<std::string>{"*"});
  EXPECT_EQ(b.inputs.at(1).url, "publish://");
  EXPECT_EQ(b.clients_timeout, 20s);
  EXPECT_EQ(c.streams.at(2).prepush, 0s);
  EXPECT_FALSE(c.streams.at(2).retry_limit);
  EXPECT_EQ(c.streams.at(2).url_prefix, "http://cdn.example.com");
}

TEST(Config, ReadsPushes) {
  const Config c = good(R"(stream a { input fake://fake;
    push udp://eth0@239.0.0.1:1234?ttl=8&cbr=2200&pcr=20 multicast_loop standby tracks=v2a4 pnr=7 service="S x" provider=P
      pids=pmt:100,v1:0x65 disabled retry_timeout=9 retry_limit=3 timeout=4 connect_timeout=2 comment=c;
    udp 239.0.0.9:4501?ttl=3 multicast_loop;
    push udp://239.1.1.1:5/192.168.20.24 bitrate=3M disabled=false; })");
  const auto& p = c.streams.at(0).pushes;
  ASSERT_EQ(p.size(), 3u);
  EXPECT_EQ(p[0].url, "udp://eth0@239.0.0.1:1234?ttl=8&cbr=2200&pcr=20");
  EXPECT_EQ(p[0].ttl, 8);
  EXPECT_EQ(p[0].bitrate, 2200u);
  EXPECT_EQ(p[0].pcr, 20ms);
  EXPECT_TRUE(p[0].multicast_loop);
  EXPECT_TRUE(p[0].standby);
  EXPECT_EQ(p[0].tracks, "v2a4");
  EXPECT_EQ(p[0].pnr, 7);
  EXPECT_EQ(p[0].service, "S x");
  EXPECT_EQ(p[0].provider, "P");
  EXPECT_EQ(p[0].pids.pmt, 100);
  EXPECT_EQ(p[0].pids.tracks.at("v1"), 101);
  EXPECT_TRUE(p[0].disabled);
  EXPECT_EQ(p[0].retry_timeout, 9s);
  EXPECT_EQ(p[0].retry_limit, 3);
  EXPECT_EQ(p[0].timeout, 4s);
  EXPECT_EQ(p[0].connect_timeout, 2s);
  EXPECT_EQ(p[0].comment, "c");
  EXPECT_EQ(p[1].url, "udp://239.0.0.9:4501?ttl=3");
  EXPECT_EQ(p[1].ttl, 3);
  EXPECT_TRUE(p[1].multicast_loop);
  EXPECT_EQ(p[2].bitrate, 3000u);
  EXPECT_FALSE(p[2].disabled);
}

TEST(Config, ReadsBackups) {
  const auto loaded = load_text(
      "vod slate { storage /; } stream a { input publish://; backup slate/etc/passwd timeout=1 "
      "video_timeout=2 "
      "audio_timeout=3 dvr=true transcode=true; } stream b { backup slate/etc/passwd; }",
      "f");
  ASSERT_TRUE(loaded.config);
  EXPECT_TRUE(loaded.diagnostics.empty());
  const Backup& b = *loaded.config->streams.at(0).backup;
  EXPECT_EQ(b.file, "slate/etc/passwd");
  EXPECT_EQ(b.path, "/etc/passwd");
  EXPECT_EQ(b.timeout, 1s);
  EXPECT_EQ(b.video_timeout, 2s);
  EXPECT_EQ(b.audio_timeout, 3s);
  EXPECT_TRUE(b.dvr);
  EXPECT_TRUE(b.transcode);
  EXPECT_FALSE(loaded.config->streams.at(1).backup->timeout);
}

TEST(Config, ReadsEventSinks) {
  const Config c = good(R"(
    notify a { sink http://h/x?y=1; only event=stream_started,source_* media=news; only event=source_lost; except media=*;
      verbose debug; sign_key k; throttle_delay 3; resend_limit 50; resend_timeout 4; tenant "t 1"; }
    event_sink b { url jsonlog:///var/log/x.json; max_size 10M; max_depth 3; })");
  ASSERT_EQ(c.event_sinks.size(), 2u);
  const EventSink& a = c.event_sinks[0];
  EXPECT_EQ(a.name, "a");
  EXPECT_EQ(a.url, "http://h/x?y=1");
  EXPECT_EQ(a.only,
            (std::vector<EventFilter>{{{"event", {"stream_started", "source_*"}}, {"media", {"news"}}},
                                      {{"event", {"source_lost"}}}}));
  EXPECT_EQ(a.except, (std::vector<EventFilter>{{{"media", {"*"}}}}));
  EXPECT_EQ(a.level, LogLevel::kDebug);
  EXPECT_EQ(a.sign_key, "k");
  EXPECT_EQ(a.throttle_delay, 3s);
  EXPECT_EQ(a.resend_limit, 50);
  EXPECT_EQ(a.resend_timeout, 4s);
  EXPECT_EQ(a.extra.at("tenant"), "t 1");
  EXPECT_EQ(c.event_sinks[1].max_size, 10u << 20);
  EXPECT_EQ(c.event_sinks[1].max_depth, 3);
}

#define IN_STREAM(x) "stream s { input fake://fake; " x " }"
#define INPUT(x) "stream s { input " x "; }"

TEST(Config, MessagesAreExact) {
  const std::pair<const char*, const char*> cases[] = {
      {IN_STREAM("segmet_duration 5;"),
       "f:1:31: unknown directive 'segmet_duration': did you mean 'segment_duration'?"},
      {"htttp 80;", "f:1:1: unknown directive 'htttp': did you mean 'http'?"},
      {"banana;", "f:1:1: unknown directive 'banana'"},
      {"segment_duration 5;",
       "f:1:1: 'segment_duration' is a directive of a stream, not of the file's top level: is a '{' or '}' "
       "misplaced?"},
      {"input fake://fake;",
       "f:1:1: 'input' is a directive of a stream, not of the file's top level: is a '{' or '}' misplaced?"},
      {IN_STREAM("http 80;"),
       "f:1:31: 'http' is a directive of the file's top level, not of a stream: is a '{' or '}' misplaced?"},
      {IN_STREAM("segment_duration 0.1;"),
       "f:1:48: segment_duration: '0.1' is not a number of seconds from 0.2 to 60"},
      {IN_STREAM("segment_duration 61;"),
       "f:1:48: segment_duration: '61' is not a number of seconds from 0.2 to 60"},
      {IN_STREAM("segment_duration 5s;"),
       "f:1:48: segment_duration: '5s' is not a number of seconds from 0.2 to 60"},
      {IN_STREAM("segment_duration;"),
       "f:1:31: 'segment_duration' needs a value: a number of seconds from 0.2 to 60"},
      {IN_STREAM("segment_duration -5;"),
       "f:1:48: segment_duration: '-5' is not a number of seconds from 0.2 to 60"},
      {IN_STREAM("segment_duration 5 6;"), "f:1:50: 'segment_duration' takes one value: '6' is too much"},
      {IN_STREAM("segment_duration 5 { }"), "f:1:31: 'segment_duration' takes no block: end it with ';'"},
      {IN_STREAM("segment_duration 1.2345;"),
       "f:1:48: segment_duration: '1.2345' is not a number of seconds from 0.2 to 60"},
      {IN_STREAM("segment_duration 5\n segment_count 3;"),
       "f:2:2: ';' is missing after '5' at the end of line 1"},
      {IN_STREAM("segment_count 1;"), "f:1:45: segment_count: '1' is not a whole number from 2 to 1000"},
      {IN_STREAM("segment_count 99999999999999999999;"),
       "f:1:45: segment_count: '99999999999999999999' is not a whole number from 2 to 1000"},
      {IN_STREAM("segment_count 3; segment_count 4;"),
       "f:1:48: warning: 'segment_count' is set a second time: the earlier value is lost"},
      {IN_STREAM("mpegts_pids pmt=100; mpegts_pids v1=200;"),
       "f:1:52: warning: 'mpegts_pids' is set a second time: the earlier value is lost"},
      {IN_STREAM("chunk_duration 10;"),
       "f:1:46: chunk_duration: '10' is not a whole number of milliseconds from 20 to 5000"},
      {IN_STREAM("chunk_duration 2000; segment_duration 2;"),
       "f:1:8: stream 's': chunk_duration (2000 ms) must be shorter than segment_duration (2000 ms)"},
      {IN_STREAM("source_timeout 0;"),
       "f:1:46: source_timeout: '0' is not a whole number of seconds from 1 to 86400 (or false)"},
      {IN_STREAM("max_retry_timeout false;"),
       "f:1:49: max_retry_timeout: 'false' is not a whole number of seconds from 1 to 86400"},
      {IN_STREAM("disabled maybe;"), "f:1:40: disabled: 'maybe' is not a switch: write true or false"},
      {IN_STREAM("rtp;"), "f:1:31: 'rtp' needs a value: udp or tcp"},
      {IN_STREAM("rtp sctp;"), "f:1:35: rtp: 'sctp' is not a transport: write udp or tcp"},
      {IN_STREAM("protocols;"),
       "f:1:31: 'protocols' needs names: protocols hls dash; (only these) or protocols -dash; (all but "
       "these)"},
      {IN_STREAM("protocols hls -dash;"),
       "f:1:45: 'protocols' takes either names to allow or names with '-' to forbid, not both"},
      {IN_STREAM("protocols hsl;"), "f:1:41: unknown protocol 'hsl': did you mean 'hls'?"},
      {IN_STREAM("protocols hls rtmp;"), "f:1:45: warning: protocol 'rtmp' is known but not served here yet"},
      {IN_STREAM("rtmp on;"), "f:1:31: warning: protocol 'rtmp' is known but not served here yet"},
      {IN_STREAM("hls perhaps;"), "f:1:35: hls: 'perhaps' is not a switch: write true or false"},
      {IN_STREAM("dvr /storage 5d;"),
       "f:1:31: warning: directive 'dvr' is known but not supported here yet: it has no effect"},
      {"template t { input nonsense; }",
       "f:1:20: 'nonsense' is not an URL: write scheme://address, for example udp://239.0.0.1:1234"},
      {"http;", "f:1:1: 'http' needs a port: http 80;"},
      {"http 0;", "f:1:6: port: '0' is not a whole number from 1 to 65535"},
      {"http 65536;", "f:1:6: port: '65536' is not a whole number from 1 to 65535"},
      {"http localhost:80;",
       "f:1:6: 'localhost:80' is not a place to listen on: write PORT, IP:PORT or [IPv6]:PORT"},
      {"http 80 90;", "f:1:9: 'http' takes one port: '90' is too much"},
      {"http 80\nloglevel info;", "f:2:1: ';' is missing after '80' at the end of line 1"},
      {"http 80 { aip false; }", "f:1:11: unknown directive 'aip': did you mean 'api'?"},
      {"http 80 { read_timeout 5; }",
       "f:1:11: warning: directive 'read_timeout' is known but not supported here yet: it has no effect"},
      {"http 80; http 80;", "f:1:10: port 80 is taken already at f:1:1"},
      {"https 443;",
       "f:1:1: https needs a certificate and its private key: https 443 { certificate FILE; certificate_key "
       "FILE; }"},
      {"http 80 { certificate /c; }", "f:1:1: warning: http uses no certificate: write https to serve it"},
      {"edit_auth admin;", "f:1:1: 'edit_auth' needs a user and a password: edit_auth USER PASSWORD;"},
      {"edit_auth a b c;", "f:1:15: 'edit_auth' takes a user and a password: 'c' is too much"},
      {"edit_auth a:b c;", "f:1:11: edit_auth: a user name is not empty and holds no ':'"},
      {"edit_auth a \"\";", "f:1:13: edit_auth: the password is empty"},
      {"loglevel verbose;",
       "f:1:10: loglevel: 'verbose' is not a log level: write one of none, critical, alert, error, warning, "
       "notice, info, debug"},
      {"stream;", "f:1:1: 'stream' needs a name: stream NAME { input URL; }"},
      {"stream a..b/../c { input fake://fake; }",
       "f:1:8: the name 'a..b/../c' has the part '..', which is not allowed"},
      {"stream caf\xC3\xA9 { input fake://fake; }",
       "f:1:8: the name 'caf\xC3\xA9"
       "' holds characters that a stream's name cannot have: use Latin letters, digits, '.', '-', '_' and "
       "'/'"},
      {"stream a//b { input fake://fake; }",
       "f:1:8: the name 'a//b' has an empty part: write single '/' between the parts only"},
      {"stream a { input fake://fake; }\nstream a { input fake://fake; }",
       "f:2:8: a stream 'a' stands already at f:1:8: names must differ"},
      {"stream a { }", "f:1:8: warning: stream 'a' has no input that runs here: it will only wait"},
      {INPUT(""), "f:1:12: 'input' needs an URL, for example input udp://239.0.0.1:1234;"},
      {INPUT("nonsense"),
       "f:1:18: 'nonsense' is not an URL: write scheme://address, for example udp://239.0.0.1:1234"},
      {INPUT("upd://239.0.0.1:1"), "f:1:18: unknown scheme 'upd://': did you mean 'udp'?"},
      {INPUT("m4s://h/x"),
       "f:1:8: warning: stream 's' has no input that runs here: it will only wait\nf:1:18: warning: inputs "
       "of m4s:// are not supported here yet: this one is left out"},
      {INPUT("https://example.com"),
       "f:1:8: warning: stream 's' has no input that runs here: it will only wait\nf:1:18: warning: what "
       "does this address carry? Write hls:// for a playlist or tshttp:// for MPEG-TS instead of https://: "
       "this input is left out"},
      {INPUT("udp://h:1\n segment_count 3"), "f:2:2: ';' is missing after 'udp://h:1' at the end of line 1"},
      {INPUT("udp://h:1 segmnt=3"), "f:1:28: unknown argument 'segmnt'"},
      {INPUT("udp://h:1 progam=3"), "f:1:28: unknown argument 'progam': did you mean 'program'?"},
      {INPUT("udp://h:1 program"), "f:1:28: argument 'program' needs a value: program=VALUE"},
      {INPUT("udp://h:1 program=0"), "f:1:28: program: '0' is not a whole number from 1 to 65535"},
      {INPUT("udp://h:1 pids=1,x"), "f:1:28: pids: '1' is not a whole number from 16 to 8190"},
      {INPUT("udp://h:1 sources=example.com"), "f:1:28: sources: 'example.com' is not an IP address"},
      {INPUT("udp://h:1 buffer_size=1"),
       "f:1:28: buffer_size: '1' is not a number of bytes (with K, M or G) from 4096 to 1073741824"},
      {INPUT("udp://h:1 passphrase=0123456789"),
       "f:1:28: warning: argument 'passphrase' means nothing to udp://: it has no effect"},
      {INPUT("udp://h:1 output_audio=aac"),
       "f:1:28: warning: argument 'output_audio' is known but not supported here yet: it has no effect"},
      {INPUT("srt://h:1 passphrase=short"), "f:1:28: passphrase: 'short' is not a text of 10 to 79 bytes"},
      {INPUT("rtsp://h/x rtp=sctp"), "f:1:29: rtp: 'sctp' is not a transport: write udp or tcp"},
      {INPUT("tshttp://h/x header.X(=1"),
       "f:1:31: header.X(: the part after 'header.' is not the name of a header"},
      {INPUT("fake://fake bitrate=1"),
       "f:1:30: bitrate: '1' is not a bitrate in kbit/s (or with k or M) from 10 to 100000"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(messages(text), expected) << text;
}

TEST(Config, ComparesByMeaningNotByPlace) {
  const Config a = good("stream a { input udp://239.0.0.1:1 program=1; } stream b { input fake://fake; }");
  EXPECT_EQ(
      a,
      good(
          "# moved\n\nstream a {\n  input udp://239.0.0.1:1 program=1;\n}\nstream b { input fake://fake; }"));
  EXPECT_NE(a, good("stream a { input udp://239.0.0.1:1 program=2; } stream b { input fake://fake; }"));
  EXPECT_NE(a.streams[0], a.streams[1]);
}

TEST(Config, AllErrorsOfAFileAreReported) {
  EXPECT_EQ(messages("htpt 1;\nstream a {\n  input foo://x;\n  segment_count x;\n}\n}"),
            "f:1:1: unknown directive 'htpt': did you mean 'http'?\n"
            "f:3:9: unknown scheme 'foo://'\n"
            "f:4:17: segment_count: 'x' is not a whole number from 2 to 1000\n"
            "f:6:1: '}' closes nothing: a '{' is missing before it or this one is too many");
}

TEST(Config, AFileOfGarbageIsReadQuickly) {
  std::string text;
  for (int i = 0; i < 30'000; ++i) text += "segmentduratio ";
  text += ";\n";
  for (int i = 0; i < 30'000; ++i) text += "segmentduratio ;";
  for (int i = 0; i < 20'000; ++i) text += "stream a { chunk_duration 5000; } ";  // all on one line
  const auto start = std::chrono::steady_clock::now();
  const auto loaded = load_text(text, "f");
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            20s);  // a tenth of a second; minutes, if every hint is sought
  EXPECT_EQ(loaded.diagnostics.size(), Reporter::kMax + 1);  // and how many more there are
}

TEST(Config, ErrorsShowTheSourceLine) {
  const auto loaded = load_text("stream a {\n  input fake://fake;\n  segmet_duration 5;\n}\n", "demo.conf");
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(format(loaded.diagnostics[0]),
            "demo.conf:3:3: unknown directive 'segmet_duration': did you mean 'segment_duration'?\n"
            "    segmet_duration 5;\n"
            "    ^~~~~~~~~~~~~~~");
  EXPECT_FALSE(loaded.config);
}

TEST(Config, TenThousandStreamsLoadQuickly) {
  std::string text = "http 80;\n";
  for (int i = 0; i < 10000; ++i)
    text += "stream channel" + std::to_string(i) +
            " {\n  title \"Channel\";\n  input udp://239.0.0.1:" + std::to_string(1024 + i) +
            " program=21 source_timeout=15;\n  segment_duration 4;\n  segment_count 5;\n}\n";
  const auto start = std::chrono::steady_clock::now();
  const Config c = good(text);
  EXPECT_LT(std::chrono::steady_clock::now() - start,
            5s);  // 1 s is wanted; sanitizers and busy machines are slower
  EXPECT_EQ(c.streams.size(), 10000u);
}

}  // namespace
}  // namespace sluice::config
