// What the tests of the LL-HLS checks share.
#pragma once

#include <fmt/format.h>

#include "m4f/delivery/testing/client.h"

namespace m4f::testing {

inline constexpr const char* kVideo = "tracks-v1/mono.ll.m3u8";
inline constexpr const char* kAudio = "tracks-a1/mono.ll.m3u8";
inline constexpr const char* kRenditions[] = {kVideo, kAudio};

struct LlHlsCheck : DeliveryFixture {
  std::string video(uint64_t msn) const { return fmt::format("{}?_HLS_msn={}", kVideo, msn); }
  std::string video(uint64_t msn, uint64_t part) const {
    return fmt::format("{}?_HLS_msn={}&_HLS_part={}", kVideo, msn, part);
  }

  // Looks at every rendition after each 100 ms of `length`.
  template <typename Look>
  void live_through(Ticks length, Look look) {
    for (Ticks at; at < length; at += Ticks::from_ms(100)) {
      stream.grow(Ticks::from_ms(100));
      if ((stream.now() - kStart).count % Ticks::from_seconds(5).count == 0) stream.seal();
      for (const char* rendition : kRenditions)
        if (status(rendition) == 200) look(std::string(rendition), playlist(rendition));
    }
  }
};

}  // namespace m4f::testing
