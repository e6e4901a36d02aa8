#include "m4f/delivery/query.h"

#include <gtest/gtest.h>

namespace m4f {
namespace {

TEST(Query, UnderstandsBothSpellingsOfAFilter) {
  for (const char* raw :
       {"filter.tracks=v2a1", "filter=tracks:v2a1", "filter=tracks%3Av2a1", "x=1&filter.tracks=v2a1"}) {
    const auto query = parse_query(raw);
    ASSERT_TRUE(query) << raw;
    EXPECT_EQ(query->tracks.text(), "v2a1") << raw;
  }
}

TEST(Query, CarriesEverythingButDirectives) {
  const auto query = parse_query(
      "token=a%20b&_HLS_msn=7&multitrack=true&_HLS_part=1&_HLS_skip=YES&filter=tracks:v1&&_HLS_new=1");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->carried, "token=a%20b&multitrack=true&filter=tracks:v1");
  EXPECT_EQ(query->msn, 7u);
  EXPECT_EQ(query->part, 1u);
  EXPECT_TRUE(query->skip);
}

TEST(Query, NothingEndsTheLineOrTheQuotesThatItIsCarriedIn) {
  const auto query = parse_query("t=\"\r\n#EXT-X-ENDLIST\x80\\");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->carried, "t=%22%0D%0A%23EXT-X-ENDLIST%80%5C");
}

TEST(Query, UnknownValuesAreNotAnError) {
  for (const char* raw : {"%", "=", "a=%zz", "&&&", "_HLS_skip=maybe", "filter=other"})
    EXPECT_TRUE(parse_query(raw)) << raw;
  EXPECT_FALSE(parse_query(std::string(5000, 'a')));
}

TEST(Query, SelectionThatCannotBeReadIsAnError) {
  for (const char* raw : {"filter.tracks=", "filter.tracks=x1", "filter=tracks:v0"})
    EXPECT_FALSE(parse_query(raw)) << raw;
}

}  // namespace
}  // namespace m4f
