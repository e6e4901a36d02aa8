// The URL schemes of inputs: which there are, which run here, and what kind of source each is.
#pragma once

#include <cstdint>
#include <string_view>

namespace sluice::config {

// What the arguments and the pipeline of an input depend on. The values are bits: a set of kinds is a mask.
enum class SourceKind : uint16_t {
  kNone = 0,  // not supported here
  kFake = 1 << 0,
  kFile = 1 << 1,
  kUdp = 1 << 2,
  kHttpTs = 1 << 3,
  kHls = 1 << 4,
  kRtsp = 1 << 5,
  kRtmp = 1 << 6,
  kSrt = 1 << 7,
  kPublish = 1 << 8,    // publish://: frames come from who publishes into the stream
  kCopy = 1 << 9,       // copy://STREAM of this server
  kPlaylist = 1 << 10,  // playlist:///FILE: files and streams one after another
  kMixer = 1 << 11,     // mixer://A,B: A's video with B's audio
};
using SourceKinds = uint16_t;
constexpr SourceKinds operator|(SourceKind a, SourceKind b) {
  return static_cast<SourceKinds>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr SourceKinds operator|(SourceKinds a, SourceKind b) {
  return static_cast<SourceKinds>(a | static_cast<unsigned>(b));
}
constexpr bool contains(SourceKinds set, SourceKind kind) {
  return (set & static_cast<unsigned>(kind)) != 0;
}
inline constexpr SourceKinds kAllSources = 0xFFFF;

struct Scheme {
  std::string_view name;
  SourceKind kind = SourceKind::kNone;
};

// http and https carry a playlist or a transport stream: source_kind() looks at the path.
inline constexpr Scheme kSchemes[] = {
    {"fake", SourceKind::kFake},
    {"file", SourceKind::kFile},
    {"udp", SourceKind::kUdp},
    {"tshttp", SourceKind::kHttpTs},
    {"tshttps", SourceKind::kHttpTs},
    {"http", SourceKind::kHttpTs},
    {"https", SourceKind::kHttpTs},
    {"hls", SourceKind::kHls},
    {"hlss", SourceKind::kHls},
    {"rtsp", SourceKind::kRtsp},
    {"rtsps", SourceKind::kRtsp},
    {"rtsp-udp", SourceKind::kRtsp},
    {"rtp", SourceKind::kUdp},  // MPEG-TS in RTP; udp:// takes it too
    {"rtmp", SourceKind::kRtmp},
    {"rtmps", SourceKind::kRtmp},
    {"srt", SourceKind::kSrt},
    {"publish", SourceKind::kPublish},
    {"copy", SourceKind::kCopy},
    {"playlist", SourceKind::kPlaylist},
    {"mixer", SourceKind::kMixer},
    // Known to flussonic.conf, not run here yet.
    {"udp1"},
    {"udp2"},
    {"udp3"},
    {"mpts-udp"},
    {"mpts-http"},
    {"mpts-https"},
    {"mpts-dvb"},
    {"dvb"},
    {"tstcp"},
    {"hls2"},
    {"hlss2"},
    {"rtsp2"},
    {"srt1"},
    {"srt2"},
    {"m4f"},
    {"m4fs"},
    {"m4s"},
    {"m4ss"},
    {"timeshift"},
    {"mosaic"},
    {"mosaic2"},
    {"shout"},
    {"shoutcast"},
    {"shoutcasts"},
    {"h323"},
    {"ndi"},
    {"decklink"},
    {"dektec"},
    {"v4l2"},
    {"st2110"},
    {"frip"},
    {"onvif"},
    {"webrtc"},
};

// Where a push goes.
struct PushScheme {
  std::string_view name;
  bool supported = false;
};
inline constexpr PushScheme kPushSchemes[] = {
    {"udp", true},
    // Known to flussonic.conf, not run here yet.
    {"udp1"},
    {"udp2"},
    {"rtp"},
    {"rtmp"},
    {"rtmps"},
    {"tshttp"},
    {"tshttps"},
    {"hls"},
    {"hlss"},
    {"srt"},
    {"m4s"},
    {"m4ss"},
    {"m4f"},
    {"m4fs"},
    {"decklink"},
    {"dektec"},
    {"dektec-asi"},
    {"ndi"},
    {"st2110"},
    {"file"},
};

// "udp" of "udp://..."; empty if `url` has no scheme.
constexpr std::string_view scheme_of(std::string_view url) {
  const size_t end = url.find("://");
  return end == std::string_view::npos ? std::string_view{} : url.substr(0, end);
}

// Null = unknown.
constexpr const Scheme* find_scheme(std::string_view name) {
  for (const Scheme& s : kSchemes)
    if (s.name == name) return &s;
  return nullptr;
}

// The kind of source behind an URL. kNone = unknown, not supported, or a http address that names neither a
// playlist
// (.m3u8) nor a transport stream (.ts, /mpegts).
constexpr SourceKind source_kind(std::string_view url) {
  const Scheme* scheme = find_scheme(scheme_of(url));
  if (!scheme) return SourceKind::kNone;
  if (scheme->name != "http" && scheme->name != "https") return scheme->kind;
  const auto path = url.substr(0, url.find_first_of("?#"));
  if (path.ends_with(".m3u8")) return SourceKind::kHls;
  return path.ends_with(".ts") || path.ends_with("/mpegts") ? SourceKind::kHttpTs : SourceKind::kNone;
}

}  // namespace sluice::config
