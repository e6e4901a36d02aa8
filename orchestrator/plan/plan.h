// From a stream's configuration to its pipelines, as data. Pure: no GStreamer here.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "orchestrator/config/config.h"

namespace sluice::plan {

// A property's value; text is set as it is and quoted only when printed. Enumerations and caps are text too.
using Value = std::variant<bool, int64_t, double, std::string>;

struct Property {
  std::string name;
  Value value;
  // The text is GStreamer's serialisation of a structure, not a string: it is printed as it stands.
  bool serialized = false;
  bool operator==(const Property&) const = default;
};

struct Element {
  std::string factory;
  std::string name;  // empty = automatic
  std::vector<Property> properties;
  std::string caps;  // a caps filter behind this element; empty = none
  bool operator==(const Element&) const = default;
};

// A chain of elements. `from`: begins at the next pad of that named element which no earlier chain took
// (empty = at its own source); `to`: ends there. `all`: every pad that the chain's last element ever shows is
// linked to `to`, printed as `:`. Two chains with the same `from` take two of its pads; a pad more is left
// alone, and so is a chain that gets none.
struct Chain {
  std::string from;
  std::vector<Element> elements;
  std::string to;
  bool all = false;
};

struct Pipeline {
  std::vector<Chain> chains;
};

// An element of an input that reads another stream of this server: in the daemon an m4fringsrc with that
// stream's ring and an m4fdemux take the place of the element of that name and of the demuxer behind it; the
// printed text reads it from the daemon by HTTP.
struct LocalSource {
  std::string element, stream;
};

// How the supervisor treats an input.
struct Supervision {
  std::string scheme;                       // "udp", "hls", ...: statistics and messages
  std::string address;                      // for an operator: the URL without credentials and query
  std::chrono::seconds source_timeout{60};  // 0 = never
  std::chrono::seconds max_retry_timeout{30};
  bool bursty = false;  // comes in segments: low latency is not advertised
  // The source gives frames faster than real time: the muxer lets them in at their time.
  bool paced = false;
  // How far ahead of its time it may be let through: a source that gives frames at its own pace is held up
  // only if it runs away. 0 with `paced`: never ahead.
  std::chrono::milliseconds ahead{0};
  // publish: the supervisor puts an appsrc in the place of the element "source" and feeds it with what is
  // published; the printed text reads it from its standard input.
  bool published = false;
  std::vector<LocalSource> local;  // copy, mixer
  // playlist: the supervisor answers the signal find-stream of the element "source"; in the printed text
  // there are no streams, and items that name one are left out.
  bool list = false;
  // rtsp: take only these SDP tracks (from 1; empty = all): the answer to the select-stream signal of the
  // element "source". The printed text takes all.
  std::vector<int> tracks;
  // udp: a group, which udpsrc 1.22 cannot keep apart from others on the same port: the supervisor joins
  // (address, interface, these senders; empty = any) and hands the element "source" the socket, with
  // auto-multicast=false. The printed text joins by itself, for any sender.
  bool multicast = false;
  std::vector<std::string> multicast_sources;
};

struct InputPlan {
  size_t index = 0;   // in the stream's configuration
  Pipeline pipeline;  // holds the element named "mux" (m4fmux), whose source pad is left to be linked
  Supervision supervision;
};

// A branch of the spine that sends the stream on. What is wrong with one touches nothing else.
struct PushPlan {
  std::string url;      // for an operator: the stream's name in place of `%s`, no arguments
  Element element;      // its sink; without a factory if it is disabled or has a problem
  std::string problem;  // why it cannot be sent there: what is wrong, and what to write instead
  config::Place place;
  bool operator==(const PushPlan&) const = default;
};

struct StreamPlan {
  std::vector<InputPlan> inputs;  // in order of priority
  Pipeline spine;                 // begins with the tee named "spine"
  std::vector<PushPlan> pushes;   // one per push of the configuration, in its order
};

struct PlanError {
  std::string text;
  config::Place place;
};

// The name of the network interface that has an IP address; empty = none.
using InterfaceOf = std::function<std::string(std::string_view ip)>;
std::string local_interface(std::string_view ip);

// Errors: an URL that cannot be used, with what to write instead. `interface_of` is asked for
// udp://GROUP:PORT/INTERFACE-IP.
// `own_url`: where this daemon serves, for the printed text.
std::variant<StreamPlan, PlanError> plan(const config::Stream& stream,
                                         const InterfaceOf& interface_of = local_interface,
                                         const std::string& own_url = "http://127.0.0.1:80");

// The stream's backup file, as an input is. REQUIRES: stream.backup
std::variant<InputPlan, PlanError> plan_backup(const config::Stream& stream);

std::vector<PushPlan> plan_pushes(const config::Stream& stream);

// What is said before a stream runs: the first input that cannot be used, and every push.
std::vector<PlanError> problems(const config::Stream& stream);

// A shell command line for gst-launch-1.0, quoted so that the shell and gst-launch read every value back as
// it is: ingest, spine and pushes of one input joined into one line that runs as it stands.
std::string launch_text(const StreamPlan& plan, size_t input);
// The same of an input that is none of the plan's own: the backup.
std::string launch_text(const StreamPlan& plan, const InputPlan& input);

}  // namespace sluice::plan
