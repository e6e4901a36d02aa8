#include "m4f/playlist/xml.h"

#include <gtest/gtest.h>

namespace m4f {
namespace {

std::string body(XmlWriter& xml) {
  const std::string all = xml.take();
  return all.substr(all.find('\n') + 1);
}

std::string escaped(std::string_view value) {
  XmlWriter xml;
  xml.open("a").text(value).close();
  const std::string out = body(xml);
  return out.substr(3, out.size() - 8);
}

TEST(Xml, NestsAndIndents) {
  XmlWriter xml;
  xml.open("a").attribute("x", 1).open("b").close().open("c").text("t").close().close();
  EXPECT_EQ(body(xml), "<a x=\"1\">\n  <b/>\n  <c>t</c>\n</a>\n");
}

TEST(Xml, EscapesWhatMarkupMeans) {
  EXPECT_EQ(escaped("<a&b>\"'\t"), "&lt;a&amp;b&gt;&quot;&apos;&#9;");
}

TEST(Xml, KeepsUtf8AndReplacesWhatIsNone) {
  EXPECT_EQ(escaped("Süd €😀"), "Süd €😀");
  for (std::string_view bad : {"\xff", "\xc0", "\x80", "\x01", "\xe2"})
    EXPECT_EQ(escaped(bad), "\xEF\xBF\xBD");
  EXPECT_EQ(escaped("\xc0\xaf"), "\xEF\xBF\xBD\xEF\xBF\xBD");  // overlong '/'
  EXPECT_EQ(escaped(std::string_view("a\0b", 3)),
            "a\xEF\xBF\xBD"
            "b");
  EXPECT_EQ(escaped("\xed\xa0\x80").substr(0, 3), "\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(escaped("\xef\xbf\xbf").substr(0, 3), "\xEF\xBF\xBD");  // U+FFFF
}

}  // namespace
}  // namespace m4f
