// Random writes: the file always says what was written, whatever the values hold and however it is laid out.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "orchestrator/api/config_api.h"
#include "orchestrator/api/patch.h"
#include "orchestrator/config/tables.h"
#include "orchestrator/testing/memory_store.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sluice::api {
namespace {

using config::Form;
using config::Unit;

class Random {
 public:
  explicit Random(unsigned seed) : engine_(seed) {}
  int64_t number(int64_t from, int64_t to) {
    return std::uniform_int_distribution<int64_t>(from, to)(engine_);
  }
  bool chance(int of) { return number(1, of) == 1; }
  std::string text(size_t most) {
    static constexpr std::string_view kPieces[] = {"\"", "'",  "\\", "=",  "#", ";", "{",  "}",
                                                   " ",  "\t", "a",  "Zz", "é", "/", "%s", "0"};
    std::string out;
    for (auto n = number(1, 8); n > 0 && out.size() + 4 < most; --n)
      out += kPieces[number(0, std::size(kPieces) - 1)];
    return out;
  }
  std::string word() {
    std::string out;
    for (auto n = number(1, 8); n > 0; --n) out += static_cast<char>('a' + number(0, 25));
    return out;
  }

 private:
  std::mt19937 engine_;
};

json::Node parsed(const std::string& text) {
  std::string problem;
  json::Node out = json::parse(text, problem);
  EXPECT_TRUE(out) << text << ": " << problem;
  return out;
}

std::string quoted(const std::string& text) {
  json::Object holder;
  holder.text("x", text);
  const std::string whole = json::write(holder);
  return whole.substr(5, whole.size() - 6);
}

// A value that the field may have, as JSON.
template <typename S>
std::string value_of(const config::Field<S>& field, Random& random) {
  const config::Limits& limits = field.limits;
  if (limits.can_be_off && limits.min > 0 && random.chance(6)) return "false";
  return std::visit(
      [&](auto member) -> std::string {
        if constexpr (std::is_same_v<decltype(member), Form>) {
          return {};
        } else {
          using Value = std::remove_cvref_t<decltype(std::declval<S>().*member)>;
          if constexpr (std::is_same_v<Value, bool>) {
            return random.chance(2) ? "true" : "false";
          } else if constexpr (std::is_same_v<Value, std::string>) {
            if (limits.unit == Unit::kHttpUrl) return quoted("http://" + random.word() + ".example.com");
            if (limits.unit == Unit::kFile) return quoted("/" + random.word());
            return quoted(random.text(static_cast<size_t>(limits.max)));
          } else if constexpr (std::is_same_v<Value, config::LogLevel> ||
                               std::is_same_v<Value, std::vector<std::string>> ||
                               std::is_same_v<Value, std::vector<int>> ||
                               std::is_same_v<Value, std::vector<uint16_t>>) {
            return {};
          } else {
            const int64_t kilo = limits.unit == Unit::kBitrate ? 1000 : 1;
            return std::to_string(
                random.number(limits.min / kilo, std::min<int64_t>(limits.max / kilo, 1'000'000)));
          }
        }
      },
      field.member);
}

std::string input(Random& random) {
  switch (random.number(0, 3)) {
    case 0:
      return R"({"url":"tshttp://h/)" + random.word() + R"(","user_agent":)" + quoted(random.text(100)) +
             R"(,"headers":{"X-A":)" + quoted(random.text(100)) + "}}";
    case 1:
      return R"({"url":"udp://239.0.0.1:)" + std::to_string(random.number(1, 65535)) + R"(","program":)" +
             std::to_string(random.number(1, 65535)) + R"(,"pids":[100,200],"comment":)" +
             quoted(random.text(100)) + "}";
    case 2:
      return R"({"url":"rtsp://u:p@h/1","rtp":"udp","tracks":[1,2],"priority":)" +
             std::to_string(random.number(0, 999)) + "}";
    default:
      return R"({"url":"srt://h:9000","passphrase":)" + quoted("0123456789" + random.text(60)) +
             R"(,"latency":500})";
  }
}

// A value for a key of a stream; empty: none is made up here.
std::string value_of(std::string_view key, Random& random) {
  const auto list = [&](auto make) {
    std::string out = "[";
    for (auto n = random.number(1, 3); n > 0; --n) (out += make()) += n > 1 ? "," : "";
    return out + "]";
  };
  if (key == "inputs") return list([&] { return input(random); });
  if (key == "pushes")
    return list([&] {
      return R"({"url":"udp://239.0.0.2:)" + std::to_string(random.number(1, 65535)) + R"(","service":)" +
             quoted(random.text(100)) + R"(,"multicast_loop":true,"pids":{"pmt":100,"v1":211}})";
    });
  if (key == "labels") return "{\"" + random.word() + "\":" + quoted(random.text(100)) + "}";
  if (key == "mpegts_pids") return R"({"pmt":)" + std::to_string(random.number(16, 8190)) + R"(,"a0":300})";
  if (key == "backup")
    return R"({"file":"v/slate.mp4","timeout":)" + std::to_string(random.number(1, 100)) + "}";
  if (key == "groups") return "[\"" + random.word() + "\"]";
  if (key == "domains") return R"(["*.)" + random.word() + R"(.com"])";
  if (key == "program_id") return std::to_string(random.number(1, 65535));
  if (key == "rtp") return R"("udp")";
  if (key == "protocols")
    return R"({"hls":true,"cmaf":)" + std::string(random.chance(2) ? "true" : "false") +
           R"(,"dash":false,"tshttp":true,"player":true,"api":true})";
  const config::Field<config::Stream>* field = find_field(config::kStreamSection, key);
  return field ? value_of(*field, random) : "";
}

std::string shown(JsonNode* node) {
  if (json::is_null(node)) return "null";
  gchar* text = json_to_string(node, FALSE);
  std::string out(text);
  g_free(text);
  return out;
}

TEST(RandomWrites, TheFileSaysWhatWasWritten) {
  Random random(20261120);
  const std::string frame =
      "# head\nhttp 80;\nvod v { storage /tmp; }\nstream before { }  # one\n"
      "stream x { # open\n  # inside\n}\t# behind\nstream after { }\n# end\n";
  testing::MemoryStore store(frame);
  ConfigWriter writer(store);
  static const config::Stream kDefaults;
  std::map<std::string, std::string> model;
  int written = 0;
  for (int round = 0; round < 600; ++round) {
    std::map<std::string, std::string> next = model;
    const bool reset = random.chance(20);
    std::string body = reset ? R"({"$reset":true)" : R"({"name":"x")";
    if (reset) next.clear();
    for (auto n = random.number(1, 4); n > 0; --n) {
      const std::string key(
          stream_keys()[static_cast<size_t>(random.number(0, int64_t(stream_keys().size()) - 1))]);
      if (body.find("\"" + key + "\":") != body.npos) continue;
      // What is merged is taken away first, so that the model stays simple.
      const bool merged = key == "labels" || key == "mpegts_pids" || key == "backup";
      const std::string value =
          random.chance(4) || (merged && next.contains(key)) ? std::string("null") : value_of(key, random);
      if (value.empty()) continue;
      body += ",\"" + key + "\":" + value;
      if (value == "null")
        next.erase(key);
      else
        next[key] = value;
    }
    body += "}";
    const ApiReply reply = writer.put(Kind::kStream, "x", body);
    if (reply.status != 0) {  // values that do not go together: chunk_duration over segment_duration, ...
      ASSERT_EQ(reply.status, 400) << body;
      continue;
    }
    ++written;
    model = std::move(next);
    const auto& streams = store.current()->config.streams;
    ASSERT_EQ(streams.size(), 3u) << store.text();
    for (const std::string_view key : stream_keys()) {
      const json::Node is = stream_value(streams[1], key, Secrets::kShown);
      const auto wanted = model.find(std::string(key));
      const json::Node should =
          wanted == model.end() ? stream_value(kDefaults, key, Secrets::kShown) : parsed(wanted->second);
      // Members of objects stand in the table's order, so they are compared as values.
      ASSERT_TRUE(json::equal(is.get(), should.get()))
          << key << ": " << shown(is.get()) << " is not " << shown(should.get()) << "\n"
          << body << "\n"
          << store.text();
    }
    for (const char* comment : {"# head\n", "# one\n", "# open\n", "# inside\n", "# behind\n", "# end\n"})
      ASSERT_NE(store.text().find(comment), std::string::npos) << comment << store.text();
  }
  EXPECT_GT(written, 300);
  EXPECT_EQ(writer.put(Kind::kStream, "x", R"({"$reset":true})").status, 0);
  EXPECT_EQ(config::load_text(store.text(), "x").config->streams[1].inputs.size(), 0u);
}

// The fuzz target's promises, on its seeds cut off at every byte and with every byte changed.
TEST(RandomWrites, SeedsOfTheFuzzTarget) {
  size_t seeds = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(SLUICE_SOURCE_ROOT "/orchestrator/fuzz/seeds/api-write")) {
    std::ostringstream content;
    content << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string text = content.str();
    const auto run = [](const std::string& input) {
      LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(input.data()), input.size());
    };
    run(text);
    for (size_t i = 0; i < text.size(); ++i) {
      run(text.substr(0, i));
      std::string changed = text;
      for (const char c : {'"', '{', '}', ';', ' ', '0', '\n', '\xff'}) {
        changed[i] = c;
        run(changed);
      }
    }
    ++seeds;
  }
  EXPECT_GE(seeds, 3u);
}

