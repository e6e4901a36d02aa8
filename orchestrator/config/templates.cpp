#include "orchestrator/config/templates.h"

#include <algorithm>
#include <cassert>

#include "orchestrator/config/names.h"

namespace sluice::config {
namespace {

void replace(std::string& text, std::string_view by) {
  for (size_t at = text.find("%s"); at != text.npos; at = text.find("%s", at + by.size()))
    text.replace(at, 2, by);
}

// What follows the prefix and its slash; empty if `name` does not stand below it.
std::string_view below(std::string_view prefix, std::string_view name) {
  if (prefix.empty() || name.size() <= prefix.size() + 1 || !name.starts_with(prefix) ||
      name[prefix.size()] != '/')
    return {};
  return name.substr(prefix.size() + 1);
}

}  // namespace

void fill_name(Stream& stream, std::string_view prefix) {
  std::string_view rest = below(prefix, stream.name);
  if (rest.empty()) rest = stream.name;
  for (Input& in : stream.inputs)
    for (std::string Input::*text :
         {&Input::url, &Input::file, &Input::streamid, &Input::allow_if, &Input::deny_if})
      replace(in.*text, rest);
  for (Push& push : stream.pushes) replace(push.url, stream.name);
}

const Template* match_prefix(const std::vector<Template>& templates, std::string_view name) {
  const auto found = std::find_if(templates.begin(), templates.end(),
                                  [&](const Template& t) { return !below(t.prefix, name).empty(); });
  return found == templates.end() ? nullptr : &*found;
}

Stream instantiate(const Template& source, std::string_view name) {
  assert(stream_name_problem(name).empty());
  Stream out = source.values;
  out.name = name;
  out.template_name = source.name;
  out.is_static = false;
  fill_name(out, source.prefix);
  return out;
}

}  // namespace sluice::config
