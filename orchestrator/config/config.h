// The typed configuration: what flussonic.conf means. Nobody reads raw directives later.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::config {

// Every type here can be compared: two values are equal if the server does the same with them. Where they
// stand in a file does not count, so a moved stream is an unchanged one.

// Where something stands in a file: lines and columns (characters) from 1.
struct Place {
  std::string file;
  int line = 0, column = 0;

  bool operator==(const Place&) const { return true; }  // see above

  std::string text() const { return file + ":" + std::to_string(line) + ":" + std::to_string(column); }
};

struct Listener {
  std::string address;  // numeric, without brackets; empty = all addresses
  uint16_t port = 0;
  bool tls = false;
  bool api = true;
  std::string certificate, certificate_key;  // https: PEM files
  Place place;
  bool operator==(const Listener&) const = default;
};

struct Credentials {
  std::string user, password;
  bool operator==(const Credentials&) const = default;
};

enum class LogLevel { kNone, kCritical, kAlert, kError, kWarning, kNotice, kInfo, kDebug };

// One source of a stream and its arguments: `input URL k=v ...`, and the query of fake, udp and srt URLs.
struct Input {
  std::string url;                                     // as written; in a stream without `%s`
  std::optional<int> priority;                         // 1 is highest
  std::optional<std::chrono::seconds> source_timeout;  // 0 = never (`false`)
  std::optional<std::chrono::seconds> max_retry_timeout;
  std::optional<std::chrono::seconds> frames_timeout, video_timeout, audio_timeout;  // 0 = off
  std::optional<std::chrono::seconds> no_clients_reconnect_delay;
  std::string allow_if, deny_if;        // files that hold `1` or `0`, read while the stream runs
  std::optional<uint64_t> max_bitrate;  // kbit/s; above it the input is cut
  std::string comment;
  // mixer
  std::string mixer_strategy, sync;
  // file
  std::string file;  // absolute path; empty = the URL's. Of a playlist: the element's vod
  // http
  std::string user_agent;
  std::map<std::string, std::string> headers;
  // MPEG-TS family
  std::optional<uint16_t> program;
  std::vector<uint16_t> pids;
  // udp
  std::vector<std::string> sources;     // source-specific multicast
  std::optional<uint64_t> buffer_size;  // bytes
  // rtsp
  std::vector<int> tracks;  // SDP track numbers from 1
  bool rtp_udp = false;
  // srt
  std::string streamid, passphrase;
  std::optional<std::chrono::milliseconds> latency;
  // fake
  std::optional<int> width, height;
  std::optional<uint64_t> bitrate;  // bit/s
  // hls
  bool skip_stalled_check = false;
  Place place;
  bool operator==(const Input&) const = default;
};

// Output protocols, flussonic names. All on by default.
struct Protocols {
  bool hls = true, cmaf = true, dash = true, tshttp = true, player = true, api = true;
  bool operator==(const Protocols&) const = default;
};

// A file that covers the hole while no frames come: not an input.
struct Backup {
  std::string file;  // LOCATION/FILE as written
  std::string path;  // absolute; empty = not resolved
  std::optional<std::chrono::seconds> timeout, video_timeout, audio_timeout;
  bool dvr = false, transcode = false;
  Place place;
  bool operator==(const Backup&) const = default;
};

// PIDs of the MPEG-TS that goes out. Index 0 of a kind ("v0", "a0", "t0") is the base that its tracks count
// from.
struct MpegtsPids {
  std::optional<uint16_t> pmt, sdt, pcr;
  std::map<std::string, uint16_t, std::less<>> tracks;  // "v1" -> PID
  bool operator==(const MpegtsPids&) const = default;
};

struct Push {
  std::string url;  // as written; in a stream without `%s`, which is its whole name
  bool disabled = false;
  std::chrono::seconds retry_timeout{5};
  std::optional<int> retry_limit;  // empty = for ever
  std::optional<std::chrono::seconds> timeout, connect_timeout;
  std::string comment;
  // udp
  bool multicast_loop = false;
  bool standby = false;  // stays silent while another sender uses the group
  std::optional<int> ttl;
  std::optional<uint64_t> bitrate;               // CBR, kbit/s; empty = as the stream is
  std::optional<std::chrono::milliseconds> pcr;  // interval of PCRs
  std::string tracks;                            // "v2a4"; empty = all
  std::optional<uint16_t> pnr;
  std::string service, provider;
  MpegtsPids pids;
  Place place;
  bool operator==(const Push&) const = default;
};

