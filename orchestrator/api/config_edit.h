// What a PUT or DELETE of a stream or a template does to the files of the configuration. No HTTP, nothing is
// saved here.
#pragma once

#include <string>
#include <string_view>

#include "orchestrator/api/config_text.h"
#include "orchestrator/api/json.h"
#include "orchestrator/store/store.h"

namespace sluice::api {

enum class Kind { kStream, kTemplate };

using Files = std::vector<config::SourceFile>;

// What a body wants, before any file is looked at.
struct Wish {
  Kind kind = Kind::kStream;
  std::string name;
  bool reset = false;             // begin with nothing
  json::Node patch;               // an object of keys that are known
  std::vector<std::string> drop;  // directives without effect here that null takes away
};

// Keys that only a GET fills are left out; others that are not known are refused.
tl::expected<Wish, BadValue> read_wish(Kind kind, std::string_view name, JsonNode* body);

// `config`: what the files say.
tl::expected<Files, store::Refused> put(const Wish& wish, const Files& files, const config::Config& config);
tl::expected<Files, store::Refused> remove(Kind kind, std::string_view name, const Files& files);

// The block of a stream or template among the directives of a file; null: it is not there.
const config::Directive* find_block(Kind kind, std::string_view name,
                                    const std::vector<config::Directive>& directives);
// The name of such a block; empty: this is none.
std::string block_name(Kind kind, const config::Directive& directive);

}  // namespace sluice::api
