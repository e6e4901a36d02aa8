#include "m4f/delivery/delivery.h"

#include <fmt/format.h>
#include <xxhash.h>

#include <algorithm>
#include <mutex>

#include "m4f/delivery/blocking.h"
#include "m4f/delivery/info_json.h"
#include "m4f/delivery/presentation.h"
#include "m4f/delivery/protocol.h"
#include "m4f/delivery/query.h"
#include "m4f/delivery/rendered.h"
#include "m4f/delivery/route.h"
#include "m4f/mp4/packager.h"
#include "m4f/ts/packager.h"

namespace m4f {
namespace {

using std::chrono::milliseconds;
using Kind = Route::Kind;

constexpr const char* kImmutable = "public, max-age=31536000, immutable";
constexpr const char* kMiss = "max-age=1";  // also for errors: they heal
constexpr int kWaitTargets = 3;             // target durations that a request is held at most

DeliveryReply status_reply(int status) {
  DeliveryReply reply;
  reply.status = status;
  reply.cache_control = kMiss;
  if (status == 503) reply.retry_after = 1;
  return reply;
}

DeliveryReply wait_reply(milliseconds at_most) {
  DeliveryReply reply;
  reply.kind = DeliveryReply::Kind::kWait;
  reply.wait_at_most = at_most;
  return reply;
}

DeliveryReply text_reply(const SharedBytes& body, std::string content_type, std::string cache_control) {
  DeliveryReply reply;
  reply.content_type = std::move(content_type);
  reply.cache_control = std::move(cache_control);
  reply.etag = fmt::format("\"{:016x}\"", XXH3_64bits(body->data(), body->size()));
  reply.body = {body};
  reply.compressible = true;
  return reply;
}

SharedBytes shared_text(std::string_view text) {
  const ByteView bytes = as_bytes(text);
  return std::make_shared<const Bytes>(bytes.begin(), bytes.end());
}

std::string picked_text(const std::vector<Track>& tracks, const std::vector<size_t>& picked) {
  TrackSelection selection;
  for (size_t i : picked) selection.ids.push_back(tracks[i].id);
  return selection.text();
}

bool all_audio(const std::vector<Track>& tracks, const std::vector<size_t>& picked) {
  return std::none_of(picked.begin(), picked.end(),
                      [&](size_t i) { return tracks[i].id.content == Content::kVideo; });
}

// What may stand in an address as it is (RFC 3986 2), `also` of it apart from letters and digits; the rest is
// percent-encoded.
std::string encoded(std::string_view text, std::string_view also) {
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (plain || also.find(c) != also.npos) {
      out += c;
    } else {
      out += fmt::format("%{:02X}", static_cast<uint8_t>(c));
    }
  }
  return out;
}

std::string address_of(std::string_view prefix, std::string_view name) {
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return encoded(prefix, "-._~:/?[]@!$&'()*+,;=%") + "/" + encoded(name, "-._~/") + "/";
}

}  // namespace

struct Delivery::Impl {
  // Options and what follows from them.
  struct Current {
    DeliveryOptions options;
    std::string
        base;  // "http://cdn.example.com/news/": in front of playlists' addresses; empty = relative ones
    std::string ts_name;  // of packaged TS segments: other options, other bytes
    uint64_t version = 0;
  };
  // One request on its way through.
  struct Request {
    Route route;
    Query query;
    std::string_view tail;
    std::shared_ptr<const Current> current;
    const DeliveryOptions* options = nullptr;  // current's
    std::shared_ptr<const RingView> view;
    std::chrono::system_clock::time_point now;
    milliseconds waited{0};

    // A "tracks-" prefix is the narrower choice: a playlist's own query travels on to its segments.
    const TrackSelection& selection() const { return route.tracks.ids.empty() ? query.tracks : route.tracks; }
  };

  std::shared_ptr<const Current> current_options() const {
    const std::lock_guard lock(options_mutex);
    return options;
  }

