// One function per kind of source: from its URL and arguments to the pipeline that reads it.
#pragma once

#include <optional>
#include <string>

#include "orchestrator/config/schemes.h"
#include "orchestrator/plan/plan.h"
#include "orchestrator/plan/url.h"

namespace sluice::plan {

struct SourceRequest {
  const config::Stream& stream;
  const config::Input& input;
  const Url& url;
  const InterfaceOf& interface_of;
  std::chrono::seconds source_timeout;
  const std::string& own_url;
};

// Fills the chains that end in "mux" and what is special about the source's supervision. Returns what is
// wrong with the URL, or nothing.
std::optional<std::string> plan_source(config::SourceKind kind, const SourceRequest& request, InputPlan& out);

}  // namespace sluice::plan