struct Stream {
  std::string name;
  std::string template_name;  // whose values this stream began with; empty = none
  std::string title, comment, provider;
  bool is_static = true;  // false: `ondemand`
  bool disabled = false;
  std::vector<Input> inputs;  // in file order
  std::chrono::milliseconds segment_duration{5000};
  int segment_count = 4;
  std::chrono::milliseconds chunk_duration{200};
  std::optional<std::chrono::seconds> source_timeout;  // empty = the scheme's default; 0 = never (`false`)
  std::chrono::seconds max_retry_timeout{30};
  bool rtp_udp = false;
  Protocols protocols;
  // Life
  std::optional<int> retry_limit;            // on demand: failed rounds until it closes; empty = for ever
  std::chrono::seconds clients_timeout{60};  // on demand: how long it outlives its last client; 0 = for ever
  std::chrono::seconds frames_timeout{0}, video_timeout{0}, audio_timeout{0};  // 0 = off
  std::chrono::seconds recheck_secondary_inputs_interval{0};                   // 0 = never
  std::optional<Backup> backup;
  // Output
  std::vector<Push> pushes;
  bool add_audio_only = false;
  std::optional<std::chrono::seconds> prepush;  // empty = one GOP; 0 = none
  std::string url_prefix;  // the file's is in it, unless the stream says otherwise; empty = none
  MpegtsPids mpegts_pids;
  std::optional<uint16_t> program_id;
  // Rights
  std::optional<int> max_sessions;
  std::optional<uint64_t> max_bitrate;  // kbit/s, of a published stream
  std::vector<std::string> domains;     // of the Referer; empty = any
  std::string password;                 // of publishers
  // For operators and other servers
  std::vector<std::string> groups;
  std::map<std::string, std::string, std::less<>> labels;
  std::optional<int> position;
  Place place;
  bool operator==(const Stream&) const = default;
};

// Values that streams begin with; with a prefix also a place where streams come to be when they are asked
// for or published.
struct Template {
  std::string name;
  std::string prefix;  // matched at a '/' of the name; empty = none
  Stream values;       // its name is empty
  Place place;
  bool operator==(const Template&) const = default;
};

// Conditions on an event's fields: name -> values, any of which may match; `*` is a wildcard. All pairs must
// match.
using EventFilter = std::map<std::string, std::vector<std::string>, std::less<>>;

struct EventSink {
  std::string name, url;  // http(s)://, log://, jsonlog://
  std::vector<EventFilter> only, except;
  LogLevel level = LogLevel::kInfo;
  std::string sign_key;
  std::chrono::seconds throttle_delay{0};
  std::optional<int> resend_limit;  // events kept for a receiver that fails; empty = the default
  std::chrono::seconds resend_timeout{10};
  std::optional<uint64_t> max_size;  // log://, jsonlog://: bytes until the file is turned over
  std::optional<int> max_depth;      // and how many old ones are kept
  std::map<std::string, std::string, std::less<>> extra;  // passed to the sink
  Place place;
  bool operator==(const EventSink&) const = default;
};

// Directories whose files a `file://NAME/...` input reads.
struct VodLocation {
  std::string name;
  std::vector<std::string> storages;  // searched in order
  Place place;
  bool operator==(const VodLocation&) const = default;
};

struct Config {
  std::vector<Listener> listeners;
  std::optional<Credentials> edit_auth, view_auth;
  LogLevel loglevel = LogLevel::kInfo;
  std::string url_prefix;           // taken over by streams and templates: read theirs
  std::optional<int> max_sessions;  // of the whole server
  std::vector<VodLocation> vod_locations;
  std::vector<EventSink> event_sinks;
  std::vector<Template> templates;  // in file order: the first prefix that matches counts
  std::vector<Stream> streams;      // in file order, templates merged in
  bool operator==(const Config&) const = default;
};

}  // namespace sluice::config
