// The files that come with the project: every example loads, every fuzzing seed is survived.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

#include "orchestrator/config/load.h"
#include "orchestrator/testing/golden.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size);

namespace sluice::config {
namespace {

namespace fs = std::filesystem;

TEST(ConfigFiles, EveryExampleLoadsWithoutAWord) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(SLUICE_SOURCE_ROOT "/conf")) {
    if (entry.path().extension() != ".conf") continue;
    ++files;
    const auto loaded = load_file(entry.path());
    EXPECT_TRUE(loaded.config) << entry.path();
    for (const auto& d : loaded.diagnostics) ADD_FAILURE() << format(d);
  }
  EXPECT_GE(files, 3);
}

TEST(ConfigFiles, OperatorsFilesReadAndWhatIsNotSupportedIsNamed) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(SLUICE_SOURCE_ROOT "/orchestrator/config/testdata")) {
    if (entry.path().extension() != ".conf") continue;
    ++files;
    std::stringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const auto loaded = load_text(text.str(), entry.path().filename());
    EXPECT_TRUE(loaded.config) << entry.path();
    std::string said;
    for (Diagnostic d : loaded.diagnostics) {
      d.excerpt.clear();
      said += format(d) + "\n";
    }
    testing::expect_golden(fs::path(entry.path()).replace_extension(".txt"), said);
  }
  EXPECT_GE(files, 3);
}

// Files of other people, which are no part of this project: SLUICE_REAL_CONFS is their directory.
TEST(ConfigFiles, RealFilesRead) {
  const char* directory = std::getenv("SLUICE_REAL_CONFS");
  if (!directory) GTEST_SKIP() << "SLUICE_REAL_CONFS is not set";
  int files = 0;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().extension() != ".conf") continue;
    ++files;
    const auto loaded = load_file(entry.path());
    EXPECT_TRUE(loaded.config) << entry.path();
    for (const Diagnostic& d : loaded.diagnostics) EXPECT_EQ(d.severity, Severity::kWarning) << format(d);
  }
  EXPECT_GE(files, 1);
}

TEST(ConfigFiles, SeedsOfTheFuzzerAreSurvived) {
  int files = 0;
  for (const auto& entry : fs::directory_iterator(SLUICE_SOURCE_ROOT "/orchestrator/fuzz/seeds/config")) {
    std::stringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    const std::string bytes = text.str();
    EXPECT_EQ(LLVMFuzzerTestOneInput(reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()), 0)
        << entry.path();
    ++files;
  }
  EXPECT_GE(files, 6);
}

TEST(ConfigFiles, AMissingFileIsOneClearLine) {
  const auto loaded = load_file("/nonexistent/x.conf");
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(format(loaded.diagnostics[0]),
            "/nonexistent/x.conf: cannot open the configuration: No such file or directory");
  EXPECT_FALSE(loaded.config);
}

TEST(ConfigFiles, ADirectoryIsOneClearLine) {
  const auto loaded = load_file("/");
  ASSERT_EQ(loaded.diagnostics.size(), 1u);
  EXPECT_EQ(format(loaded.diagnostics[0]), "/: cannot read the configuration: Is a directory");
}

// A directory that is gone at the end.
class Directory {
 public:
  Directory() {
    char name[] = "/tmp/sluice-config-XXXXXX";
    path_ = mkdtemp(name);
  }
  ~Directory() { fs::remove_all(path_); }
  std::string write(const std::string& name, std::string_view text) {
    const fs::path file = path_ / name;
    fs::create_directories(file.parent_path());
    std::ofstream(file) << text;
    return file;
  }

 private:
  fs::path path_;
};

std::string messages(const LoadResult& loaded) {
  std::string out;
  for (const Diagnostic& d : loaded.diagnostics) out += format(d) + "\n";
  return out;
}

TEST(ConfigFiles, FragmentsAreReadBehindTheFileByName) {
  Directory directory;
  const std::string file =
      directory.write("f.conf", "http 80;\nstream a { template t; input fake://fake; }\n");
  directory.write("f.conf.d/20-last.conf", "stream c { input fake://fake; }\n");
  directory.write("f.conf.d/10-first.conf",
                  "template t { title T; }\nstream b { template t; input fake://fake; }\n");
  directory.write("f.conf.d/.hidden.conf", "nonsense;");
  directory.write("f.conf.d/readme.txt", "nonsense;");
  directory.write("f.conf.d/deep.conf/x.conf", "nonsense;");
  const auto loaded = load_file(file);
  ASSERT_TRUE(loaded.config) << messages(loaded);
  std::string names;
  for (const Stream& s : loaded.config->streams) names += s.name + "=" + s.title + " ";
  EXPECT_EQ(names, "a=T b=T c= ");
  EXPECT_EQ(loaded.config->streams[1].place.text(), file + ".d/10-first.conf:2:8");
}

