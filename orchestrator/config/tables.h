// One table per section of flussonic.conf. Parsing, messages, ranges and docs/configuration.md come from
// here.
#pragma once

#include "orchestrator/config/table_event.h"
#include "orchestrator/config/table_file.h"
#include "orchestrator/config/table_input.h"
#include "orchestrator/config/table_push.h"
#include "orchestrator/config/table_stream.h"

namespace sluice::config {

inline constexpr Section<Config> kGlobalSection{"the file's top level", kGlobalFields, kGlobalUnsupported};
inline constexpr Section<Listener> kListenerSection{"a listener", kListenerFields, kListenerUnsupported};
inline constexpr Section<VodLocation> kVodSection{"a VOD location", kVodFields, kVodUnsupported};
inline constexpr Section<EventSink> kEventSinkSection{"an event sink", kEventSinkFields,
                                                      kEventSinkUnsupported};
inline constexpr Section<Template> kTemplateSection{"a template", kTemplateFields, {}};  // and a stream's
inline constexpr Section<Stream> kStreamSection{"a stream", kStreamFields, kStreamUnsupported};
inline constexpr Section<Input> kInputSection{"an input", kInputFields, kInputUnsupported};
inline constexpr Section<Push> kPushSection{"a push", kPushFields, kPushUnsupported};
inline constexpr Section<Backup> kBackupSection{"a backup", kBackupFields, kBackupUnsupported};

template <typename S>
constexpr const Field<S>* find_field(const Section<S>& section, std::string_view name) {
  for (const auto& f : section.fields)
    if (f.name == name || (!f.alias.empty() && f.alias == name)) return &f;
  return nullptr;
}
template <typename S>
constexpr bool is_unsupported(const Section<S>& section, std::string_view name) {
  for (std::string_view n : section.unsupported)
    if (n == name) return true;
  return false;
}

// Output protocols: names in `protocols` and the old switches.
struct ProtocolName {
  std::string_view name;
  bool Protocols::*member = nullptr;  // null: not served here
};
inline constexpr ProtocolName kProtocolNames[] = {
    {"hls", &Protocols::hls},
    {"cmaf", &Protocols::cmaf},
    {"dash", &Protocols::dash},
    {"tshttp", &Protocols::tshttp},
    {"mpegts", &Protocols::tshttp},
    {"player", &Protocols::player},
    {"api", &Protocols::api},
    {"mss"},
    {"hds"},
    {"mseld"},
    {"webrtc"},
    {"rtmp"},
    {"rtsp"},
    {"srt"},
    {"m4f"},
    {"m4s"},
    {"shoutcast"},
    {"mp4"},
    {"jpeg"},
};

bool is_ip_address(const std::string& text);
Problem rtp(std::string_view text, bool& udp);  // "udp" or "tcp"

// Sets one argument, as in `input URL name=value` or in the URL's query. `field` is the entry of kInputFields
// for `name`. The problem, if there is one, does not repeat the name.
Problem set_argument(Input& input, const Field<Input>& field, std::string_view name, std::string_view value);
Problem set_argument(Push& push, const Field<Push>& field, std::string_view name, std::string_view value);
Problem set_argument(Backup& backup, const Field<Backup>& field, std::string_view name,
                     std::string_view value);

}  // namespace sluice::config
