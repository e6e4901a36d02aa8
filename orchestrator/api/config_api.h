// The API of the configuration: streams and templates as they are stored, the whole of it, and changing it.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "orchestrator/api/config_edit.h"
#include "orchestrator/api/config_json.h"
#include "orchestrator/api/reply.h"
#include "orchestrator/store/store.h"

namespace sluice::api {

// What each block of the files says itself, apart from templates and defaults. Thread-safe.
class OnDisk {
 public:
  struct Block {
    size_t position = 0;  // among the configuration's streams, or templates
    std::vector<std::string_view> keys;
  };
  struct Blocks {
    store::SnapshotPtr of;
    std::map<std::string, Block, std::less<>> streams, templates;
  };
  // Worked out once for each configuration.
  std::shared_ptr<const Blocks> blocks(const store::SnapshotPtr& snapshot);

 private:
  std::mutex mutex_;
  std::shared_ptr<const Blocks> last_;  // guarded by mutex_
};

// The stream as it is stored; null: it does not stand in the configuration.
json::Node stored_stream(const OnDisk::Blocks& blocks, std::string_view name, Secrets secrets);
json::Object stored_template(const OnDisk::Blocks& blocks, const config::Template& from, Secrets secrets);
// All that is stored.
json::Object stored_config(const OnDisk::Blocks& blocks, Secrets secrets);

// Changes. An empty reply (status 0) means that it is done and that the caller shows the object. These block
// until the file is saved and taken over.
class ConfigWriter {
 public:
  explicit ConfigWriter(store::Store& store) : store_(store) {}

  ApiReply put(Kind kind, std::string_view name, std::string_view body);
  ApiReply remove(Kind kind, std::string_view name);
  // JSON: values of the top level, streams and templates; anything else is the text of the main file.
  ApiReply put_config(std::string_view body);
  ApiReply check_config(std::string_view body) const;
  ApiReply reload();

 private:
  ApiReply edit(const store::Edit& edit);
  // The files' configuration; that of the store if they have not changed since.
  tl::expected<std::shared_ptr<const config::Config>, store::Refused> config_of(const Files& files) const;

  store::Store& store_;
};

}  // namespace sluice::api
