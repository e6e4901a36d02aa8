#include "orchestrator/config/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

#include "orchestrator/config/tables.h"

namespace sluice::config {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

Sluice reads `flussonic.conf`. `sluiced -c FILE --check` says whether a file is right, and where it is not:

    demo.conf:3:3: unknown directive 'segmet_duration': did you mean 'segment_duration'?
        segmet_duration 5;
        ^~~~~~~~~~~~~~~

An unknown name or a wrong value is an error and nothing starts. A directive that `flussonic.conf` knows and Sluice does not
support yet is a warning and has no effect. Nothing is ignored in silence. Examples stand in `conf/`.

## Changing a running server

`sluiced -c FILE --reload`, SIGHUP or `POST /streamer/api/v3/config/reload` has the server read the file again; [api.md](api.md) says how
programs write it. Only what differs is touched, and all or nothing: with an error in the file, an address that cannot be used or a
port that is taken everything goes on as it was, and the log (and `--reload`, with exit status 1) says why. Where a value stands, and how it
is spelled, makes no difference. The tables say what a change does:

- *at once*: nothing restarts.
- *input reconnects*: the source is opened anew; viewers stay connected.
- *stream restarts*: its viewers are cut.
- *port reopens*: new ports open before old ones close; who is connected stays. Certificates whose files have changed are read again.

## How a file is written

    # A comment, where a word could start.
    http 80;
    stream news {
      title "Evening news";
      input udp://239.0.0.1:1234 program=21 source_timeout=15;
      input hls://backup.example.com/news/index.m3u8;
      segment_duration 4;
    }

- A directive is `name value ...;` or `name value ... { directives }`. Line ends and indentation mean nothing.
- Text with blanks or `;` stands in quotes: `title "Evening; news"`, `user_agent="My agent"`. In quotes `\"` and `\\` are `"` and
  `\`. Quoted text ends on its own line.
- Arguments are `name=value` without blanks round `=`.
- A `#` inside a word is an ordinary character: `streamid=#!::r=news`.
- `true`, `on`, `yes`, `1` and `false`, `off`, `no`, `0` are the two values of a switch; a switch without a value is on.
- The last `;` before a `}` may be left out.
- Names of streams hold Latin letters, digits, `.`, `-`, `_` and, between their parts, `/`.
- A file has at most 64 MiB; blocks are nested at most 16 deep.

## Several files, and the environment

Behind `flussonic.conf` the files `flussonic.conf.d/*.conf` are read, by name; all of them count as one file, so a stream may name
a template of another one. Changes through the API are written to the file in which the stream stands.

`STREAMER_HTTP=[ADDRESS:]PORT` in the environment adds a listener, `STREAMER_EDIT_AUTH=USER:PASSWORD` counts more than `edit_auth`.
`FLUSSONIC_HTTP` and `FLUSSONIC_EDIT_AUTH` are older names of them.

## Templates

