#include "m4f/delivery/protocol.h"

namespace m4f {

bool allowed(const Route& route, const DeliveryOptions& options) {
  switch (route.kind) {
    case Route::Kind::kNone:
    case Route::Kind::kEmbed:
      return false;
    case Route::Kind::kMaster:
    case Route::Kind::kMedia:
      return options.hls && (route.container == Container::kTs || options.cmaf);
    case Route::Kind::kSegment:
    case Route::Kind::kSegmentByDts:
      return route.container == Container::kTs ? options.hls : options.cmaf || options.dash;
    case Route::Kind::kPart:
      return options.hls && options.cmaf;
    case Route::Kind::kInit:
      return options.cmaf || options.dash;
    case Route::Kind::kMpd:
    case Route::Kind::kDashSegment:
      return options.dash;
    case Route::Kind::kMpegts:
      return options.tshttp;
    case Route::Kind::kMediaInfo:
    case Route::Kind::kInfo:
    case Route::Kind::kIndexJson:
      return true;
  }
  return false;
}

std::string proto_of(const Route& route) {
  switch (route.kind) {
    case Route::Kind::kMpd:
    case Route::Kind::kDashSegment:
      return "dash";
    case Route::Kind::kMpegts:
      return "tshttp";
    case Route::Kind::kMediaInfo:
    case Route::Kind::kInfo:
    case Route::Kind::kIndexJson:
      return "api";
    case Route::Kind::kPart:
      return "llhls";
    default:
      break;
  }
  return route.low_latency ? "llhls" : route.container == Container::kTs ? "hls" : "cmaf";
}

}  // namespace m4f
