// Bodies in chunks: what is one, in any cut; and everything that must not be taken for one.
#include "m4fhttp/chunked.h"

#include <gtest/gtest.h>

#include <string>

namespace m4fhttp {
namespace {

struct Read {
  std::string body;
  ChunkedBody::State state;
  size_t used;
};

Read read(std::string_view text, size_t step) {
  ChunkedBody body;
  Read out{{}, ChunkedBody::State::kMore, 0};
  while (out.used < text.size() && body.state() == ChunkedBody::State::kMore) {
    std::string_view in = text.substr(out.used, step);
    while (!in.empty() && body.state() == ChunkedBody::State::kMore) {
      const ChunkedBody::Step s = body.next(in);
      out.body += s.data;
      out.used += s.used;
      in.remove_prefix(s.used);
    }
  }
  out.state = body.state();
  return out;
}

TEST(ChunkedBody, IsReadInAnyCut) {
  const std::string text =
      "4\r\nabcd\r\n0A;name=value;other=\"x y\"\r\n0123456789\r\n1 \r\nz\r\n000\r\nTrailer: "
      "one\r\nX-Two:\r\n\r\nGET /";
  for (size_t step = 1; step <= text.size(); ++step) {
    const Read got = read(text, step);
    EXPECT_EQ(got.body, "abcd0123456789z") << step;
    EXPECT_EQ(got.state, ChunkedBody::State::kDone) << step;
    EXPECT_EQ(got.used, text.size() - 5) << "what follows is the next request";
  }
  EXPECT_EQ(read("0\r\n\r\n", 1).state, ChunkedBody::State::kDone);
  EXPECT_EQ(read("ffffffff\r\nx", 64).state, ChunkedBody::State::kMore);
}

TEST(ChunkedBody, WhatTwoReadersCouldReadDifferentlyIsBroken) {
  const std::string line(300, 'x');
  for (const std::string& text : {
           std::string("\r\n"),
           std::string("g\r\n"),
           std::string("-1\r\n"),
           std::string("0x4\r\nabcd"),
           std::string(" 4\r\nabcd"),
           std::string(";a\r\n"),
           std::string("4\nabcd\n"),
           std::string("4\r\r\nabcd"),
           std::string("4;a\nabcd"),
           std::string("100000000\r\n"),
           std::string("000000001\r\n"),
           std::string("4\r\nabcdX"),
           std::string("4\r\nabcd\n"),
           std::string("4\r\nabcd\rX"),
           "4;" + line + "\r\n",
           std::string("4;a\0b\r\n", 7),
           std::string("0\r\n X: folded\r\n\r\n"),
           std::string("0\r\nno colon\r\n\r\n"),
           std::string("0\r\n: x\r\n\r\n"),
           std::string("0\r\nA: b\nC: d\r\n\r\n"),
           std::string("0\r\n\rX"),
           std::string("0\r\nA\x7f: b\r\n"),
           std::string("4a\r\nx") + "\r\n",
       }) {
    const Read got = read(text, text.size());
    EXPECT_TRUE(got.state == ChunkedBody::State::kBroken || (text[0] == '4' && text[1] == 'a')) << text;
    EXPECT_EQ(read(text, 1).state, got.state) << text;
  }
}

TEST(ChunkedBody, TrailersAreBounded) {
  std::string text = "0\r\n";
  for (int i = 0; i < 1000; ++i) text += "Trailer: value\r\n";
  EXPECT_EQ(read(text + "\r\n", 4096).state, ChunkedBody::State::kBroken);
}

}  // namespace
}  // namespace m4fhttp
