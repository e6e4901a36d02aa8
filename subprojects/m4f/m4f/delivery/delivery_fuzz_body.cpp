#include "m4f/delivery/delivery_fuzz_body.h"

#include <cstdlib>

#include "m4f/delivery/delivery.h"
#include "m4f/playlist/testing/test_stream.h"

namespace m4f::testing {
namespace {

// A small stream with what makes answers differ: removed segments, a discontinuity, an open segment.
struct World {
  World() {
    stream.segments(7);
    stream.discontinuity();
    stream.segments(2);
    stream.grow(Ticks::from_ms(700));
  }
  RingPtr ring = std::make_shared<LiveRing>();
  TestStream stream{{h264_track(), aac_track(1), opus_track(2)}, ring};
  Delivery delivery{"tv/one", ring, std::make_shared<PackageCache>(4 << 20), DeliveryOptions{}};
};

void require(bool promise) {
  if (!promise) std::abort();
}

}  // namespace

void ask_delivery(ByteView input) {
  static World world;
  const std::string_view text = as_text(input);
  const size_t end = std::min(text.find('\n'), text.size());
  const std::string_view path = text.substr(0, end), query = text.substr(std::min(end + 1, text.size()));
  std::string_view name, tail = path;
  if (Delivery::split(path, name, tail)) {
    require(Delivery::is_resource(tail));
    require(name.size() + 1 + tail.size() == path.size());
  }
  const DeliveryReply reply =
      world.delivery.handle({tail, query, {}}, std::chrono::system_clock::time_point{});
  switch (reply.kind) {
    case DeliveryReply::Kind::kWait:
      require(reply.wait_at_most.count() > 0);
      break;
    case DeliveryReply::Kind::kLiveTs:
      require(reply.status == 200);
      break;
    case DeliveryReply::Kind::kBody:
      require(reply.status == 200 || reply.status == 400 || reply.status == 404 || reply.status == 503);
      require((reply.status == 200) == !reply.body.empty());
  }
  // A query travels into playlists: it must not add lines of its own.
  if (reply.content_type == "application/vnd.apple.mpegurl")
    require(as_text(*reply.body[0]).find("#EXT-X-ENDLIST") == std::string_view::npos);
}

}  // namespace m4f::testing
