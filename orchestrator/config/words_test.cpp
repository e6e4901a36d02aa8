#include "orchestrator/config/words.h"

#include <gtest/gtest.h>

#include <random>

#include "orchestrator/config/document.h"

namespace sluice::config {
namespace {

// How the grammar reads what was written, between neighbours that must not be harmed.
Token read_back(const std::string& written) {
  const std::string text = "before " + written + " after;";
  Reporter reporter("x.conf", text);
  const auto directives = parse(reporter);
  EXPECT_FALSE(reporter.failed()) << text;
  if (directives.size() != 1 || directives[0].args.size() != 2) {
    ADD_FAILURE() << "read as other words: " << text;
    return {};
  }
  EXPECT_EQ(directives[0].args[1].text, "after");
  return directives[0].args[0];
}

TEST(Words, TheShortestSpellingThatIsSafe) {
  const auto word = [](std::string_view text) { return write_word(text).value_or("(none)"); };
  EXPECT_EQ(word("udp://239.0.0.1:1234"), "udp://239.0.0.1:1234");
  EXPECT_EQ(word("letmein!"), "letmein!");
  EXPECT_EQ(word("16#fb"), "16#fb");
  EXPECT_EQ(word("a\"b"), "a\"b");
  EXPECT_EQ(word(""), "\"\"");
  EXPECT_EQ(word("two words"), "\"two words\"");
  EXPECT_EQ(word("#comment"), "\"#comment\"");
  EXPECT_EQ(word("a;b"), "\"a;b\"");
  EXPECT_EQ(word("say \"hi\""), "'say \"hi\"'");
  EXPECT_EQ(word("c:\\dir"), "c:\\dir");
  EXPECT_EQ(word("c:\\dir x\\"), "\"c:\\dir x\\\\\"");
  EXPECT_EQ(word("a=\"b"), "'a=\"b'");
  EXPECT_EQ(write_pair("user_agent", "Custom Agent v1.2"), "user_agent=\"Custom Agent v1.2\"");
  EXPECT_EQ(write_pair("x", "#000000"), "x=#000000");
  EXPECT_EQ(write_pair("x", ""), "x=");
}

TEST(Words, WhatAFileCannotHoldIsRefused) {
  EXPECT_FALSE(write_word("two\nlines"));
  EXPECT_FALSE(write_word(std::string_view("\0", 1)));
  EXPECT_FALSE(write_word("\xff"));
  EXPECT_FALSE(write_word(std::string(kMaxTokenBytes + 1, 'a')));
  EXPECT_FALSE(write_pair("key", "\r"));
  EXPECT_FALSE(write_pair("key", std::string(kMaxTokenBytes - 3, 'a')));
}

TEST(Words, AnyTextComesBack) {
  std::mt19937 random(20261120);
  const std::string_view pieces[] = {"\"", "'",  "\\", "\\\\", "=",  "#",           ";", "{",
                                     "}",  " ",  "\t", "a",    "Bc", "0",           "é", "漢",
                                     "/",  "%s", "?",  "&=",   ",",  "\xEF\xBB\xBF"};
  for (int round = 0; round < 20'000; ++round) {
    std::string text;
    for (auto n = random() % 9; n > 0; --n) text += pieces[random() % std::size(pieces)];
    const auto word = write_word(text);
    ASSERT_TRUE(word) << text;
    ASSERT_EQ(read_back(*word).text, text) << *word;
    const auto pair = write_pair("key", text);
    ASSERT_TRUE(pair) << text;
    const Token token = read_back(*pair);
    ASSERT_TRUE(token.has_value()) << *pair;
    ASSERT_EQ(token.key(), "key") << *pair;
    ASSERT_EQ(token.value(), text) << *pair;
  }
}

}  // namespace
}  // namespace sluice::config