  // Where the stream is, seen from a playlist: its own address if the operator gave one.
  std::string base_of(const Request& request) const {
    if (!request.current->base.empty()) return request.current->base;
    return request.route.tracks.ids.empty() ? "" : "../";
  }

  DeliveryReply answer(Request& request) {
    if (request.view->segments.empty()) return nothing_yet(request);
    if (!known(*request.view, request.selection())) return status_reply(404);
    switch (request.route.kind) {
      case Kind::kMaster:
      case Kind::kMedia:
        return playlist(request);
      case Kind::kMpd:
        return manifest(request);
      case Kind::kDashSegment:
        if (request.route.tracks.ids.size() != 1) return status_reply(404);
        return segment(request,
                       find_dash_segment(*request.view, request.route.tracks.ids[0], request.route.number));
      case Kind::kMpegts:
        return endless_ts(request);
      case Kind::kSegment:
        return segment(request, find_segment(*request.view, request.route.segment));
      case Kind::kSegmentByDts:
        return segment(request, segment_at(*request.view, request.route.number));
      case Kind::kInit:
        return init(request);
      case Kind::kPart:
        return part(request);
      case Kind::kMediaInfo:
      case Kind::kInfo:
      case Kind::kIndexJson:
        return info(request);
      case Kind::kNone:
      case Kind::kEmbed:
        break;
    }
    return status_reply(404);
  }

  // Without a segment: addresses of media are certainly gone, manifests come with the source.
  static DeliveryReply nothing_yet(const Request& request) {
    switch (request.route.kind) {
      case Kind::kSegment:
      case Kind::kSegmentByDts:
      case Kind::kInit:
      case Kind::kPart:
      case Kind::kDashSegment:
        return status_reply(404);
      default:
        return status_reply(503);
    }
  }

  // Every selected track was there in some segment that is still kept.
  static bool known(const RingView& view, const TrackSelection& selection) {
    const auto has = [](const SegmentPtr& segment, const TrackId& id) {
      const auto& tracks = segment->header().tracks;
      return std::any_of(tracks.begin(), tracks.end(), [&](const Track& track) { return track.id == id; });
    };
    return view.segments.empty() ||
           std::all_of(selection.ids.begin(), selection.ids.end(), [&](const TrackId& id) {
             return std::any_of(view.segments.rbegin(), view.segments.rend(),
                                [&](const SegmentPtr& segment) { return has(segment, id); });
           });
  }

  static SegmentPtr segment_at(const RingView& view, uint64_t utc_ms) {
    for (auto it = view.segments.rbegin(); it != view.segments.rend(); ++it)
      if ((*it)->sealed() && static_cast<uint64_t>((*it)->header().start.to_ms()) == utc_ms) return *it;
    return nullptr;
  }

  static milliseconds patience(const Presentation::Limits& limits, int targets) {
    return std::chrono::seconds(limits.target_duration) * targets;
  }

  // Holds the request until `limit`; then the answer is 503.
  static DeliveryReply hold(const Request& request, milliseconds limit) {
    if (request.view->ended || request.waited >= limit) return status_reply(503);
    return wait_reply(limit - request.waited);
  }

