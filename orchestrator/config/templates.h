// Templates with a prefix: places where streams come to be when somebody asks for them or publishes them.
#pragma once

#include <string_view>

#include "orchestrator/config/config.h"

namespace sluice::config {

// The first template whose prefix, and a '/', `name` begins with. Null: none; also if nothing follows.
const Template* match_prefix(const std::vector<Template>& templates, std::string_view name);

// The stream `name` that the template makes: not static, `%s` replaced. In inputs `%s` is the name without
// the prefix and its slash, in pushes the whole name. Where the name does not begin with the prefix (or there
// is none), it is the whole name, too. REQUIRES: stream_name_problem(name) is empty; so the name is data
// wherever it is put: it holds no character that means something in a URL or a path but single slashes, and
// no "..".
Stream instantiate(const Template& source, std::string_view name);

// Replaces `%s` in the inputs and pushes of a stream as instantiate() does; nothing of it is left then.
void fill_name(Stream& stream, std::string_view prefix);

}  // namespace sluice::config
