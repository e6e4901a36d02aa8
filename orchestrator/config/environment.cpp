#include "orchestrator/config/environment.h"

#include <algorithm>
#include <cstdlib>

#include "orchestrator/config/binder.h"

namespace sluice::config {
namespace {

struct Variable {
  std::string name;
  std::string_view value;
};

std::optional<Variable> find(Environment environment, const std::string& name, Reporters& reporters) {
  std::optional<Variable> out;
  for (const char* prefix : {"STREAMER_", "FLUSSONIC_"}) {
    const char* value = environment((prefix + name).c_str());
    if (!value || *value == '\0') continue;
    if (!out)
      out = {prefix + name, value};
    else if (out->value != value)
      reporters.add(prefix + name, value)
          .warning(Span{}, fmt::format("{} is set, too, and counts more", out->name));
  }
  return out;
}

Token word(std::string_view text) {
  Token out;
  out.text = text;
  return out;
}

// Reads a directive that stands nowhere in a file.
void bind_directive(Reporter& reporter, Directive directive, Config& out) {
  Waiting none;
  Binder(reporter, none).section(kGlobalSection, std::span(&directive, 1), out);
}

void http(const Variable& variable, Config& config, Reporters& reporters) {
  Config read;
  Directive directive;
  directive.name = word("http");
  directive.args = {word(variable.value)};
  bind_directive(reporters.add(variable.name, variable.value), std::move(directive), read);
  const Listener& wanted = read.listeners.front();
  const auto same = [&](const Listener& l) { return l.address == wanted.address && l.port == wanted.port; };
  if (std::none_of(config.listeners.begin(), config.listeners.end(), same))
    config.listeners.push_back(wanted);
}

void edit_auth(const Variable& variable, Config& config, Reporters& reporters) {
  Reporter& reporter = reporters.add(variable.name, variable.value);
  const size_t colon = variable.value.find(':');
  if (colon == std::string_view::npos) return reporter.error(Span{}, "write USER:PASSWORD");
  Config read;
  Directive directive;
  directive.name = word("edit_auth");
  directive.args = {word(variable.value.substr(0, colon)), word(variable.value.substr(colon + 1))};
  bind_directive(reporter, std::move(directive), read);
  if (config.edit_auth && config.edit_auth != read.edit_auth)
    reporter.warning(Span{}, "this login counts; edit_auth in the files has no effect");
  config.edit_auth = read.edit_auth;
}

}  // namespace

const char* process_environment(const char* name) {
  return std::getenv(name);
}

void read_environment(Config& config, Reporters& reporters, Environment environment) {
  if (const auto variable = find(environment, "HTTP", reporters)) http(*variable, config, reporters);
  if (const auto variable = find(environment, "EDIT_AUTH", reporters))
    edit_auth(*variable, config, reporters);
  for (const char* name : {"STREAMER_CONFIG_EXTERNAL", "FLUSSONIC_CONFIG_EXTERNAL", "STREAMER_HOSTNAME",
                           "FLUSSONIC_HOSTNAME", "FLUSSONIC_DATAPATH", "LICENSE_KEY"})
    if (const char* value = environment(name); value && *value != '\0')
      reporters.add(name, value)
          .warning(Span{}, "this variable is known but not supported here yet: it has no effect");
}

}  // namespace sluice::config
