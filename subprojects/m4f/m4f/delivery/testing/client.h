// Asks a delivery as a player would. For tests.
#pragma once

#include <gtest/gtest.h>

#include "m4f/delivery/delivery.h"
#include "m4f/playlist/testing/parsed_playlist.h"
#include "m4f/playlist/testing/test_stream.h"

namespace m4f::testing {

inline std::string text_of(const DeliveryReply& reply) {
  std::string out;
  for (const SharedBytes& piece : reply.body) out += as_text(*piece);
  return out;
}

// A live stream in a ring and its delivery.
struct DeliveryFixture : ::testing::Test {
  using Kind = DeliveryReply::Kind;

  RingPtr ring = std::make_shared<LiveRing>();
  std::shared_ptr<PackageCache> cache = std::make_shared<PackageCache>(64 << 20);
  Delivery delivery{"tv/one", ring, cache, DeliveryOptions{}};
  TestStream stream{{h264_track(), aac_track()}, ring};

  // `target`: "tracks-v1/mono.ll.m3u8?token=1", with "../" as an address in a playlist may have it.
  DeliveryReply get(const std::string& target, int waited_ms = 0) const {
    const size_t mark = std::min(target.find('?'), target.size());
    const std::string tail = target.substr(0, mark), query = target.substr(std::min(mark + 1, target.size()));
    return delivery.handle({tail, query, {}}, std::chrono::system_clock::now(),
                           std::chrono::milliseconds(waited_ms));
  }
  int status(const std::string& target) const {
    const DeliveryReply reply = get(target);
    return reply.kind == Kind::kWait ? 0 : reply.status;
  }
  bool waits(const std::string& target) const { return get(target).kind == Kind::kWait; }
  std::string text(const std::string& target) const {
    const DeliveryReply reply = get(target);
    EXPECT_EQ(reply.kind, Kind::kBody) << target;
    EXPECT_EQ(reply.status, 200) << target;
    return text_of(reply);
  }
  ParsedPlaylist playlist(const std::string& target) const {
    const std::string body = text(target);
    try {
      return parse_playlist(body);
    } catch (const std::exception& broken) {
      ADD_FAILURE() << target << ": " << broken.what() << "\n" << body;
      return {};
    }
  }
  // The address of something that a playlist names.
  static std::string beside(const std::string& playlist, const std::string& uri) {
    std::string folder = playlist.substr(0, playlist.find('?'));
    folder = folder.substr(0, folder.rfind('/') + 1);
    if (uri.starts_with("../")) return uri.substr(3);
    return folder + uri;
  }
};

}  // namespace m4f::testing
