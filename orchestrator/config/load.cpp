#include "orchestrator/config/load.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <span>

#include "orchestrator/config/bind.h"
#include "orchestrator/config/syntax.h"

namespace sluice::config {

namespace {

constexpr size_t kMaxFragments = 10'000;

// Empty: what is wrong is in `problem`.
std::optional<std::string> read_file(const std::string& path, std::string& problem) {
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) {
    problem = fmt::format("cannot open the configuration: {}", std::strerror(errno));
    return {};
  }
  std::string text;
  char block[65536];
  while (const size_t n = std::fread(block, 1, sizeof block, file.get())) {
    text.append(block, n);
    if (text.size() <= kMaxFileBytes) continue;
    problem = fmt::format("the file is larger than {} MiB", kMaxFileBytes >> 20);
    return {};
  }
  if (!std::ferror(file.get())) return text;
  problem = fmt::format("cannot read the configuration: {}", std::strerror(errno));
  return {};
}

// The names of a directory's *.conf files, sorted. A directory that is not there has none.
std::vector<std::string> fragments(const std::string& directory, std::string& problem) {
  std::vector<std::string> out;
  std::error_code failed;
  if (!std::filesystem::is_directory(directory, failed)) return out;
  std::filesystem::directory_iterator entries(directory, failed);
  if (failed) problem = fmt::format("cannot read the directory: {}", failed.message());
  for (; !failed && entries != std::filesystem::directory_iterator(); entries.increment(failed)) {
    const std::string name = entries->path().filename();
    std::error_code unknown;
    if (name.starts_with('.') || !name.ends_with(".conf") || entries->is_directory(unknown)) continue;
    out.push_back(name);
    if (out.size() > kMaxFragments) {
      problem = fmt::format("the directory has more than {} files", kMaxFragments);
      break;
    }
  }
  std::sort(out.begin(), out.end());
  return out;
}

}  // namespace

std::optional<std::vector<SourceFile>> read_sources(const std::string& path, Diagnostic& problem) {
  const std::string directory = path + ".d";
  std::string why;
  std::vector<SourceFile> out;
  auto failed = [&](const std::string& file) {
    problem = {.severity = Severity::kError, .place = {file, 0, 0}, .text = std::move(why), .excerpt = {}};
    return std::nullopt;
  };
  std::vector<std::string> paths{path};
  for (const std::string& name : fragments(directory, why)) paths.push_back(directory + "/" + name);
  if (!why.empty()) return failed(directory);
  size_t bytes = 0;
  for (const std::string& file : paths) {
    auto text = read_file(file, why);
    if (!text) return failed(file);
    bytes += text->size();
    if (bytes > kMaxFileBytes) {
      why = fmt::format("with this file the configuration is larger than {} MiB", kMaxFileBytes >> 20);
      return failed(file);
    }
    out.push_back({file, std::move(*text)});
  }
  return out;
}

namespace {

LoadResult load(std::span<const SourceFile> sources, Environment environment) {
  Reporters reporters;
  std::vector<Document> documents;
  for (const SourceFile& source : sources) {
    Reporter& reporter = reporters.add(source.path, source.text);
    documents.push_back({&reporter, parse(reporter)});
  }
  LoadResult out;
  Config config = bind(documents);
  if (environment) read_environment(config, reporters, environment);
  resolve_files(config, reporters);
  validate(config, reporters);
  if (!reporters.failed()) out.config = std::move(config);
  out.diagnostics = reporters.take();
  return out;
}

}  // namespace

LoadResult load_sources(const std::vector<SourceFile>& sources, Environment environment) {
  return load(sources, environment);
}

LoadResult load_text(std::string_view text, std::string name) {
  return load(std::vector<SourceFile>{{std::move(name), std::string(text)}}, nullptr);
}

LoadResult load_file(const std::string& path) {
  Diagnostic problem;
  const auto sources = read_sources(path, problem);
  if (sources) return load_sources(*sources);
  LoadResult out;
  out.diagnostics.push_back(std::move(problem));
  return out;
}

}  // namespace sluice::config
