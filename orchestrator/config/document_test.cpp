#include "orchestrator/config/document.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace sluice::config {
namespace {

Belongs named(std::string name) {
  return [name](const Directive& d) { return d.name.text == name; };
}

std::vector<NewDirective> lines(std::string name, std::initializer_list<std::string> values) {
  std::vector<NewDirective> out;
  for (const std::string& v : values) out.push_back({name, {v}});
  return out;
}

// Sets `name` in the block of the text's first directive. What is present is taken from the text.
std::string set(std::string_view text, std::string name, std::initializer_list<std::string> values,
                Level level = Level::kFirstBlock) {
  std::vector<NewDirective> present;
  const auto top = parse_text(text);
  for (const Directive& d : level == Level::kTop ? top : top.at(0).body)
    if (d.name.text == name) present.push_back({name, {d.args.at(0).text}});
  return set_directives(text, level, named(name), present, lines(name, values));
}

const std::string_view kCommented =
    "stream a {  # the first\n"
    "  # primary\n"
    "  input x;  # from Paris\n"
    "  title one;\n"
    "\n"
    "  input y ;\t# from Rome\n"
    "}\n";

TEST(Document, AValueIsReplacedWhereItStands) {
  EXPECT_EQ(set(kCommented, "title", {"two"}),
            "stream a {  # the first\n"
            "  # primary\n"
            "  input x;  # from Paris\n"
            "  title two;\n"
            "\n"
            "  input y ;\t# from Rome\n"
            "}\n");
}

TEST(Document, WhatIsWantedStillStaysAsItIsWritten) {
  EXPECT_EQ(set(kCommented, "title", {"one"}), kCommented);
  EXPECT_EQ(set(kCommented, "input", {"x", "y"}), kCommented);
  EXPECT_EQ(set(kCommented, "input", {"x", "y", "z"}),
            "stream a {  # the first\n"
            "  # primary\n"
            "  input x;  # from Paris\n"
            "  title one;\n"
            "\n"
            "  input y ;\t# from Rome\n"
            "  input z;\n"
            "}\n");
  EXPECT_EQ(set(kCommented, "input", {"w", "x", "y"}),
            "stream a {  # the first\n"
            "  # primary\n"
            "  input w;\n"
            "  input x;  # from Paris\n"
            "  title one;\n"
            "\n"
            "  input y ;\t# from Rome\n"
            "}\n");
}

TEST(Document, AListGetsShorter) {
  EXPECT_EQ(set(kCommented, "input", {"y"}),
            "stream a {  # the first\n"
            "  # primary\n"
            "  # from Paris\n"
            "  title one;\n"
            "\n"
            "  input y ;\t# from Rome\n"
            "}\n");
  EXPECT_EQ(set("stream a {\n  input x;\n  title t;\n}\n", "input", {}), "stream a {\n  title t;\n}\n");
  EXPECT_EQ(set("stream a { input x; title t; }", "input", {}), "stream a { title t; }");
  EXPECT_EQ(set("stream a { input x; title t }", "title", {}), "stream a { input x; }");
  EXPECT_EQ(set("stream a{input x;title t;input y}", "title", {}), "stream a{input x;input y}");
}

TEST(Document, WhatIsNewStandsInTheBlocksOwnLayout) {
  EXPECT_EQ(set("stream a {\n\tinput x;\n}\n", "title", {"t"}), "stream a {\n\tinput x;\n\ttitle t;\n}\n");
  EXPECT_EQ(set("stream a { input x; }", "title", {"t"}), "stream a { input x; title t; }");
  EXPECT_EQ(set("stream a { input x }", "title", {"t"}), "stream a { input x; title t; }");
  EXPECT_EQ(set("stream a {\n  input x # why\n}", "title", {"t"}),
            "stream a {\n  input x; # why\n  title t;\n}");
  EXPECT_EQ(set("stream a {\r\n    input x;\r\n}\r\n", "title", {"t"}),
            "stream a {\r\n    input x;\r\n    title t;\r\n}\r\n");
}

TEST(Document, ABlockThatHoldsNothingIsFilled) {
  const std::string_view filled = "stream a {\n  title t;\n}";
  EXPECT_EQ(set("stream a;", "title", {"t"}), filled);
  EXPECT_EQ(set("stream a", "title", {"t"}), filled);
  EXPECT_EQ(set("stream a {}", "title", {"t"}), filled);
  EXPECT_EQ(set("stream a { }", "title", {"t"}), filled);
  EXPECT_EQ(set("stream a {\n}", "title", {"t"}), filled);
  EXPECT_EQ(set("stream a {\n  # nothing yet\n}", "title", {"t"}),
            "stream a {\n  # nothing yet\n  title t;\n}");
}

TEST(Document, TheTopLevel) {
  EXPECT_EQ(set("http 80;\nloglevel info;\n", "loglevel", {"debug"}, Level::kTop),
            "http 80;\nloglevel debug;\n");
  EXPECT_EQ(set("http 80;\n# end", "loglevel", {"debug"}, Level::kTop), "http 80;\nloglevel debug;\n# end");
  EXPECT_EQ(set("", "loglevel", {"debug"}, Level::kTop), "loglevel debug;\n");
  EXPECT_EQ(set("# only this", "loglevel", {"debug"}, Level::kTop), "# only this\nloglevel debug;\n");
}

TEST(Document, BlocksComeAndGo) {
  const std::string text = "# head\nstream a { }\nstream b {\n  input x;\n}  # b\nvod v { }\n";
  const auto directives = parse_text(text);
  const NewDirective fresh{"stream", {"c"}, std::vector<NewDirective>{{"input", {"y"}}}};
  EXPECT_EQ(add_directive(text, directives, fresh, named("stream")),
            "# head\nstream a { }\nstream b {\n  input x;\n}  # b\nstream c {\n  input y;\n}\nvod v { }\n");
  EXPECT_EQ(add_directive(text, directives, fresh, named("template")), text + "stream c {\n  input y;\n}\n");
  EXPECT_EQ(without_directive(text, directives[0]), "# head\nstream b {\n  input x;\n}  # b\nvod v { }\n");
  EXPECT_EQ(without_directive(text, directives[1]), "# head\nstream a { }\n# b\nvod v { }\n");
  EXPECT_EQ(text_of(text, directives[1]), "stream b {\n  input x;\n}");
  EXPECT_EQ(with_text(text, directives[0], "stream z;"),
            "# head\nstream z;\nstream b {\n  input x;\n}  # b\nvod v { }\n");
}

TEST(Document, AnInputOfTheOldSpellingMovesIntoTheBlock) {
  EXPECT_EQ(arguments_into_block("stream a udp://x  key=\"v w\";", 1, "input"),
            "stream a {\n  input udp://x  key=\"v w\";\n}");
  EXPECT_EQ(arguments_into_block("stream a udp://x {\n  title t;\n}", 1, "input"),
            "stream a {\n  input udp://x;\n  title t;\n}");
  EXPECT_EQ(arguments_into_block("stream a { }", 1, "input"), "stream a { }");
}

// What a text says, without its layout.
std::string flat(const std::vector<Directive>& directives) {
  std::string out;
  for (const Directive& d : directives) {
    out += d.name.text;
    for (const Token& t : d.args) out += " " + t.text;
    out += d.has_block ? " { " + flat(d.body) + "}" : ";";
  }
  return out;
}

// Edits at random places of texts in random layout do what they say and nothing else.
TEST(Document, RandomEdits) {
  std::mt19937 random(7);
  const auto pick = [&](std::initializer_list<std::string_view> of) {
    return std::string(*(of.begin() + random() % of.size()));
  };
  const std::initializer_list<std::string_view> gaps = {" ",  "\n",   "\n  ", " # note { ; }\n",
                                                        "\t", "\n\n", ""};
  for (int round = 0; round < 5'000; ++round) {
    std::string text = "stream a" + pick({" ", "\n", " #x\n"}) + "{" + pick(gaps);
    const auto count = random() % 6;
    for (size_t i = 0; i < count; ++i) {
      text += pick({"input", "title", "push"}) + " " + std::string(1, char('a' + random() % 4));
      const bool last = i + 1 == count;
      text += last ? pick({";", " ;", "", " "}) : pick({";", " ;"});
      text += pick(gaps);
    }
    text += "}" + pick(gaps);
    Reporter check("x", text);
    const auto before = parse(check);
    ASSERT_FALSE(check.failed()) << text;

    const std::string name = pick({"input", "title", "labels"});
    std::vector<NewDirective> present, wanted;
    for (const Directive& d : before[0].body)
      if (d.name.text == name) present.push_back({name, {d.args[0].text}});
    for (auto n = random() % 4; n > 0; --n)
      wanted.push_back({name, {std::string(1, char('a' + random() % 4))}});
    const std::string after_text = set_directives(text, Level::kFirstBlock, named(name), present, wanted);
    Reporter reporter("x", after_text);
    const auto after = parse(reporter);
    ASSERT_FALSE(reporter.failed()) << text << "\n->\n" << after_text;
    ASSERT_EQ(after.size(), 1u) << after_text;
    std::vector<NewDirective> found;
    std::string others, others_before;
    for (const Directive& d : after[0].body)
      if (d.name.text == name)
        found.push_back({name, {d.args.at(0).text}});
      else
        others += flat({d});
    for (const Directive& d : before[0].body)
      if (d.name.text != name) others_before += flat({d});
    ASSERT_EQ(found, wanted) << text << "\n->\n" << after_text;
    ASSERT_EQ(others, others_before) << text << "\n->\n" << after_text;
    ASSERT_EQ(std::count(text.begin(), text.end(), '#'),
              std::count(after_text.begin(), after_text.end(), '#'));
    if (present == wanted) {
      ASSERT_EQ(after_text, text);
    }
  }
}

}  // namespace
}  // namespace sluice::config