    template tv { segment_duration 4; protocols hls dash; }
    stream news { template tv; input udp://239.0.0.1:1234; }

    template cams { prefix cams; input rtsp://10.0.0.5/%s; }
    template chats { prefix chats; input publish://; }

A stream begins with the values of the template that it names, wherever that stands; what it sets itself counts more. Its own
inputs, pushes, domains, groups and labels replace the template's; `false` takes a value of the template back.

With a `prefix` a template is a place, too: who asks for `cams/door` makes that stream from `rtsp://10.0.0.5/door`; who publishes to
`chats/one` makes that one. The first template counts whose prefix, and a `/`, the name begins with. `%s` in an input is the name
behind the prefix, in a push the whole name.
)";

constexpr std::string_view kSources = R"(
## Sources

| URL | source |
|---|---|
| `fake://fake` | A moving pattern with a running UTC clock, and a tone. |
| `file:///DIRECTORY/FILE`, `file://LOCATION/FILE` | A local MP4, MPEG-TS or Matroska file, played in real time; at its end it starts again without a seam. `LOCATION` is a `vod`. |
| `udp://IP:PORT`, `udp://IFACE@IP:PORT`, `udp://IP:PORT/INTERFACE-IP`, `rtp://` | MPEG-TS over UDP or RTP, unicast or multicast. |
| `tshttp://`, `tshttps://`, `http(s)://` ending in `.ts` or `/mpegts` | Endless MPEG-TS over HTTP. |
| `hls://`, `hlss://`, `http(s)://` ending in `.m3u8` | HLS with MPEG-TS or fMP4 segments. |
| `rtsp://USER:PASSWORD@HOST/PATH`, `rtsps://`, `rtsp-udp://` | RTSP over TCP, TLS or UDP. |
| `rtmp://HOST/APP/STREAM`, `rtmps://` | RTMP. `//` ends an application of several parts: `rtmp://HOST/A/B//STREAM`. |
| `srt://HOST:PORT` | SRT as the caller. |
| `publish://` | What somebody publishes into the stream. |
| `copy://STREAM` | Another stream of this server. |
| `playlist:///DIRECTORY/FILE`, `playlist://http://HOST/FILE` | Files and streams one after another, as a list says that is read anew for every item: a line `LOCATION/FILE` each, `LOCATION` being a `vod`, or the name of a stream of this server. A stream is played for its `#EXTINF`, without one until it ends; one that is silent for 20 s is left. `#EXTINF:60` plays 60 s of the next item, `#EXT-X-UTC:SECONDS` and `#EXT-X-PROGRAM-DATE-TIME:TIME` begin it then; with `#EXT-X-MEDIA-SEQUENCE:N` items count by their number, without it the list goes round. |
| `mixer://A,B` | The video of stream A with the audio of stream B. |

Arguments stand behind the URL (`input URL name=value`); in the query of `fake`, `udp` and `srt` URLs they may stand too.
)";

std::string_view describe(Reload reload) {
  switch (reload) {
    case Reload::kAtOnce:
      return "at once";
    case Reload::kInput:
      return "input reconnects";
    case Reload::kStream:
      return "stream restarts";
    case Reload::kListener:
      return "port reopens";
  }
  return {};
}

std::string show(bool v) {
  return v ? "true" : "false";
}
std::string show(int v) {
  return std::to_string(v);
}
std::string show(const std::string& v) {
  return v;
}
std::string show(std::chrono::seconds v) {
  return std::to_string(v.count());
}
std::string show(LogLevel v) {
  return std::string(kLogLevels[static_cast<size_t>(v)]);
}
template <typename T>
std::string show(const T&) {
  return {};
}  // lists and optional values: nothing by default

template <typename S>
std::string default_of(const Field<S>& field) {
  std::string out;
  std::visit(
      [&](auto member) {
        if constexpr (std::is_same_v<decltype(member), std::chrono::milliseconds S::*>) {
          const auto ms = (S{}.*member).count();
          out = field.limits.unit == Unit::kSecondsFraction ? fmt::format("{}", double(ms) / 1000)
                                                            : std::to_string(ms);
        } else if constexpr (!std::is_same_v<decltype(member), Form>) {
          out = show(S{}.*member);
        }
      },
      field.member);
  return out.empty() ? out : "`" + out + "`";
}

// A bar would end the table's cell.
std::string cell(std::string text) {
  for (size_t at = text.find('|'); at != text.npos; at = text.find('|', at + 2)) text.insert(at, "\\");
  return text;
}

template <typename S>
void table(std::string& out, std::string_view heading, const Section<S>& section) {
  fmt::format_to(std::back_inserter(out),
                 "\n## {}\n\n| name | value | default | after a change | |\n|---|---|---|---|---|\n",
                 heading);
  for (const auto& f : section.fields) {
    std::string value = f.value.empty() ? describe(f.limits) : cell("`" + std::string(f.value) + "`");
    if (std::holds_alternative<Form>(f.member) && std::get<Form>(f.member) == Form::kProtocolSwitch)
      value = "`on` or `off`";
    else if (f.limits.unit == Unit::kFlag)
      value = "switch";
    fmt::format_to(std::back_inserter(out), "| `{}`{} | {} | {} | {} | {} |\n", f.name,
                   f.alias.empty() ? "" : fmt::format(" (old: `{}`)", f.alias), value, default_of(f),
                   describe(f.reload), f.help);
  }
  std::vector<std::string_view> names(section.unsupported.begin(), section.unsupported.end());
  std::sort(names.begin(), names.end());
  if (!names.empty())
    fmt::format_to(std::back_inserter(out), "\nKnown, without effect yet: {}.\n", fmt::join(names, ", "));
}

}  // namespace

std::string reference_text() {
  std::string out(kIntroduction);
  table(out, "The file", kGlobalSection);
  table(out, "In `http` and `https`", kListenerSection);
  table(out, "In `vod`", kVodSection);
  table(out, "In `stream`, `ondemand` and `template`", kStreamSection);
  table(out, "In `template` only", kTemplateSection);
  out += kSources;
  table(out, "Arguments of `input`", kInputSection);
  table(out, "Arguments of `push`", kPushSection);
  table(out, "Arguments of `backup`", kBackupSection);
  table(out, "In `event_sink`", kEventSinkSection);
  out +=
      "\nOutput protocols that are served: `hls` (also low latency), `cmaf`, `dash`, `tshttp` (old: "
      "`mpegts`), `player`, `api`.\n"
      "\n<!-- Written from orchestrator/config/table_*.h by `meson compile update-configuration-reference`. "
      "-->\n";
  return out;
}

}  // namespace sluice::config