  DeliveryReply playlist(const Request& request) {
    const RingView& view = *request.view;
    const auto limits = presentation.limits(view, request.options->segment_duration);
    const bool low_latency =
        request.route.low_latency && request.options->low_latency && limits.part_hold_back.count > 0;
    const bool master = request.route.kind == Kind::kMaster;
    std::string cache_control = fmt::format("max-age={}", std::max(limits.target_duration / 2, 1u));
    if (low_latency) {
      const LiveEdge edge = live_edge(view, limits.window, master ? TrackSelection{} : request.selection());
      if (limits.window.first == limits.window.end && edge.open_parts == 0)
        return hold(request, patience(limits, 1));
      cache_control = "max-age=1";
      if (!master && request.query.msn && !view.ended) {
        const Readiness readiness = playlist_readiness(edge, request.query);
        if (readiness == Readiness::kTooFar) return status_reply(400);
        if (readiness == Readiness::kWait) return hold(request, patience(limits, kWaitTargets));
        cache_control = fmt::format("max-age={}", 6 * limits.target_duration);
      }
    } else if (limits.window.first == limits.window.end) {
      return hold(request, patience(limits, 1));
    }
    const size_t listed_end = limits.window.end + (limits.window.open ? 1 : 0);
    if (!any_segment_has(view, limits.window.first, listed_end, request.selection(), request.route.container))
      return status_reply(404);
    presentation.warn_left_out(view, request.route.container,
                               request.route.container == Container::kTs ? "MPEG-TS" : "fMP4");
    // Read after the decision that the playlist is ready: what was rendered in this state holds what was
    // asked for.
    const Segment& newest = *view.segments.back();
    const Rendered::State state{view.version, low_latency ? newest.frame_count() : 0, newest.sealed(),
                                limits.target_duration};
    const std::string key =
        fmt::format("{}?{}|{}{}{}|{}", request.tail, request.query.carried, low_latency,
                    request.query.skip && low_latency, request.query.tracks.text(), request.current->version);
    const SharedBytes body = (low_latency ? rendered_parts : rendered).get(state, key, [&] {
      return master ? master_text(request, low_latency) : media_text(request, limits, low_latency);
    });
    if (body->empty()) return status_reply(404);
    return text_reply(body, "application/vnd.apple.mpegurl", std::move(cache_control));
  }

  DeliveryReply manifest(const Request& request) {
    const RingView& view = *request.view;
    const auto limits = presentation.limits(view, request.options->segment_duration);
    if (!view.segments.front()->sealed()) return hold(request, patience(limits, 1));
    presentation.warn_left_out(view, Container::kFmp4, "fMP4");
    MpdOptions options;
    options.tracks = request.selection();
    options.segment_duration = request.options->segment_duration;
    options.query = request.query.carried;
    options.prefix = base_of(request);
    const std::string text = mpd(view, options, request.now);
    if (text.empty()) return status_reply(404);
    // It says what time it is: no cache may keep it for long.
    return text_reply(shared_text(text), "application/dash+xml", "max-age=1");
  }

  static bool any_segment_has(const RingView& view, size_t first, size_t end, const TrackSelection& selection,
                              Container container) {
    for (size_t i = first; i < end; ++i)
      if (!pick_tracks(view.segments[i]->header().tracks, selection, container).empty()) return true;
    return false;
  }

  std::string master_text(const Request& request, bool low_latency) const {
    MasterPlaylistOptions options;
    options.container = request.route.container;
    options.tracks = request.selection();
    options.low_latency = low_latency;
    options.separate_audio = request.query.separate_audio;
    options.all_audio = request.route.all_audio;
    options.audio_only = request.options->audio_only;
    options.query = request.query.carried;
    // Below "tracks-v1a1/" the children's addresses start one level up.
    options.prefix = base_of(request);
    return master_playlist(*request.view, options);
  }

  std::string media_text(const Request& request, const Presentation::Limits& limits, bool low_latency) const {
    MediaPlaylistOptions options;
    options.container = request.route.container;
    options.tracks = request.selection();
    options.segment_duration = request.options->segment_duration;
    options.target_duration = limits.target_duration;
    options.part_hold_back = limits.part_hold_back;
    options.first_number = limits.first_number;
    options.low_latency = low_latency;
    options.skip = request.query.skip;
    options.query = request.query.carried;
    if (const std::string& base = request.current->base; !base.empty()) {
      options.segment_prefix = base;
      if (!request.route.tracks.ids.empty())
        options.segment_prefix += "tracks-" + request.route.tracks.text() + "/";
    }
    if (low_latency && !request.route.tracks.ids.empty()) {
      MasterPlaylistOptions all;
      all.audio_only = request.options->audio_only;
      all.container = Container::kFmp4;
      all.low_latency = true;
      for (RenditionReport& child : master_children(*request.view, all)) {
        if (child.tracks == request.route.tracks) continue;
        child.uri = base_of(request) + child.uri;
        options.reports.push_back(std::move(child));
      }
    }
    return media_playlist(*request.view, options);
  }

