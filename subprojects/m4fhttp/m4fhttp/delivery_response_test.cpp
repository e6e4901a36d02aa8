#include "m4fhttp/delivery_response.h"

#include <gtest/gtest.h>
#include <zlib.h>

namespace m4fhttp {
namespace {

m4f::SharedBytes shared(std::string_view text) {
  return std::make_shared<const m4f::Bytes>(text.begin(), text.end());
}

std::string text_of(const Response& response) {
  std::string out;
  for (const Slice& slice : response.body)
    out.append(reinterpret_cast<const char*>(slice.bytes->data()) + slice.offset, slice.size);
  return out;
}

bool has(const Response& response, std::string_view line) {
  return response.head.find(std::string(line) + "\r\n") != std::string::npos;
}

std::string gunzip(const std::string& in) {
  z_stream stream{};
  inflateInit2(&stream, 15 + 16);
  std::string out(1 << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  stream.avail_in = static_cast<uInt>(in.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
  out.resize(stream.total_out);
  inflateEnd(&stream);
  return out;
}

m4f::DeliveryReply segment() {
  m4f::DeliveryReply reply;
  reply.content_type = "video/mp2t";
  reply.cache_control = "max-age=600, immutable";
  reply.etag = "\"e1\"";
  reply.body = {shared("0123"), shared("45"), shared("6789")};
  return reply;
}

m4f::DeliveryReply playlist(size_t size = 1000) {
  m4f::DeliveryReply reply;
  reply.content_type = "application/vnd.apple.mpegurl";
  reply.etag = "\"p1\"";
  reply.vary = "Accept";
  reply.compressible = true;
  std::string text;
  while (text.size() < size) text += "#EXTINF:5.000,\n";
  text.resize(size);
  reply.body = {shared(text)};
  return reply;
}

Response answer(m4f::DeliveryReply reply, const Conditions& conditions = {}) {
  GzipCache gzip;
  return to_response(std::move(reply), conditions, gzip);
}

TEST(ToResponse, CarriesTheCoresHeaders) {
  const Response response = answer(segment());
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(text_of(response), "0123456789");
  EXPECT_TRUE(has(response, "Content-Type: video/mp2t"));
  EXPECT_TRUE(has(response, "Cache-Control: max-age=600, immutable"));
  EXPECT_TRUE(has(response, "ETag: \"e1\""));
  EXPECT_TRUE(has(response, "Access-Control-Allow-Origin: *"));
  EXPECT_TRUE(has(response, "Accept-Ranges: bytes"));
}

TEST(ToResponse, AStreamWithNothingYetSaysWhenToComeBack) {
  m4f::DeliveryReply reply;
  reply.status = 503;
  reply.retry_after = 1;
  const Response response = answer(std::move(reply), {.if_none_match = "*", .range = "bytes=0-1"});
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(has(response, "Retry-After: 1"));
}

TEST(ToResponse, Ranges) {
  struct Case {
    std::string_view range;
    int status;
    std::string_view body, content_range;
  };
  const std::vector<Case> cases = {
      {"bytes=0-0", 206, "0", "bytes 0-0/10"},
      {"bytes=2-6", 206, "23456", "bytes 2-6/10"},
      {"bytes=4-5", 206, "45", "bytes 4-5/10"},
      {"bytes=7-", 206, "789", "bytes 7-9/10"},
      {"bytes=0-999", 206, "0123456789", "bytes 0-9/10"},
      {"bytes=-3", 206, "789", "bytes 7-9/10"},
      {"bytes=-99", 206, "0123456789", "bytes 0-9/10"},
      {"bytes=10-", 416, "", "bytes */10"},
      {"bytes=99-100", 416, "", "bytes */10"},
      {"bytes=-0", 416, "", "bytes */10"},
      // Not understood: the whole.
      {"bytes=5-4", 200, "0123456789", ""},
      {"bytes=0-1,3-4", 200, "0123456789", ""},
      {"bytes=a-b", 200, "0123456789", ""},
      {"bytes=1-x", 200, "0123456789", ""},
      {"bytes=-", 200, "0123456789", ""},
      {"bytes=", 200, "0123456789", ""},
      {"bytes=99999999999999999999-", 200, "0123456789", ""},
      {"lines=0-1", 200, "0123456789", ""},
  };
  for (const Case& c : cases) {
    const Response response = answer(segment(), {.range = c.range});
    EXPECT_EQ(response.status, c.status) << c.range;
    EXPECT_EQ(text_of(response), c.body) << c.range;
    if (!c.content_range.empty()) {
      EXPECT_TRUE(has(response, "Content-Range: " + std::string(c.content_range))) << response.head;
    }
  }
}

TEST(ToResponse, ARangeOfAnotherVersionIsSentWhole) {
  EXPECT_EQ(answer(segment(), {.if_range = "\"e1\"", .range = "bytes=0-1"}).status, 206);
  EXPECT_EQ(answer(segment(), {.if_range = "\"old\"", .range = "bytes=0-1"}).status, 200);
  EXPECT_EQ(answer(segment(), {.if_range = "W/\"e1\"", .range = "bytes=0-1"}).status, 200);
}

TEST(ToResponse, WhatTheClientHasIsNotSentAgain) {
  for (const std::string_view etags : {"\"e1\"", "\"x\", \"e1\"", "W/\"e1\"", "*"}) {
    const Response response = answer(segment(), {.if_none_match = etags});
    EXPECT_EQ(response.status, 304) << etags;
    EXPECT_EQ(text_of(response), "");
    EXPECT_TRUE(has(response, "ETag: \"e1\""));
    EXPECT_TRUE(has(response, "Cache-Control: max-age=600, immutable"));
  }
  EXPECT_EQ(answer(segment(), {.if_none_match = "\"e2\""}).status, 200);
}

TEST(ToResponse, CompressesPlaylistsForThoseWhoTakeIt) {
  const Response response = answer(playlist(), {.accept_encoding = "br, gzip;q=0.8"});
  EXPECT_TRUE(has(response, "Content-Encoding: gzip"));
  EXPECT_TRUE(has(response, "Vary: Accept, Accept-Encoding"));
  EXPECT_TRUE(has(response, "ETag: \"p1-gz\""));
  EXPECT_LT(response.size(), 200u);
  EXPECT_EQ(gunzip(text_of(response)), text_of(answer(playlist())));
  EXPECT_EQ(answer(playlist(), {.if_none_match = "\"p1-gz\"", .accept_encoding = "gzip"}).status, 304);
  EXPECT_EQ(answer(playlist(), {.if_none_match = "\"p1\"", .accept_encoding = "gzip"}).status, 200);
}

TEST(ToResponse, LeavesUncompressedWhatIsNotWorthIt) {
  EXPECT_FALSE(has(answer(playlist(100), {.accept_encoding = "gzip"}), "Content-Encoding: gzip"));
  EXPECT_FALSE(has(answer(segment(), {.accept_encoding = "gzip"}), "Content-Encoding: gzip"));
  const Response plain = answer(playlist(), {});
  EXPECT_FALSE(has(plain, "Content-Encoding: gzip"));
  EXPECT_TRUE(has(plain, "Vary: Accept, Accept-Encoding"));
  EXPECT_EQ(answer(playlist(), {.range = "bytes=0-9", .accept_encoding = "gzip"}).size(), 10u);
}

TEST(AcceptsGzip, ReadsWeights) {
  for (const char* yes : {"gzip", "deflate, gzip", "GZIP", "gzip;q=0.1", "*", "x-gzip", "br;q=1, *;q=0.5"})
    EXPECT_TRUE(accepts_gzip(yes)) << yes;
  for (const char* no : {"", "identity", "gzip;q=0", "gzip;q=0.000", "*;q=0", "gzip;q=0, *", "gzipped"})
    EXPECT_FALSE(accepts_gzip(no)) << no;
}

TEST(GzipCache, MakesOnceWhatLives) {
  GzipCache cache;
  const auto text = shared(std::string(5000, 'x'));
  const auto first = cache.get(text);
  EXPECT_EQ(cache.get(text), first);
  for (int i = 0; i < 2000; ++i) {
    const std::string other = std::string(300, 'y') + std::to_string(i);
    const auto compressed = cache.get(shared(other));
    ASSERT_EQ(gunzip({compressed->begin(), compressed->end()}), other);
  }
}

}  // namespace
}  // namespace m4fhttp
