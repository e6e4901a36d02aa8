#include "orchestrator/config/load.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "orchestrator/config/bind.h"
#include "orchestrator/config/syntax.h"

namespace sluice::config {

namespace {

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

}  // namespace

std::optional<std::vector<SourceFile>> read_sources(const std::string& path, Diagnostic& problem) {
  std::string why;
  auto text = read_file(path, why);
  if (!text) {
    problem = {.severity = Severity::kError, .place = {path, 0, 0}, .text = std::move(why), .excerpt = {}};
    return {};
  }
  return std::vector<SourceFile>{{path, std::move(*text)}};
}

LoadResult load_sources(const std::vector<SourceFile>& sources) {
  Reporters reporters;
  std::vector<Document> documents;
  for (const SourceFile& source : sources) {
    Reporter& reporter = reporters.add(source.path, source.text);
    documents.push_back({&reporter, parse(reporter)});
  }
  LoadResult out;
  Config config = bind(documents);
  resolve_files(config, reporters);
  validate(config, reporters);
  if (!reporters.failed()) out.config = std::move(config);
  out.diagnostics = reporters.take();
  return out;
}

LoadResult load_text(std::string_view text, std::string name) {
  return load_sources({{std::move(name), std::string(text)}});
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
