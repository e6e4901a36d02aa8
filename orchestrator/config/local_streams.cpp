#include "orchestrator/config/local_streams.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <unordered_map>

#include "orchestrator/config/names.h"
#include "orchestrator/config/schemes.h"
#include "orchestrator/config/templates.h"

namespace sluice::config {
namespace {

struct Use {
  const Input* input;
  std::string name;
};
// By the stream that uses them; only those that do.
using Uses = std::map<std::string_view, std::vector<Use>>;

Uses uses_of(const Config& config) {
  Uses uses;
  for (const Stream& stream : config.streams)
    for (const Input& input : stream.inputs)
      for (std::string& name : local_streams(input.url))
        uses[stream.name].push_back({&input, std::move(name)});
  return uses;
}

// Leaves those that use themselves, in however many steps, or one that does.
void remove_ends(Uses& uses) {
  for (bool again = true; again;) {
    again = false;
    for (auto at = uses.begin(); at != uses.end();) {
      const bool ends = std::none_of(at->second.begin(), at->second.end(),
                                     [&](const Use& use) { return uses.contains(use.name); });
      again |= ends;
      at = ends ? uses.erase(at) : std::next(at);
    }
  }
}

}  // namespace

std::vector<std::string> local_streams(std::string_view url) {
  const SourceKind kind = source_kind(url);
  if (kind != SourceKind::kCopy && kind != SourceKind::kMixer) return {};
  std::string_view rest = url.substr(url.find("://") + 3);
  rest = rest.substr(0, rest.find_first_of("?#"));
  std::vector<std::string> names;
  while (!rest.empty()) {
    const size_t end = kind == SourceKind::kMixer ? std::min(rest.find(','), rest.size()) : rest.size();
    names.push_back(percent_decode(rest.substr(0, end)));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  const size_t wanted = kind == SourceKind::kMixer ? 2 : 1;
  const bool good = names.size() == wanted && std::ranges::all_of(names, [](const std::string& name) {
                      return stream_name_problem(name).empty();
                    });
  return good ? names : std::vector<std::string>();
}

void check_local_streams(const Config& config, Reporters& reporter) {
  Uses uses = uses_of(config);
  if (uses.empty()) return;
  std::unordered_map<std::string_view, const Stream*> streams;
  for (const Stream& stream : config.streams) streams.emplace(stream.name, &stream);
  for (const auto& [user, used] : uses)
    for (const Use& use : used)
      if (!streams.contains(use.name) && !match_prefix(config.templates, use.name))
        reporter.warning(use.input->place, use.input->url.size(),
                         fmt::format("there is no stream '{}' to be taken from", use.name));
  remove_ends(uses);
  while (!uses.empty()) {
    // Whoever is left leads into a loop: follows it until a name comes again.
    std::vector<std::string_view> path{uses.begin()->first};
    const Use* last = nullptr;
    auto seen = path.end();
    while (seen == path.end()) {
      const auto& used = uses.at(path.back());
      last =
          &*std::find_if(used.begin(), used.end(), [&](const Use& use) { return uses.contains(use.name); });
      const std::string_view next = uses.find(last->name)->first;
      const auto at = std::find(path.begin(), path.end(), next) - path.begin();
      const bool again = static_cast<size_t>(at) < path.size();
      path.push_back(next);
      seen = again ? path.begin() + at : path.end();
    }
    path.erase(path.begin(), seen);
    reporter.error(last->input->place, last->input->url.size(),
                   fmt::format("streams that are made of each other: {}", fmt::join(path, " takes from ")));
    const std::string looped(path.front());
    uses.erase(uses.find(looped));
    remove_ends(uses);
  }
}

}  // namespace sluice::config
