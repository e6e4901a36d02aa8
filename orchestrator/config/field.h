// What a table of configuration fields is made of.
#pragma once

#include <span>
#include <string_view>
#include <variant>

#include "orchestrator/config/config.h"
#include "orchestrator/config/schemes.h"
#include "orchestrator/config/values.h"

namespace sluice::config {

// What changing a value does when the configuration is read again.
enum class Reload {
  kAtOnce,    // nothing restarts
  kInput,     // this input reconnects
  kStream,    // the stream restarts
  kListener,  // the port is closed and opened again
};

// Directives that are more than one value; the binder has a function for each.
enum class Form {
  // of the file
  kHttp,         // [ADDRESS:]PORT { ... }
  kHttps,        // likewise
  kStream,       // NAME { ... }
  kOndemand,     // likewise
  kTemplate,     // likewise
  kLive,         // likewise: a template with its name as prefix, and publish://
  kRewrite,      // PREFIX/* { ... }: a template with a prefix
  kVod,          // NAME { ... }
  kEventSink,    // likewise
  kCredentials,  // USER PASSWORD
  // of a VOD location
  kStorage,  // DIRECTORY ...
  // of a stream
  kUseTemplate,     // NAME
  kInput,           // URL key=value ...
  kInputs,          // URL URL ...
  kPublishEnabled,  // nothing
  kRtp,             // udp | tcp
  kProtocols,       // NAME ... or -NAME ...
  kProtocolSwitch,  // on | off, the directive's name is the protocol's
  kBackup,          // LOCATION/FILE key=value ...
  kPush,            // URL key=value ...
  kPushUdp,         // ADDRESS key=value ...
  kNoPrepush,       // nothing
  kMpegtsPids,      // key=PID ...
  kMeta,            // KEY VALUE
  kDomains,         // NAME ...
  kGroup,           // NAME ...
  kLabels,          // key=value ...
  // of an input
  kHeader,  // header.NAME=VALUE
  kLowest,  // nothing: the input's priority is the lowest
  // of a push
  kPids,  // key=PID,key=PID,...
  // of an event sink
  kFilter,  // key=VALUE,VALUE ...
};

template <typename S>
using Member =
    std::variant<bool S::*, int S::*, std::string S::*, std::chrono::milliseconds S::*,
                 std::chrono::seconds S::*, std::optional<std::chrono::seconds> S::*,
                 std::optional<std::chrono::milliseconds> S::*, std::optional<int> S::*,
                 std::optional<uint16_t> S::*, std::optional<uint64_t> S::*, std::vector<uint16_t> S::*,
                 std::vector<int> S::*, std::vector<std::string> S::*, LogLevel S::*, Form>;

template <typename S>
struct Field {
  std::string_view name;
  Member<S> member;
  Limits limits{};
  Reload reload = Reload::kStream;
  std::string_view help;
  std::string_view value{};           // how the value is written; empty = derived from the limits
  std::string_view alias{};           // an older spelling
  SourceKinds sources = kAllSources;  // arguments of inputs: the kinds of source that they concern
};

template <typename S>
struct Section {
  std::string_view name;  // "a stream": for messages
  std::span<const Field<S>> fields;
  std::span<const std::string_view> unsupported;  // known to flussonic.conf, without effect here
};

inline constexpr int64_t kDay = 86400;

}  // namespace sluice::config
