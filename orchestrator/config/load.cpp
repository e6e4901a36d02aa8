#include "orchestrator/config/load.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include "orchestrator/config/bind.h"
#include "orchestrator/config/syntax.h"

namespace sluice::config {

LoadResult load_text(std::string_view text, std::string name) {
  Reporter reporter(std::move(name), text);
  LoadResult out;
  Config config = bind(parse(reporter), reporter);
  validate(config, reporter);
  if (!reporter.failed()) out.config = std::move(config);
  out.diagnostics = reporter.take();
  return out;
}

LoadResult load_file(const std::string& path) {
  auto failed = [&](std::string text) {
    LoadResult out;
    out.diagnostics.push_back(
        {.severity = Severity::kError, .place = {path, 0, 0}, .text = std::move(text), .excerpt = {}});
    return out;
  };
  const std::unique_ptr<FILE, int (*)(FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (!file) return failed(fmt::format("cannot open the configuration: {}", std::strerror(errno)));
  std::string text;
  char block[65536];
  while (const size_t n = std::fread(block, 1, sizeof block, file.get())) {
    text.append(block, n);
    if (text.size() > kMaxFileBytes)
      return failed(fmt::format("the file is larger than {} MiB", kMaxFileBytes >> 20));
  }
  if (std::ferror(file.get()))
    return failed(fmt::format("cannot read the configuration: {}", std::strerror(errno)));
  return load_text(text, path);
}

}  // namespace sluice::config
