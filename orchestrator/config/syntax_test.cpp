#include "orchestrator/config/syntax.h"

#include <gtest/gtest.h>

namespace sluice::config {
namespace {

// The tree in one line: name(arg|arg){...}
std::string print(const std::vector<Directive>& directives) {
  std::string out;
  for (const Directive& d : directives) {
    out += (out.empty() ? "" : " ") + d.name.text + "(";
    for (size_t i = 0; i < d.args.size(); ++i) out += (i ? "|" : "") + d.args[i].text;
    out += ")";
    if (d.has_block) out += "{" + print(d.body) + "}";
  }
  return out;
}

std::string tree(std::string_view text) {
  Reporter reporter("f", text);
  const auto directives = parse(reporter);
  std::string out = print(directives);
  for (const Diagnostic& d : reporter.take()) out += "\n" + d.place.text() + ": " + d.text;
  return out;
}

TEST(Syntax, ReadsTheWholeGrammar) {
  const std::pair<const char*, const char*> cases[] = {
      {"", ""},
      {"http 80;", "http(80)"},
      {"a 1;b 2;#c\nd 3;", "a(1) b(2) d(3)"},
      {"# only a comment", ""},
      {"a\n  b\n\tc\r\n;", "a(b|c)"},
      {"s x { }", "s(x){}"},
      {"s x{i u;}", "s(x){i(u)}"},
      {"s x { i u }", "s(x){i(u)}"},
      {"s x { i u; };\nh 1;", "s(x){i(u)} h(1)"},
      {"a { b { c { d; } } }", "a(){b(){c(){d()}}}"},
      {"t size=1280x720:fit:#000000;", "t(size=1280x720:fit:#000000)"},
      {"i srt://h:1?streamid=#!::r=x,m=publish;", "i(srt://h:1?streamid=#!::r=x,m=publish)"},
      {"i streamid=\"#!::r=x y;{}\";", "i(streamid=#!::r=x y;{})"},
      {"edit_auth admin letmein!;", "edit_auth(admin|letmein!)"},
      {"a 10/8 16#fb live/* %s @x [::1]:80 ~;", "a(10/8|16#fb|live/*|%s|@x|[::1]:80|~)"},
      {"a \"b c\";", "a(b c)"},
      {"a 'b \"c';", "a(b \"c)"},
      {"a \"\";", "a()"},
      {R"(a "b\"c\\d\n";)", R"(a(b"c\d\n))"},
      {"a b\"c k=\"v w\" 'x;y' it's;", "a(b\"c|k=v w|x;y|it's)"},
      {"a u=\"x=y\";", "a(u=x=y)"},
      {"\xEF\xBB\xBFhttp 80;", "http(80)"},
      {"a b;;;", "a(b)"},
      {"a caf\xC3\xA9;", "a(caf\xC3\xA9)"},
      {"# cp1251 comment \xEF\xF0\xE8\na;", "a()"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(tree(text), expected) << text;
}

TEST(Syntax, SplitsAtTheFirstEqualsSign) {
  Reporter reporter("f", "i a=b=c =x y= \"q=r\";");
  const auto d = parse(reporter);
  ASSERT_EQ(d.size(), 1u);
  EXPECT_EQ(d[0].args[0].key(), "a");
  EXPECT_EQ(d[0].args[0].value(), "b=c");
  EXPECT_FALSE(d[0].args[1].has_value());
  EXPECT_EQ(d[0].args[2].key(), "y");
  EXPECT_EQ(d[0].args[2].value(), "");
  EXPECT_FALSE(d[0].args[3].has_value());
}

TEST(Syntax, EveryTokenKnowsItsPlaceInCharacters) {
  Reporter reporter("f", "a;\n\t\xC3\xA9\xC3\xA9 \"b c\"  d;");
  const auto d = parse(reporter);
  ASSERT_EQ(d.size(), 2u);
  EXPECT_EQ(reporter.place(d[1].name.at).text(), "f:2:2");
  EXPECT_EQ(reporter.place(d[1].args[0].at).text(), "f:2:5");
  EXPECT_EQ(reporter.place(d[1].args[1].at).text(), "f:2:12");
  EXPECT_EQ(d[1].args[0].at.length, 5u);
}

TEST(Syntax, ReportsEveryErrorAndGoesOn) {
  const std::pair<const char*, const char*> cases[] = {
      {"http 80", "http(80)\nf:1:1: ';' is missing after '80'"},
      {"s x {\n i u;\n", "s(x){i(u)}\nf:1:1: the block of 's' is not closed: '}' is missing"},
      {"a; } b;", "a() b()\nf:1:4: '}' closes nothing: a '{' is missing before it or this one is too many"},
      {"{ a; } b;", "b()\nf:1:1: '{' without a directive before it"},
      {"a \"b;\nc;", "a(b;|c)\nf:1:3: the quote is not closed on this line: \" is missing"},
      {"a k='b;\n;", "a(k=b;)\nf:1:5: the quote is not closed on this line: ' is missing"},
      {"a \"b\"c;", "a(bc)\nf:1:6: a blank or ';' is missing after the closing quote"},
      {"a \x01;", "a(\x01)\nf:1:3: a control character stands in this word: is this a text file?"},
      {"a \"\x02\";", "a(\x02)\nf:1:4: a control character stands in quoted text: is this a text file?"},
      {"a \xFF;", "a(\xFF)\nf:1:3: this is not UTF-8 text: save the file as UTF-8"},
  };
  for (const auto& [text, expected] : cases) EXPECT_EQ(tree(text), expected) << text;
}

TEST(Syntax, LimitsDepthTokenLengthAndFileSize) {
  std::string deep;
  for (int i = 0; i < 100000; ++i) deep += "a{";
  EXPECT_NE(tree(deep).find("blocks are nested more than 16 deep"), std::string::npos);
  EXPECT_NE(
      tree("a " + std::string(kMaxTokenBytes + 1, 'x') + ";").find("a word of 16385 bytes: at most 16384"),
      std::string::npos);
  EXPECT_EQ(tree(std::string(kMaxFileBytes + 1, ' ')), "\nf:0:0: the file is larger than 64 MiB");
}

TEST(Syntax, MarksThePlaceUnderTheSourceLine) {
  Reporter reporter("f", "a;\n\tstream caf\xC3\xA9 \"x;\nb;");
  parse(reporter);
  const auto list = reporter.take();
  ASSERT_EQ(list.size(), 1u);
  EXPECT_EQ(format(list[0]),
            "f:2:14: the quote is not closed on this line: \" is missing\n"
            "   stream caf\xC3\xA9 \"x;\n"
            "               ^");
}

TEST(Syntax, ManyErrorsAreCountedAndNotShown) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "} ";
  Reporter reporter("f", text);
  parse(reporter);
  const auto list = reporter.take();
  ASSERT_EQ(list.size(), Reporter::kMax + 1);
  EXPECT_EQ(format(list.back()), "f: 800 more errors not shown");
}

}  // namespace
}  // namespace sluice::config
