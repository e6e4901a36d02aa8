// From a URL tail to an answer: the delivery of one stream, without sockets. Both HTTP fronts (the daemon's
// and hlssink-ll's own) are thin over it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "m4f/base/bytes.h"
#include "m4f/ring/live_ring.h"
#include "m4f/ts/packager.h"

namespace m4f {

struct DeliveryOptions {
  Ticks segment_duration = Ticks::from_seconds(5);
  bool hls = true, cmaf = true, dash = true, tshttp = true, player = true;  // `protocols`
  bool low_latency = true;  // off for bursty inputs: no blocking reload is advertised
  std::string title, provider;
  bool audio_only = false;  // HLS master playlists offer the sound alone, too
  std::string
      url_prefix;  // playlists' addresses begin with it, the stream's name follows; empty = relative ones
  ts::Options ts;  // of every MPEG-TS; its tracks are the request's
  // What a client of endless MPEG-TS gets at once: so much of what was, from a key frame on; 0 = nothing, it
  // begins with the next key frame; empty = from the newest key frame on.
  std::optional<std::chrono::milliseconds> prepush;
};

// What an endless MPEG-TS holds and where it begins.
struct LiveTsOptions {
  ts::Options ts;
  std::optional<std::chrono::milliseconds> prepush;  // as in DeliveryOptions

  std::string key() const;  // equal for equal ones only
};

// A request for something below a stream's name. `tail` has no leading slash and is percent-decoded:
// "tracks-v1a1/mono.m3u8"; `query` is the raw query string.
struct DeliveryRequest {
  std::string_view tail;
  std::string_view query;
  std::string_view accept;  // header, may be empty
};

struct DeliveryReply {
  enum class Kind {
    kBody,    // answer now
    kWait,    // ask again when the ring changes, at the latest after `wait_at_most` (blocking reload, preload
              // hint)
    kLiveTs,  // endless MPEG-TS: serve by cursor, as `live` says
  };
  Kind kind = Kind::kBody;
  int status = 200;
  std::string content_type;
  std::string cache_control;
  std::string etag;                           // quoted; empty = none
  int retry_after = 0;                        // seconds; 0 = no header
  std::chrono::milliseconds wait_at_most{0};  // kWait: then there is an answer, if only 503
  std::string vary;
  std::vector<SharedBytes> body;  // in order
  bool compressible = false;      // gzip when the client takes it
  LiveTsOptions live;             // kLiveTs
  std::string proto;  // "hls", "llhls", "cmaf", "dash", "tshttp", ...: for sessions and statistics
};

// Packaged bytes of all streams, shared: each (segment, format, selection, part) is packaged at most once
// however many clients ask at the same time, and the least recently used go first.
class PackageCache {
 public:
  explicit PackageCache(size_t max_bytes);
  ~PackageCache();
  // Concurrent callers of one key wait for one of them to make it.
  SharedBytes get(const std::string& key, const std::function<Bytes()>& make);
  size_t bytes() const;  // held now; at most max_bytes, or one entry that is larger
  uint64_t next_run();   // a number for keys: no two deliveries that share the cache have the same

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

class Delivery {
 public:
  Delivery(std::string name, RingPtr ring, std::shared_ptr<PackageCache> cache, DeliveryOptions options);
  ~Delivery();

  // Thread-safe. `waited` = how long this request has been waiting (kWait earlier), 0 at first.
  // An unknown tail gives 404 with an empty body; a stream with nothing yet 503 (sources are being tried)
  // with Retry-After.
  DeliveryReply handle(const DeliveryRequest& request, std::chrono::system_clock::time_point now,
                       std::chrono::milliseconds waited = {}) const;

  // Whether `tail` is a resource name of a stream at all (for the router: the longest name that leaves a
  // known tail).
  static bool is_resource(std::string_view tail);
  // Whether a viewer begins with it: a playlist, a manifest or an endless stream.
  static bool is_entrance(std::string_view tail);
  // Splits "a/b/tracks-v1/mono.m3u8" into name and tail, matching from the right (flussonic URL rules); false
  // = no resource.
  static bool split(std::string_view path, std::string_view& name, std::string_view& tail);

  const RingPtr& ring() const;
  void configure(DeliveryOptions options);
  // Warnings once per cause: "track a2 (opus) cannot be carried in MPEG-TS: left out of ..."
  std::vector<std::string> take_warnings();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// Shared chunks of a stream's endless MPEG-TS, packaged once for all clients of the same options; equal to
// the concatenation of its HLS segments.
class LiveTs {
 public:
  LiveTs(RingPtr ring, LiveTsOptions options);
  ~LiveTs();

  struct Cursor {
    uint64_t segment = 0;
    size_t chunk = 0;
    bool started = false;
    bool waits_for_key = false;
  };
  // Moves the cursor over what is ready and appends references to at most `max_bytes` (at least one chunk) to
  // `out`. A fresh cursor starts at a key frame as the options say (where there are no pictures, at a
  // segment's start); one that fell off the tail jumps to the newest. Returns false if nothing is ready yet.
  bool read(Cursor& cursor, size_t max_bytes, std::vector<SharedBytes>& out);
  bool ended() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace m4f