  // A key for the package cache and the tag of an answer: it names the bytes, so it never needs to read them.
  std::string package_key(const Segment& segment, std::string_view what, std::string_view tracks) const {
    return fmt::format("{}/{}/{}/{}", run, segment.header().number, what, tracks);
  }

  DeliveryReply packaged(const Segment& segment, const std::vector<size_t>& picked, Container container,
                         std::string_view what, const std::function<Bytes()>& make) {
    const auto& tracks = segment.header().tracks;
    const std::string names = picked_text(tracks, picked);
    DeliveryReply reply;
    reply.body = {cache->get(package_key(segment, what, names), make)};
    reply.etag = fmt::format("\"{}-{}-{}\"", segment.header().number, what, names);
    reply.cache_control = kImmutable;
    reply.content_type = container == Container::kTs ? "video/mp2t"
                         : all_audio(tracks, picked) ? "audio/mp4"
                                                     : "video/mp4";
    return reply;
  }

  DeliveryReply segment(const Request& request, const SegmentPtr& segment) {
    if (!segment) return status_reply(404);
    const Container container = request.route.container;
    const auto& tracks = segment->header().tracks;
    const auto picked = pick_tracks(tracks, request.selection(), container);
    if (picked.empty()) return status_reply(404);
    return packaged(*segment, picked, container,
                    container == Container::kTs ? request.current->ts_name : "m4s", [&] {
                      if (container == Container::kFmp4) return mp4::package(*segment, picked);
                      ts::Options options = request.options->ts;
                      options.tracks.ids.clear();
                      for (size_t i : picked) options.tracks.ids.push_back(tracks[i].id);
                      return ts::package(*segment, options);
                    });
  }

  DeliveryReply init(const Request& request) {
    const std::vector<Track>* looked_at = nullptr;
    for (auto it = request.view->segments.rbegin(); it != request.view->segments.rend(); ++it) {
      const auto& tracks = (*it)->header().tracks;
      if (looked_at && *looked_at == tracks) continue;
      looked_at = &tracks;
      const auto picked = pick_tracks(tracks, request.selection(), Container::kFmp4);
      if (picked.empty() || mp4::init_hash(tracks, picked) != request.route.number) continue;
      DeliveryReply reply;
      reply.body = {std::make_shared<const Bytes>(mp4::init_segment(tracks, picked))};
      reply.etag = fmt::format("\"init-{:016x}\"", request.route.number);
      reply.cache_control = kImmutable;
      reply.content_type = all_audio(tracks, picked) ? "audio/mp4" : "video/mp4";
      return reply;
    }
    return status_reply(404);
  }

  DeliveryReply part(const Request& request) {
    const RingView& view = *request.view;
    for (auto it = view.segments.rbegin(); it != view.segments.rend(); ++it) {
      const Segment& segment = **it;
      if (segment.header().number != request.route.number) continue;
      const auto picked = pick_tracks(segment.header().tracks, request.selection(), Container::kFmp4);
      if (picked.empty()) return status_reply(404);
      if (request.route.part >= mp4::parts(segment, picked).size()) break;
      const auto index = static_cast<size_t>(request.route.part);
      return packaged(segment, picked, Container::kFmp4, fmt::format("p{}", index),
                      [&] { return mp4::part(segment, picked, index); });
    }
    const auto limits = presentation.limits(view, request.options->segment_duration);
    const LiveEdge edge = live_edge(view, limits.window, request.selection());
    switch (part_readiness(edge, request.route.number, request.route.part)) {
      case Readiness::kWait:
        return hold(request, patience(limits, kWaitTargets));
      case Readiness::kReady:
        return wait_reply(milliseconds(1));  // it came while we looked
      case Readiness::kTooFar:
        break;
    }
    return status_reply(404);
  }

