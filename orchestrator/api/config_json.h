// Values of the configuration as JSON, by the tables of its sections: a field's name is its key.
//
// Units are the API's: the durations of segments and parts in milliseconds, all others in seconds, `false`
// where the file says `false`. What is not there has no key.
#pragma once

#include <string_view>
#include <vector>

#include "orchestrator/api/json.h"
#include "orchestrator/config/config.h"
#include "orchestrator/config/syntax.h"

namespace sluice::api {

// Passwords, and those in addresses, are for who may change them.
enum class Secrets { kShown, kHidden };

// The keys of a stream's configuration (without its name), in the order in which they are written.
const std::vector<std::string_view>& stream_keys();
// The key that a directive of a stream's block sets; empty: none that counts here.
std::string_view stream_key_of(const config::Directive& directive);

// A value of the stream; null if it has none.
json::Node stream_value(const config::Stream& stream, std::string_view key, Secrets secrets);

json::Object input_config_json(const config::Input& input, Secrets secrets);
// Adds the values that are neither there already nor what every stream has.
void add_values(json::Object& out, const config::Stream& stream, Secrets secrets);

// What the block of a stream or a template says itself: its keys, and their values in what came of it.
std::vector<std::string_view> own_keys(const config::Directive& block);
json::Object own_values(const config::Stream& stream, const std::vector<std::string_view>& keys,
                        Secrets secrets);

// An URL without user and password.
std::string without_credentials(std::string_view url);

}  // namespace sluice::api
