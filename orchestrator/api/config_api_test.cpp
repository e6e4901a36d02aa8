#include "orchestrator/api/config_api.h"

#include <gtest/gtest.h>

#include "orchestrator/api/patch.h"
#include "orchestrator/testing/memory_store.h"

namespace sluice::api {
namespace {

using testing::MemoryStore;

struct Server {
  explicit Server(std::string text) : store(std::move(text)) {}
  ApiReply put(std::string_view name, std::string_view body, Kind kind = Kind::kStream) {
    return writer.put(kind, name, body);
  }
  // What the file says of a stream then, or the error.
  std::string after(std::string_view name, std::string_view body) {
    const ApiReply reply = put(name, body);
    return reply.status == 0 ? store.text() : reply.body;
  }
  std::string stored(std::string_view name, Secrets secrets = Secrets::kShown) {
    json::Node node = stored_stream(*on_disk.blocks(store.current()), name, secrets);
    if (!node) return "(none)";
    gchar* text = json_to_string(node.get(), FALSE);
    std::string out(text);
    g_free(text);
    return out;
  }

  MemoryStore store;
  ConfigWriter writer{store};
  OnDisk on_disk;
};

std::string title_of(const ApiReply& reply) {
  std::string problem;
  const json::Node node = json::parse(reply.body, problem);
  if (!node) return reply.body;
  JsonArray* errors = json_object_get_array_member(json_node_get_object(node.get()), "errors");
  return json_object_get_string_member(json_array_get_object_element(errors, 0), "title");
}

const char* const kFile =
    "# my server\n"
    "http 80;\n"
    "\n"
    "stream a {  # news\n"
    "  # from the satellite\n"
    "  input udp://239.0.0.1:1234 program=2;  # transponder 4\n"
    "  segment_duration 4;\n"
    "}\n";

TEST(ConfigApi, SetsChangesAndTakesAwayValues) {
  Server server(kFile);
  EXPECT_EQ(server.after("a", R"({"segment_duration":2500,"title":"The news"})"),
            "# my server\n"
            "http 80;\n"
            "\n"
            "stream a {  # news\n"
            "  # from the satellite\n"
            "  input udp://239.0.0.1:1234 program=2;  # transponder 4\n"
            "  segment_duration 2.5;\n"
            "  title \"The news\";\n"
            "}\n");
  EXPECT_EQ(server.after("a", R"({"segment_duration":null,"title":null})"),
            "# my server\n"
            "http 80;\n"
            "\n"
            "stream a {  # news\n"
            "  # from the satellite\n"
            "  input udp://239.0.0.1:1234 program=2;  # transponder 4\n"
            "}\n");
}

TEST(ConfigApi, ListsAreReplacedAndWhatStaysKeepsItsLine) {
  Server server(kFile);
  const auto inputs = [&](const char* body) {
    const std::string text = server.after("a", body);
    const size_t begin = text.find("  # from the satellite\n");
    return text.substr(begin, text.find("  segment_duration") - begin);
  };
  EXPECT_EQ(inputs(R"({"inputs":[{"url":"udp://239.0.0.1:1234","program":2},{"url":"publish://"}]})"),
            "  # from the satellite\n"
            "  input udp://239.0.0.1:1234 program=2;  # transponder 4\n"
            "  input publish://;\n");
  EXPECT_EQ(inputs(R"({"inputs":[{"url":"hls://h/x.m3u8","user_agent":"My TV","headers":{"X-Key":"a b"}},
                                 {"url":"publish://","priority":2,"stats":{"active":true}}]})"),
            "  # from the satellite\n"
            "  input hls://h/x.m3u8 user_agent=\"My TV\" header.X-Key=\"a b\";  # transponder 4\n"
            "  input publish:// priority=2;\n");
  EXPECT_EQ(inputs(R"({"inputs":["fake://fake"]})"),
            "  # from the satellite\n"
            "  input fake://fake;  # transponder 4\n");
}

TEST(ConfigApi, MakesAndDeletesStreams) {
  Server server(kFile);
  EXPECT_EQ(
      server
          .put("b",
               R"({"name":"b","static":false,"inputs":[{"url":"tshttp://h/b"}],"labels":{"region":"north"},
      "pushes":[{"url":"udp://239.0.0.2:5000","bitrate":8000,"multicast_loop":true,"pids":{"v1":211,"pmt":100}}],
      "clients_timeout":false,"groups":["sport","hd"],"domains":["*.example.com"],"mpegts_pids":{"a1":120},
      "program_id":7,"protocols":{"dash":false},"retry_limit":3})")
          .status,
      0);
  EXPECT_EQ(server.store.text().substr(std::string(kFile).size()),
            "ondemand b {\n"
            "  input tshttp://h/b;\n"
            "  push udp://239.0.0.2:5000 multicast_loop bitrate=8000 pids=pmt:100,v1:211;\n"
            "  protocols -dash;\n"
            "  retry_limit 3;\n"
            "  clients_timeout false;\n"
            "  mpegts_pids a1=120;\n"
            "  meta program_id 7;\n"
            "  domains *.example.com;\n"
            "  group sport hd;\n"
            "  labels region=north;\n"
            "}\n");
  EXPECT_EQ(server.store.current()->config.streams.size(), 2u);
  EXPECT_EQ(server.put("b", R"({"static":true})").status, 0);
  EXPECT_NE(server.store.text().find("\nstream b {\n"), std::string::npos);
  EXPECT_EQ(server.writer.remove(Kind::kStream, "b").status, 0);
  EXPECT_EQ(server.store.text(), kFile);
  EXPECT_EQ(server.writer.remove(Kind::kStream, "b").status, 404);
}

TEST(ConfigApi, ResetBeginsWithNothing) {
  Server server("http 80;\nstream a { input udp://239.0.0.1:1; title x; transcoder vb=2048k; } # end\n");
  EXPECT_EQ(server.after("a", R"({"$reset":true,"inputs":[{"url":"publish://"}]})"),
            "http 80;\nstream a { input publish://; } # end\n");
}

TEST(ConfigApi, WhoSendsBackWhatHeGotChangesNothing) {
  const std::string file =
      "http 80;\n"
      "template t { clients_timeout 20; segment_count 7; }\n"
      "ondemand a {\n"
      "  template t;\n"
      "  input tshttp://user:secret@h/1 priority=1;\n"
      "  input srt://h:9000 passphrase=0123456789;\n"
      "  input tshttp://other:hidden@h/1 header.Authorization=\"Bearer hush\" header.X-A=1;\n"
      "  password pub;\n"
      "  protocols hls cmaf;\n"
      "}\n";
  Server server(file);
  // As GET shows it: effective values, no passwords.
  const config::Stream& stream = server.store.current()->config.streams[0];
  json::Object shown;
  shown.text("name", "a").text("named_by", "config").number("position", 0);
  add_values(shown, stream, Secrets::kHidden);
  for (const char* key : {"segment_duration", "segment_count", "protocols", "static"})
    shown.node(key, stream_value(stream, key, Secrets::kHidden));
  shown.object("stats", json::Object());
  const std::string body = json::write(shown);
  EXPECT_EQ(body.find("secret"), std::string::npos) << body;
  EXPECT_EQ(body.find("0123456789"), std::string::npos) << body;
  EXPECT_EQ(body.find("\"pub\""), std::string::npos) << body;
  EXPECT_EQ(body.find("hush"), std::string::npos) << body;
  EXPECT_EQ(body.find("hidden"), std::string::npos) << body;
  EXPECT_EQ(server.after("a", body), file);
  // And with one change, only that.
  shown.text("title", "T");
  EXPECT_EQ(server.after("a", json::write(shown)), file.substr(0, file.size() - 2) + "  title T;\n}\n");
}

TEST(ConfigApi, ProtocolsAreSwitches) {
  Server server("http 80;\nstream a { }\ntemplate t { protocols hls; }\nstream b { template t; }\n");
  const auto protocols = [&](const char* name, const char* body) {
    const ApiReply reply = server.put(name, body);
    if (reply.status != 0) return title_of(reply);
    const auto& streams = server.store.current()->config.streams;
    const config::Protocols& p = streams[std::string(name) == "a" ? 0 : 1].protocols;
    return std::string(p.hls ? "hls " : "") + (p.cmaf ? "cmaf " : "") + (p.dash ? "dash " : "") +
           (p.tshttp ? "ts" : "");
  };
  EXPECT_EQ(protocols("a", R"({"protocols":{"dash":false}})"), "hls cmaf ts");
  EXPECT_EQ(protocols("a", R"({"protocols":{"cmaf":false}})"), "hls ts");
  EXPECT_EQ(protocols("a", R"({"cmaf_enabled":true})"), "hls cmaf ts");
  EXPECT_EQ(protocols("a", R"({"protocols":{"whitelist":true,"dash":true}})"), "dash ");
  EXPECT_EQ(protocols("a", R"({"protocols":null})"), "hls cmaf dash ts");
  EXPECT_EQ(protocols("b", R"({"protocols":{"dash":true}})"), "hls dash ");
  EXPECT_EQ(protocols("a", R"({"protocols":{"rtmp":false}})"), "hls cmaf dash ts");
  EXPECT_EQ(protocols("a", R"({"protocols":{"rtmp":true}})"),
            "protocols.rtmp: known, but not served here yet");
  EXPECT_EQ(protocols("a", R"({"protocols":{"hsl":true}})"),
            "protocols: there is no 'hsl': did you mean 'hls'?");
}

TEST(ConfigApi, AStreamOfATemplateRunsAllTheTimeIfItSaysSo) {
  Server server("http 80;\ntemplate t { static false; }\nstream a { template t; }\n");
  const auto is_static = [&] { return server.store.current()->config.streams.at(0).is_static; };
  const auto block = [&] { return server.store.text().substr(server.store.text().find("}\n") + 2); };
  EXPECT_FALSE(is_static());
  EXPECT_EQ(server.put("a", R"({"static":true})").status, 0);
  EXPECT_TRUE(is_static());
  EXPECT_EQ(block(), "stream a { template t; static true; }\n");
  EXPECT_EQ(server.put("a", R"({"static":false})").status, 0);
  EXPECT_FALSE(is_static());
  EXPECT_EQ(block(), "ondemand a { template t; }\n");
  EXPECT_EQ(server.put("a", R"({"static":null})").status, 0);
  EXPECT_EQ(block(), "stream a { template t; }\n");
  EXPECT_EQ(server.put("a", R"({"$reset":true,"static":true,"template":null})").status, 0);
  EXPECT_TRUE(is_static());
  EXPECT_EQ(server.put("b", R"({"template":"t","static":true})").status, 0);
  EXPECT_TRUE(server.store.current()->config.streams.at(1).is_static);
}

TEST(ConfigApi, WhatATemplateSaysOtherwiseIsWritten) {
  Server server("http 80;\ntemplate t { segment_count 9; }\n");
  EXPECT_EQ(server.put("a", R"({"template":"t","segment_count":4,"title":""})").status, 0);
  EXPECT_EQ(server.store.current()->config.streams.at(0).segment_count, 4);
  EXPECT_EQ(server.put("a", R"({"segment_count":null})").status, 0);
  EXPECT_EQ(server.store.current()->config.streams.at(0).segment_count, 9);
  EXPECT_EQ(server.put("a", R"({"template":null,"segment_count":9})").status, 0);
  EXPECT_EQ(server.store.current()->config.streams.at(0).segment_count, 9);
  EXPECT_EQ(server.put("a", R"({"template":"t","segment_count":9})").status, 0);
  EXPECT_EQ(server.put("a", R"({"template":null,"segment_count":4})").status, 0);
  EXPECT_EQ(server.store.current()->config.streams.at(0).segment_count, 4);
}

TEST(ConfigApi, ObjectsAreMerged) {
  Server server(
      "http 80;\nvod v { storage /tmp; }\nstream a { backup v/slate.mp4 timeout=3; labels a=1 b=2; }\n");
  server.put("a", R"({"backup":{"audio_timeout":5,"timeout":null},"labels":{"b":null,"c":"x y"}})");
  EXPECT_EQ(server.store.text().substr(server.store.text().find("stream")),
            "stream a { backup v/slate.mp4 audio_timeout=5; labels a=1 c=\"x y\"; }\n");
  server.put("a", R"({"backup":null})");
  EXPECT_EQ(server.store.text().substr(server.store.text().find("stream")),
            "stream a { labels a=1 c=\"x y\"; }\n");
}

TEST(ConfigApi, OldSpellingsGiveWay) {
  Server server(
      "http 80;\nstream a udp://239.0.0.1:1 program=3;\nstream b { urls udp://h:1 udp://h:2; hls off; "
      "segments 5; }\n");
  EXPECT_EQ(server.put("a", R"({"inputs":[{"url":"udp://239.0.0.1:2"}]})").status, 0);
  EXPECT_EQ(
      server.put("b", R"({"inputs":["publish://"],"protocols":{"hls":true,"dash":false},"segment_count":6})")
          .status,
      0);
  EXPECT_EQ(server.store.text(),
            "http 80;\nstream a {\n  input udp://239.0.0.1:2;\n}\n"
            "stream b { input publish://; protocols -dash; segment_count 6; }\n");
}

TEST(ConfigApi, Templates) {
  Server server(kFile);
  EXPECT_EQ(
      server.put("t", R"({"prefixes":["chats"],"inputs":["publish://"],"static":false})", Kind::kTemplate)
          .status,
      0);
  EXPECT_EQ(server.store.text().substr(std::string(kFile).size()),
            "template t {\n  prefix chats;\n  input publish://;\n  static false;\n}\n");
  EXPECT_EQ(server.put("t", R"({"prefixes":null,"inputs":null,"segment_count":9})", Kind::kTemplate).status,
            0);
  EXPECT_EQ(server.store.text().substr(std::string(kFile).size()),
            "template t {\n  static false;\n  segment_count 9;\n}\n");
  EXPECT_EQ(server.put("a", R"({"template":"t"})").status, 0);
  EXPECT_EQ(server.store.current()->config.streams[0].segment_count, 9);
  const ApiReply used = server.writer.remove(Kind::kTemplate, "t");
  EXPECT_EQ(used.status, 400);
  EXPECT_EQ(title_of(used), "no template 't' is declared");
  EXPECT_EQ(server.put("a", R"({"template":null})").status, 0);
  EXPECT_EQ(server.writer.remove(Kind::kTemplate, "t").status, 0);
  EXPECT_EQ(server.store.text(), kFile);
}

TEST(ConfigApi, AStreamIsEditedInTheFileWhereItStands) {
  MemoryStore store("http 80;\n", "# theirs\nstream x { input fake://fake; }\n");
  ConfigWriter writer(store);
  EXPECT_EQ(writer.put(Kind::kStream, "x", R"({"title":"t"})").status, 0);
  EXPECT_EQ(store.text(0), "http 80;\n");
  EXPECT_EQ(store.text(1), "# theirs\nstream x { input fake://fake; title t; }\n");
}

TEST(ConfigApi, SaysWhatIsWrongAndChangesNothing) {
  Server server(kFile);
  const auto refused = [&](std::string_view body) {
    const ApiReply reply = server.put("a", body);
    EXPECT_EQ(reply.status, 400) << body;
    EXPECT_EQ(server.store.text(), kFile);
    return title_of(reply);
  };
  EXPECT_EQ(refused(R"({"titel":"x"})"), "there is no 'titel': did you mean 'title'?");
  EXPECT_NE(server.put("a", R"({"foo":1})").body.find(R"("extra_keys":["foo"])"), std::string::npos);
  EXPECT_EQ(refused(R"({"inputs":[{"url":"udp://h:1","prioritty":1}]})"),
            "inputs[0]: there is no 'prioritty': did you mean 'priority'?");
  EXPECT_EQ(refused(R"({"inputs":[{"priority":1}]})"), "inputs[0]: 'url' is missing");
  EXPECT_EQ(refused(R"({"inputs":"udp://h:1"})"), "inputs: a list is wanted here");
  EXPECT_EQ(refused(R"({"title":5})"), "title: a string is wanted here");
  EXPECT_EQ(refused(R"({"disabled":"yes"})"), "disabled: true or false is wanted here");
  EXPECT_EQ(refused(R"({"segment_duration":"5"})"),
            "segment_duration: a number of milliseconds is wanted here");
  EXPECT_EQ(refused(R"({"segment_duration":50})"),
            "segment_duration: '0.05' is not a number of seconds from 0.2 to 60");
  EXPECT_EQ(refused(R"({"segment_count":-1})"), "segment_count: a whole number from 0 on is wanted here");
  EXPECT_EQ(refused(R"({"title":"two\nlines"})"),
            "title: this text cannot stand in the file: it has a line end or another control character, or "
            "it is too "
            "long");
  EXPECT_EQ(refused(R"({"dvr":{"root":"/d"}})"), "dvr: known, but not supported here yet");
  EXPECT_EQ(refused(R"({"template":"none"})"), "no template 'none' is declared");
  EXPECT_EQ(refused(R"({"$reset":1})"), "$reset: true or false is wanted here");
  EXPECT_EQ(refused("[]"), "the body is no JSON object");
  EXPECT_EQ(refused(""), "the body is empty");
  EXPECT_NE(refused("{\"title\":").find("arse"), std::string::npos);
  EXPECT_EQ(refused(std::string(100'000, '[')), "the body is nested too deep");
  EXPECT_EQ(refused("{/*\"*/[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[["),
            "the body is no JSON: a comment or a single quote");
}

TEST(ConfigApi, RefusalsOfTheStoreHaveTheirStatus) {
  Server server(kFile);
  const std::pair<store::Refusal, int> statuses[] = {{store::Refusal::kLocked, 403},
                                                     {store::Refusal::kBroken, 500},
                                                     {store::Refusal::kFailed, 500},
                                                     {store::Refusal::kStopping, 503},
                                                     {store::Refusal::kInvalid, 400}};
  for (const auto& [why, status] : statuses) {
    server.store.refuse = store::Refused{why, "because", {}};
    EXPECT_EQ(server.put("a", "{}").status, status);
  }
}

TEST(ConfigApi, SecretsAreForWhoMayChangeThem) {
  Server server("http 80;\nstream a { input rtsp://u:pw@h/1; password pub; push udp://239.0.0.1:1; }\n");
  EXPECT_EQ(
      server.stored("a"),
      R"({"inputs":[{"url":"rtsp://u:pw@h/1"}],"password":"pub","pushes":[{"url":"udp://239.0.0.1:1"}],"name":"a"})");
  EXPECT_EQ(server.stored("a", Secrets::kHidden),
            R"({"inputs":[{"url":"rtsp://h/1"}],"pushes":[{"url":"udp://239.0.0.1:1"}],"name":"a"})");
}

TEST(ConfigApi, TheWholeConfiguration) {
  Server server(kFile);
  EXPECT_EQ(server.writer.put_config(R"({"loglevel":"debug","max_sessions":100})").status, 0);
  EXPECT_EQ(server.store.text().substr(std::string(kFile).size()), "loglevel debug;\nmax_sessions 100;\n");
  EXPECT_EQ(server.writer.put_config(R"({"loglevel":null,"max_sessions":null})").status, 0);
  EXPECT_EQ(server.store.text(), kFile);
  // What GET shows changes nothing.
  const json::Object shown = stored_config(*server.on_disk.blocks(server.store.current()), Secrets::kShown);
  EXPECT_EQ(server.writer.put_config(json::write(shown)).status, 0);
  EXPECT_EQ(server.store.text(), kFile);
  // Lists are replaced whole.
  EXPECT_EQ(server.writer.put_config(R"({"streams":[{"name":"z","inputs":["fake://fake"]}]})").status, 0);
  EXPECT_EQ(server.store.text(), "# my server\nhttp 80;\n\nstream z {\n  input fake://fake;\n}\n");
  // Text is the file.
  EXPECT_EQ(server.writer.put_config("# new\nhttp 81;\n").status, 0);
  EXPECT_EQ(server.store.text(), "# new\nhttp 81;\n");
  EXPECT_EQ(server.writer.put_config("http x;\n").status, 400);
  EXPECT_EQ(server.writer.put_config(R"({"loglevl":"debug"})").status, 400);
  EXPECT_EQ(server.store.text(), "# new\nhttp 81;\n");
}

TEST(ConfigApi, ATextIsCheckedWithoutBeingTaken) {
  Server server(kFile);
  EXPECT_EQ(server.writer.check_config("http 80;\nstream q { }\n").status, 200);
  const ApiReply bad = server.writer.check_config("http 80;\n  nonsense;\n");
  EXPECT_EQ(bad.status, 400);
  EXPECT_NE(bad.body.find(R"("line":2,"col":3)"), std::string::npos) << bad.body;
  EXPECT_EQ(server.store.text(), kFile);
}

}  // namespace
}  // namespace sluice::api