// A stream that a file or a template made, written in full, is read back as the same.
TEST(RandomWrites, EveryStreamOfTheExamplesIsWrittenAndReadBack) {
  size_t streams = 0;
  for (const char* name :
       {"cluster", "demo", "https", "old", "old_spellings", "options", "sources", "templates"}) {
    const std::string path = std::string(SLUICE_SOURCE_ROOT "/orchestrator/fuzz/seeds/config/") + name;
    std::ostringstream text;
    text << std::ifstream(path).rdbuf();
    const config::LoadResult loaded = config::load_text(text.str(), name);
    if (!loaded.config) continue;
    std::string vods;
    for (const config::VodLocation& v : loaded.config->vod_locations) {
      vods += "vod " + v.name + " {";
      for (const std::string& storage : v.storages) vods += " storage " + storage + ";";
      vods += " }\n";
    }
    for (const config::Stream& stream : loaded.config->streams) {
      json::Object all;
      for (const std::string_view key : stream_keys())
        if (json::Node value = key == "template" ? nullptr : stream_value(stream, key, Secrets::kShown))
          all.node(std::string(key).c_str(), std::move(value));
      testing::MemoryStore store("http 80;\n" + vods);
      ConfigWriter writer(store);
      const ApiReply reply = writer.put(Kind::kStream, stream.name, json::write(all));
      ASSERT_EQ(reply.status, 0) << name << " " << stream.name << " " << reply.body;
      config::Stream expected = stream;
      expected.template_name.clear();
      EXPECT_TRUE(store.current()->config.streams.at(0) == expected) << name << "\n" << store.text();
      ++streams;
    }
  }
  EXPECT_GT(streams, 10u);
}

}  // namespace
}  // namespace sluice::api
