// Bodies of requests: JSON from outside, and merging it into what is there.
#pragma once

#include <string>
#include <string_view>

#include "orchestrator/api/json.h"

namespace sluice::json {

// Null: no JSON, or nested deeper than anything of the API; `problem` says which.
Node parse(std::string_view text, std::string& problem);

Node copy(JsonNode* node);
bool is_null(JsonNode* node);  // or not there at all
bool equal(JsonNode* a, JsonNode* b);

// RFC 7386: members of `patch` replace those of `target`, null removes them, objects are merged, arrays
// replaced.
void merge_patch(JsonObject* target, JsonObject* patch);

}  // namespace sluice::json
