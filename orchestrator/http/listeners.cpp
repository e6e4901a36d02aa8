#include "orchestrator/http/listeners.h"

#include <sys/stat.h>

#include <algorithm>

namespace sluice::http {
namespace {

m4fhttp::ListenerSettings settings_of(const config::Listener& listener) {
  m4fhttp::ListenerSettings to;
  to.address = listener.address;
  to.port = listener.port;
  to.tls = listener.tls;
  to.certificate = listener.certificate;
  to.certificate_key = listener.certificate_key;
  const char* directive = listener.tls ? "https" : "http";
  to.setting = listener.place.file.empty()
                   ? fmt::format("`{} {}`", directive, listener.port)
                   : fmt::format("`{}` in {}:{}", directive, listener.place.file, listener.place.line);
  return to;
}

std::string version_of(const std::string& file) {
  struct stat s {};
  if (file.empty() || ::stat(file.c_str(), &s) != 0) return "-";
  return fmt::format("{}.{}.{}.{}.{}", s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec);
}

std::string versions_of_files(const config::Listener& listener) {
  return listener.tls ? version_of(listener.certificate) + "/" + version_of(listener.certificate_key) : "";
}

// Whether both are served by the same socket with the same certificate.
bool same_socket(config::Listener a, const config::Listener& b) {
  a.api = b.api;
  return a == b;
}

}  // namespace

void Listeners::add(size_t listener, const config::Listener& as) {
  open_.push_back({listener, as, versions_of_files(as)});
  std::lock_guard lock(mutex_);
  api_.resize(std::max(api_.size(), listener + 1));
  api_[listener] = as.api;
}

m4fhttp::ServerSettings Listeners::server_settings(const std::vector<config::Listener>& listeners,
                                                   unsigned threads) {
  m4fhttp::ServerSettings out;
  out.threads = out.live_threads = threads;
  for (const config::Listener& listener : listeners) {
    current_.push_back(current_.size());
    add(current_.back(), listener);
    out.listeners.push_back(settings_of(listener));
  }
  return out;
}

m4f::Result<void> Listeners::prepare(m4fhttp::Server& server, const std::vector<config::Listener>& to,
                                     std::vector<std::string>& warnings) {
  next_.clear();
  fresh_.clear();
  next_as_ = to;
  std::vector<bool> kept(open_.size());
  for (const config::Listener& wanted : to) {
    std::optional<size_t> old;
    for (size_t i = 0; i < kept.size() && !old; ++i)
      if (!kept[i] && same_socket(open_[i].as, wanted)) old = i;
    if (old) kept[*old] = true;
    if (old && open_[*old].files == versions_of_files(wanted)) {
      next_.push_back(open_[*old].listener);
      continue;
    }
    const auto added = server.add_listener(settings_of(wanted));
    if (added) {
      add(*added, wanted);
      fresh_.push_back(*added);
      next_.push_back(*added);
    } else if (old) {
      warnings.push_back(fmt::format("the old certificate stays in use: {}", added.error().message()));
      next_.push_back(open_[*old].listener);
    } else {
      abandon(server);
      return tl::unexpected(added.error());
    }
  }
  return {};
}

void Listeners::commit(m4fhttp::Server& server) {
  {
    std::lock_guard lock(mutex_);
    for (size_t i = 0; i < next_.size(); ++i) api_[next_[i]] = next_as_[i].api;
  }
  std::erase_if(open_, [&](const Open& open) {
    const bool gone = std::find(next_.begin(), next_.end(), open.listener) == next_.end();
    if (gone) server.remove_listener(open.listener);
    return gone;
  });
  current_ = std::move(next_);
  next_.clear();
  fresh_.clear();
}

void Listeners::abandon(m4fhttp::Server& server) {
  for (const size_t listener : fresh_) {
    server.remove_listener(listener);
    std::erase_if(open_, [&](const Open& open) { return open.listener == listener; });
  }
  next_.clear();
  fresh_.clear();
}

bool Listeners::serves_api(size_t listener) const {
  std::lock_guard lock(mutex_);
  return api_.at(listener);
}

}  // namespace sluice::http
