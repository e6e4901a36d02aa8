// The typed configuration: what flussonic.conf means. Nobody reads raw directives later.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace sluice::config {

// Where something stands in a file: lines and columns (characters) from 1.
struct Place {
  std::string file;
  int line = 0, column = 0;

  std::string text() const { return file + ":" + std::to_string(line) + ":" + std::to_string(column); }
};

struct Listener {
  std::string address;  // numeric, without brackets; empty = all addresses
  uint16_t port = 0;
  bool tls = false;
  bool api = true;
  std::string certificate, certificate_key;  // https: PEM files
  Place place;
};

struct Credentials {
  std::string user, password;
};

enum class LogLevel { kNone, kCritical, kAlert, kError, kWarning, kNotice, kInfo, kDebug };

// One source of a stream and its arguments: `input URL k=v ...`, and the query of fake, udp and srt URLs.
struct Input {
  std::string url;                                     // as written
  std::optional<int> priority;                         // 1 is highest
  std::optional<std::chrono::seconds> source_timeout;  // 0 = never (`false`)
  std::optional<std::chrono::seconds> max_retry_timeout;
  std::string comment;
  // file
  std::string file;  // absolute path; empty = the URL's
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
};

// Output protocols, flussonic names. All on by default.
struct Protocols {
  bool hls = true, cmaf = true, dash = true, tshttp = true, player = true, api = true;
  bool operator==(const Protocols&) const = default;
};

struct Stream {
  std::string name;
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
  Place place;
};

// Directories whose files a `file://NAME/...` input reads.
struct VodLocation {
  std::string name;
  std::vector<std::string> storages;  // searched in order
  Place place;
};

struct Config {
  std::vector<Listener> listeners;
  std::optional<Credentials> edit_auth, view_auth;
  LogLevel loglevel = LogLevel::kInfo;
  std::vector<VodLocation> vod_locations;
  std::vector<Stream> streams;  // in file order
};

}  // namespace sluice::config
