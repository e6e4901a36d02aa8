#include <fmt/format.h>

#include <filesystem>
#include <optional>
#include <unordered_map>
#include <unordered_set>

#include "orchestrator/config/bind.h"
#include "orchestrator/config/names.h"
#include "orchestrator/config/schemes.h"

namespace sluice::config {
namespace {

class Resolver {
 public:
  Resolver(const Config& config, Reporters& reporters) : reporters_(reporters) {
    for (const VodLocation& v : config.vod_locations) locations_.emplace(v.name, &v);
  }

  // The path of "LOCATION/FILE". `advice` ends the message that no location has it. Nothing: reported.
  std::optional<std::string> path(const std::string& name, const Place& place, size_t length,
                                  std::string_view advice) {
    const VodLocation* location = nullptr;
    for (size_t slash = name.find('/'); slash != name.npos && !location; slash = name.find('/', slash + 1))
      if (const auto found = locations_.find(name.substr(0, slash)); found != locations_.end())
        location = found->second;
    if (!location) {
      reporters_.error(
          place, length,
          fmt::format("no VOD location has '{}': {} vod NAME {{ storage /DIRECTORY; }}", name, advice));
      return {};
    }
    used_.insert(location);
    const std::string file = name.substr(location->name.size() + 1);
    if (file.empty() || ("/" + file + "/").find("/../") != std::string::npos ||
        file.find('\0') != std::string::npos) {
      reporters_.error(place, length, fmt::format("'{}' is not the name of a file in a VOD location", file));
      return {};
    }
    std::optional<std::string> out;
    for (const std::string& storage : location->storages) {
      const std::string path = (storage.ends_with('/') ? storage : storage + "/") + file;
      std::error_code ignored;
      const bool there = std::filesystem::exists(path, ignored);
      if (!out || there) out = path;
      if (there) break;
    }
    if (!out)
      reporters_.warning(
          place, length,
          fmt::format("VOD location '{}' has no directory of this machine: this file is left out; add "
                      "'storage /DIRECTORY;' to it",
                      location->name));
    return out;
  }

  // "NAME=DIRECTORY;NAME=DIRECTORY" of all locations: what a list that changes may name.
  std::string all(const std::vector<VodLocation>& locations) {
    const auto encoded = [](const std::string& text) {
      std::string out;
      for (const char c : text)
        c == '%' || c == '=' || c == ';' ? out += fmt::format("%{:02X}", static_cast<unsigned>(c)) : out += c;
      return out;
    };
    std::string out;
    for (const VodLocation& location : locations) {
      used_.insert(&location);
      for (const std::string& storage : location.storages)
        out += (out.empty() ? "" : ";") + encoded(location.name) + "=" + encoded(storage);
    }
    return out;
  }

  bool used(const VodLocation& location) const { return used_.contains(&location); }

 private:
  Reporters& reporters_;
  std::unordered_map<std::string, const VodLocation*> locations_;
  std::unordered_set<const VodLocation*> used_;
};

bool is_in_location(const std::string& url) {
  return url.starts_with("file://") && !url.starts_with("file:///") && !url.starts_with("file://localhost/");
}

void resolve(Stream& stream, Resolver& resolver, const std::vector<VodLocation>& locations) {
  std::erase_if(stream.inputs, [&](Input& in) {
    if (source_kind(in.url) == SourceKind::kPlaylist) in.file = resolver.all(locations);
    if (!is_in_location(in.url)) return false;
    const auto path = resolver.path(percent_decode(std::string_view(in.url).substr(7)), in.place,
                                    in.url.size(), "write file:///DIRECTORY/FILE, or declare");
    in.file = path.value_or("");
    return !path;
  });
  if (!stream.backup) return;
  const auto path =
      resolver.path(stream.backup->file, stream.backup->place, stream.backup->file.size(), "declare");
  stream.backup->path = path.value_or("");
  if (!path) stream.backup.reset();
}

}  // namespace

void resolve_files(Config& config, Reporters& reporters) {
  Resolver resolver(config, reporters);
  for (Template& t : config.templates) resolve(t.values, resolver, config.vod_locations);
  for (Stream& stream : config.streams) resolve(stream, resolver, config.vod_locations);
  for (const VodLocation& v : config.vod_locations)
    if (!resolver.used(v))
      reporters.warning(
          v.place, v.name.size(),
          fmt::format("no input or backup reads from VOD location '{}': it has no effect, since serving "
                      "files to clients is not supported here yet",
                      v.name));
}

}  // namespace sluice::config
