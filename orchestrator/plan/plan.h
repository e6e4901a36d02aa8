// From a stream's configuration to its pipelines, as data. Pure: no GStreamer here.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "orchestrator/config/config.h"

namespace sluice::plan {

// A property's value; text is set as it is and quoted only when printed. Enumerations and caps are text too.
using Value = std::variant<bool, int64_t, double, std::string>;

struct Property {
  std::string name;
  Value value;
};

struct Element {
  std::string factory;
  std::string name;  // empty = automatic
  std::vector<Property> properties;
  std::string caps;  // a caps filter behind this element; empty = none
};

// A chain of elements. `from`: begins at that named element's pad (empty = at its own source); `to`: ends there.
// `all`: every pad that `from` (or the chain's last element, towards `to`) ever shows is linked, printed as `:`.
struct Chain {
  std::string from;
  std::vector<Element> elements;
  std::string to;
  bool all = false;
};

struct Pipeline {
  std::vector<Chain> chains;
};

// How the supervisor treats an input.
struct Supervision {
  std::string scheme;      // "udp", "hls", ...: statistics and messages
  std::string address;     // for an operator: the URL without credentials
  std::chrono::seconds source_timeout{60};
  std::chrono::seconds max_retry_timeout{30};
  bool bursty = false;     // comes in segments: low latency is not advertised
  bool loop = false;       // a file: on its end it starts again, timestamps running on
};

struct InputPlan {
  Pipeline pipeline;       // ends in the element named "mux" (m4fmux)
  Supervision supervision;
};

struct StreamPlan {
  std::vector<InputPlan> inputs;  // in order of priority
  Pipeline spine;                 // begins with the tee named "spine"
};

struct PlanError {
  std::string text;
  config::Place place;
};

// Errors: an URL that cannot be used, with what to write instead.
std::variant<StreamPlan, PlanError> plan(const config::Stream& stream);

// gst-launch-1.0 syntax, quoted so that the shell and gst-launch read every value back as it is: ingest and spine of one
// input joined into one line that runs as it stands.
std::string launch_text(const StreamPlan& plan, size_t input);

}  // namespace sluice::plan