  DeliveryReply endless_ts(const Request& request) {
    if (request.view->ended) return status_reply(503);
    if (!any_segment_has(*request.view, 0, request.view->segments.size(), request.selection(),
                         Container::kTs))
      return status_reply(404);
    presentation.warn_left_out(*request.view, Container::kTs, "MPEG-TS");
    DeliveryReply reply;
    reply.kind = DeliveryReply::Kind::kLiveTs;
    reply.content_type = "video/mp2t";
    reply.cache_control = "no-store";
    reply.live = {request.options->ts, request.options->prepush};
    reply.live.ts.tracks = request.selection();
    return reply;
  }

  DeliveryReply info(const Request& request) {
    const RingView& view = *request.view;
    const InfoOptions named{name, request.options->title, request.options->provider};
    std::string text;
    if (request.route.kind == Kind::kMediaInfo) {
      text = media_info_json(view, named);
    } else if (request.route.kind == Kind::kInfo) {
      text = info_json(view, named);
    } else {
      const auto limits = presentation.limits(view, request.options->segment_duration);
      text = index_json(view, limits.window.first, limits.window.end, named);
    }
    return text_reply(shared_text(text), "application/json", kMiss);
  }

  std::string name;
  RingPtr ring;
  std::shared_ptr<PackageCache> cache;
  uint64_t run = 0;
  mutable std::mutex options_mutex;
  std::shared_ptr<const Current> options;
  uint64_t options_version = 0;  // guarded by options_mutex
  Presentation presentation;
  Rendered rendered, rendered_parts;  // low-latency playlists change with every part, the others do not
};

Delivery::Delivery(std::string name, RingPtr ring, std::shared_ptr<PackageCache> cache,
                   DeliveryOptions options)
    : impl_(std::make_unique<Impl>()) {
  impl_->name = std::move(name);
  impl_->ring = std::move(ring);
  impl_->cache = std::move(cache);
  impl_->run = impl_->cache->next_run();
  configure(std::move(options));
}

Delivery::~Delivery() = default;

DeliveryReply Delivery::handle(const DeliveryRequest& request, std::chrono::system_clock::time_point now,
                               milliseconds waited) const {
  Impl::Request work;
  work.route = parse_route(request.tail);
  work.current = impl_->current_options();
  work.options = &work.current->options;
  DeliveryReply reply;
  if (!allowed(work.route, *work.options)) {
    reply = status_reply(404);
  } else if (auto query = parse_query(request.query); !query) {
    reply = status_reply(400);
  } else {
    work.query = std::move(*query);
    work.tail = request.tail;
    work.view = impl_->ring->view();
    work.now = now;
    work.waited = waited;
    reply = impl_->answer(work);
  }
  reply.proto = proto_of(work.route);
  return reply;
}

const RingPtr& Delivery::ring() const {
  return impl_->ring;
}

void Delivery::configure(DeliveryOptions options) {
  auto fresh = std::make_shared<Impl::Current>();
  if (!options.url_prefix.empty()) fresh->base = address_of(options.url_prefix, impl_->name);
  const std::string ts = ts::text_of(options.ts);
  fresh->ts_name =
      options.ts == ts::Options{} ? "ts" : fmt::format("ts{:016x}", XXH3_64bits(ts.data(), ts.size()));
  fresh->options = std::move(options);
  const std::lock_guard lock(impl_->options_mutex);
  fresh->version = ++impl_->options_version;
  impl_->options = std::move(fresh);
}

std::vector<std::string> Delivery::take_warnings() {
  return impl_->presentation.take_warnings();
}

}  // namespace m4f