TEST(ConfigFiles, MessagesNameTheFragment) {
  Directory directory;
  const std::string file = directory.write("f.conf", "stream a { input fake://fake; }\n");
  const std::string one = directory.write("f.conf.d/1.conf", "htttp 80;\n");
  const std::string two = directory.write(
      "f.conf.d/2.conf", "\n  stream a { input fake://fake; }\nstream b { chunk_duration 5000; }\n");
  const auto loaded = load_file(file);
  EXPECT_FALSE(loaded.config);
  EXPECT_EQ(messages(loaded),
            one +
                ":1:1: unknown directive 'htttp': did you mean 'http'?\n"
                "  htttp 80;\n"
                "  ^~~~~\n" +
                two + ":2:10: a stream 'a' stands already at " + file +
                ":1:8: names must differ\n"
                "    stream a { input fake://fake; }\n"
                "           ^\n" +
                two +
                ":3:8: stream 'b': chunk_duration (5000 ms) must be shorter than segment_duration "
                "(5000 ms)\n"
                "  stream b { chunk_duration 5000; }\n"
                "         ^\n");
}

TEST(ConfigFiles, WhatAFragmentSetsASecondTimeIsSaid) {
  Directory directory;
  const std::string file = directory.write("f.conf", "loglevel info;\nedit_auth a b;\n");
  const std::string one = directory.write("f.conf.d/1.conf", "loglevel debug;\nedit_auth c d;\n");
  const auto loaded = load_file(file);
  ASSERT_TRUE(loaded.config);
  EXPECT_EQ(loaded.config->loglevel, LogLevel::kDebug);
  EXPECT_EQ(loaded.config->edit_auth->user, "c");
  EXPECT_EQ(messages(loaded),
            one +
                ":1:1: warning: 'loglevel' is set a second time: the earlier value is lost\n"
                "  loglevel debug;\n"
                "  ^~~~~~~~\n" +
                one +
                ":2:1: warning: 'edit_auth' is set a second time: the earlier value is lost\n"
                "  edit_auth c d;\n"
                "  ^~~~~~~~~\n");
}

TEST(ConfigFiles, AFragmentThatCannotBeReadIsAnError) {
  Directory directory;
  const std::string file = directory.write("f.conf", "http 80;");
  fs::create_directory(file + ".d");
  fs::create_symlink("/nonexistent", file + ".d/x.conf");
  EXPECT_EQ(messages(load_file(file)),
            file + ".d/x.conf: cannot open the configuration: No such file or directory\n");
}

TEST(ConfigFiles, TheEnvironmentAddsAPortAndALogin) {
  const auto loaded = load_sources({{"f", "http 80; edit_auth a b;"}}, [](const char* name) -> const char* {
    const std::string_view n = name;
    if (n == "STREAMER_HTTP") return "127.0.0.1:81";
    if (n == "FLUSSONIC_HTTP") return "82";
    if (n == "FLUSSONIC_EDIT_AUTH") return "user:pass:word";
    if (n == "STREAMER_HOSTNAME") return "h";
    if (n == "LICENSE_KEY") return "";
    return nullptr;
  });
  ASSERT_TRUE(loaded.config);
  ASSERT_EQ(loaded.config->listeners.size(), 2u);
  EXPECT_EQ(loaded.config->listeners[1].address, "127.0.0.1");
  EXPECT_EQ(loaded.config->listeners[1].port, 81);
  EXPECT_EQ(loaded.config->edit_auth, (Credentials{"user", "pass:word"}));
  EXPECT_EQ(
      messages(loaded),
      "FLUSSONIC_HTTP: warning: STREAMER_HTTP is set, too, and counts more\n"
      "FLUSSONIC_EDIT_AUTH: warning: this login counts; edit_auth in the files has no effect\n"
      "STREAMER_HOSTNAME: warning: this variable is known but not supported here yet: it has no effect\n");
}

TEST(ConfigFiles, AWrongEnvironmentIsAnError) {
  const auto loaded = load_sources({{"f", "http 80;"}}, [](const char* name) -> const char* {
    const std::string_view n = name;
    return n == "STREAMER_HTTP" ? "eighty" : n == "STREAMER_EDIT_AUTH" ? "admin" : nullptr;
  });
  EXPECT_FALSE(loaded.config);
  EXPECT_EQ(messages(loaded),
            "STREAMER_HTTP: port: 'eighty' is not a whole number from 1 to 65535\n"
            "STREAMER_EDIT_AUTH: write USER:PASSWORD\n");
  const auto same = load_sources({{"f", "http 80;"}}, [](const char* name) {
    return std::string_view(name) == "STREAMER_HTTP" ? "80" : nullptr;
  });
  EXPECT_EQ(same.config->listeners.size(), 1u);
}

}  // namespace
}  // namespace sluice::config
