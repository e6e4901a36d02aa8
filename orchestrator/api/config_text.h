// JSON values of the API as directives of the file: the way back from config_json.h.
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "orchestrator/api/json.h"
#include "orchestrator/config/document.h"

namespace sluice::api {

// Why a value cannot be written: "inputs[0].priority: a number is wanted here".
struct BadValue {
  std::string text;
  std::string unknown_key;  // of it, if that is the reason
};

using Directives = tl::expected<std::vector<config::NewDirective>, BadValue>;

// What sets a stream's key to this value; `value` is not null. Only forms are looked at here: ranges and
// names are checked when the new text is loaded.
Directives stream_directives(std::string_view key, JsonNode* value);

// Known to flussonic.conf, without effect here.
bool is_unsupported_stream_key(std::string_view key);
// ": did you mean 'inputs'?", or empty.
std::string nearest_stream_key(std::string_view key);

// One value of a plain field of the top level.
Directives global_directives(std::string_view key, JsonNode* value);

}  // namespace sluice::api
