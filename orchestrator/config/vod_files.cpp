#include <fmt/format.h>

#include <filesystem>

#include "orchestrator/config/bind.h"
#include "orchestrator/config/names.h"

namespace sluice::config {

void resolve_files(Config& config, Reporter& reporter) {
  constexpr std::string_view kFile = "file://";
  for (Stream& stream : config.streams) {
    for (Input& in : stream.inputs) {
      if (!in.url.starts_with(kFile) || in.url.starts_with("file:///") ||
          in.url.starts_with("file://localhost/"))
        continue;
      const std::string rest = percent_decode(std::string_view(in.url).substr(kFile.size()));
      const VodLocation* location = nullptr;
      for (const VodLocation& v : config.vod_locations)
        if (rest.starts_with(v.name + "/")) location = &v;
      if (!location) {
        reporter.error(in.place, in.url.size(),
                       fmt::format("no VOD location has '{}': write file:///DIRECTORY/FILE, or declare vod "
                                   "NAME {{ storage /DIRECTORY; }}",
                                   rest));
        continue;
      }
      const std::string file = rest.substr(location->name.size() + 1);
      if (file.empty() || ("/" + file + "/").find("/../") != std::string::npos ||
          file.find('\0') != std::string::npos) {
        reporter.error(in.place, in.url.size(),
                       fmt::format("'{}' is not the name of a file in a VOD location", file));
        continue;
      }
      for (const std::string& storage : location->storages) {
        const std::string path = (storage.ends_with('/') ? storage : storage + "/") + file;
        std::error_code ignored;
        const bool there = std::filesystem::exists(path, ignored);
        if (in.file.empty() || there) in.file = path;
        if (there) break;
      }
      if (in.file.empty())
        reporter.error(in.place, in.url.size(),
                       fmt::format("VOD location '{}' has no directory: add 'storage /DIRECTORY;' to it",
                                   location->name));
    }
  }
}

}  // namespace sluice::config
