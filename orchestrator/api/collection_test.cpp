#include "orchestrator/api/collection.h"

#include <gtest/gtest.h>

namespace sluice::api {
namespace {

const CollectionRules kRules{"things", {"name"}, {"name", "title"}};

std::vector<json::Object> things() {
  std::vector<json::Object> out;
  const auto add = [&](const char* name, const char* title, int64_t bitrate, bool alive) {
    json::Object stats;
    stats.number("bitrate", bitrate).flag("alive", alive);
    json::Object thing;
    thing.text("name", name).text_if("title", title).object("stats", std::move(stats));
    out.push_back(std::move(thing));
  };
  add("c/03", "Alpha", 300, true);
  add("c/01", "", 100, false);
  add("c/02", "Бета", 200, true);
  add("c/05", "gamma", 100, true);
  add("c/04", "", 400, false);
  return out;
}

json::Object ask(std::string_view text) {
  std::string error;
  const auto query = Query::parse(text, error);
  EXPECT_TRUE(query) << text << ": " << error;
  return page(things(), query.value_or(Query()), kRules);
}

std::string names(const json::Object& envelope) {
  std::string out;
  JsonArray* list = json_object_get_array_member(envelope.get(), "things");
  for (guint i = 0; i < json_array_get_length(list); ++i)
    out += std::string(i ? " " : "") +
           json_object_get_string_member(json_array_get_object_element(list, i), "name");
  return out;
}

std::string text_member(const json::Object& object, const char* name) {
  const char* text = json_object_get_string_member_with_default(object.get(), name, "");
  return text ? text : "";
}

TEST(Collection, FiltersByEveryOperator) {
  struct Case {
    std::string query, names;
  };
  const std::vector<Case> cases = {
      {"", "c/03 c/01 c/02 c/05 c/04"},
      {"name=c/01", "c/01"},
      {"name=c%2F01,c/04", "c/01 c/04"},
      {"name_ne=c/01,c/04", "c/03 c/02 c/05"},
      {"stats.alive=false", "c/01 c/04"},
      {"stats.alive=true&stats.bitrate_gt=100", "c/03 c/02"},
      {"stats.bitrate_gte=300", "c/03 c/04"},
      {"stats.bitrate_lt=200", "c/01 c/05"},
      {"stats.bitrate_lte=200", "c/01 c/02 c/05"},
      {"title_like=amm", "c/05"},
      {"title_is=null", "c/01 c/04"},
      {"title_is_not=null", "c/03 c/02 c/05"},
      {"nothing=1", ""},
      {"nothing_ne=1", "c/03 c/01 c/02 c/05 c/04"},
      {"stats.bitrate.deeper=1", ""},
      {"q=GAMMA", "c/05"},
      {"q=%D0%B1%D0%B5", "c/02"},
      {"q=c/0&limit=2", "c/03 c/01"},
      {"sort=name", "c/01 c/02 c/03 c/04 c/05"},
      {"sort=-name", "c/05 c/04 c/03 c/02 c/01"},
      {"sort=-stats.bitrate,name", "c/04 c/03 c/02 c/01 c/05"},
      {"sort=title", "c/01 c/04 c/03 c/05 c/02"},  // null first
      {"limit=0", ""},
      {"cursor=", "c/03 c/01 c/02 c/05 c/04"},
  };
  for (const Case& c : cases) EXPECT_EQ(names(ask(c.query)), c.names) << c.query;
}

TEST(Collection, PagesThereAndBack) {
  for (const std::string sort :
       {"", "sort=name", "sort=-stats.bitrate", "sort=stats.bitrate", "sort=title,-name", "sort=-title"}) {
    const std::string all = names(ask(sort));
    std::string seen, cursor;
    std::vector<std::string> pages;
    do {
      const json::Object envelope = ask(sort + "&limit=2&cursor=" + cursor);
      EXPECT_EQ(json_object_get_int_member(envelope.get(), "estimated_count"), 5);
      pages.push_back(names(envelope));
      seen += (seen.empty() ? "" : " ") + pages.back();
      cursor = text_member(envelope, "next");
      if (cursor.empty()) {
        // And back.
        std::string back = text_member(envelope, "prev");
        for (size_t i = pages.size() - 1; i-- > 0;) {
          const json::Object before = ask(sort + "&limit=2&cursor=" + back);
          EXPECT_EQ(names(before), pages[i]) << sort;
          back = text_member(before, "prev");
        }
        EXPECT_EQ(back, "");
      }
    } while (!cursor.empty() && pages.size() < 10);
    EXPECT_EQ(seen, all) << sort;
    EXPECT_EQ(pages.size(), 3u) << sort;
  }
}

TEST(Collection, CursorsLookLikeTheReferences) {
  EXPECT_EQ(text_member(ask("limit=2"), "next"), "JTI0cG9zaXRpb25fZ3Q9MQ==");  // %24position_gt=1
}

TEST(Collection, SelectsMembers) {
  const json::Object envelope = ask("select=stats.bitrate,title,stats.none&name=c/01");
  JsonNode* list = json_object_get_member(envelope.get(), "things");
  gchar* text = json_to_string(list, FALSE);
  EXPECT_STREQ(text, R"([{"name":"c/01","stats":{"bitrate":100,"none":null},"title":null}])");
  g_free(text);
}

TEST(Collection, RefusesWhatItCannotRead) {
  std::string error;
  for (const std::string bad : {"limit=x", "limit=-1", "limit=99999999999999999999999", "name=%zz",
                                "name=%ff", "format=openmetrics", "cursor=AAAA"})
    EXPECT_FALSE(Query::parse(bad, error)) << bad;
  std::string many;
  for (int i = 0; i < 100; ++i) many += "a=1&";
  EXPECT_FALSE(Query::parse(many, error));
  // Any cursor is taken as it is; it points somewhere or nowhere.
  for (const std::string odd : {"cursor=%21%21", "cursor=JTI0cG9zaXRpb25fZ3Q9MQ", "cursor=YT1i"}) ask(odd);
}

TEST(Value, OrdersTypes) {
  const Value null, number{Value::Type::kNumber, 5, {}}, text{Value::Type::kText, 0, "a"},
      other{Value::Type::kOther, 0, "true"};
  EXPECT_LT(null.compare(number), 0);
  EXPECT_LT(number.compare(text), 0);
  EXPECT_LT(text.compare(other), 0);
  EXPECT_EQ(null.compare({}), 0);
}

TEST(Page, OfALongListMakesOnlyWhatIsShown) {
  size_t made = 0;
  const auto make = [&](size_t i) {
    ++made;
    json::Object item;
    item.text("name", "n" + std::to_string(i)).number("n", static_cast<int64_t>(i));
    return item;
  };
  const CollectionRules rules{"items", {"name"}, {"name"}};
  std::string error;
  const json::Object first = page(200'000, make, *Query::parse("limit=3", error), rules);
  EXPECT_LT(made, 10u);
  EXPECT_EQ(json_object_get_int_member(first.get(), "estimated_count"), 200'000);
  std::string cursor = json_object_get_string_member(first.get(), "next");
  made = 0;
  const json::Object second = page(200'000, make, *Query::parse("limit=2&cursor=" + cursor, error), rules);
  EXPECT_LT(made, 50u);
  JsonArray* items = json_object_get_array_member(second.get(), "items");
  ASSERT_EQ(json_array_get_length(items), 2u);
  EXPECT_STREQ(json_object_get_string_member(json_array_get_object_element(items, 0), "name"), "n3");
  const json::Object sorted = page(100, make, *Query::parse("limit=1&sort=-n&n_lt=50", error), rules);
  items = json_object_get_array_member(sorted.get(), "items");
  EXPECT_STREQ(json_object_get_string_member(json_array_get_object_element(items, 0), "name"), "n49");
  EXPECT_EQ(json_object_get_int_member(sorted.get(), "estimated_count"), 50);
}

}  // namespace
}  // namespace sluice::api
