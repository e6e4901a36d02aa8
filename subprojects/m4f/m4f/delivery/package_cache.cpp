#include <condition_variable>
#include <list>
#include <mutex>
#include <unordered_map>

#include "m4f/delivery/delivery.h"

namespace m4f {

struct PackageCache::Impl {
  struct Entry {
    std::string key;
    SharedBytes bytes;                                     // null while the first caller makes them
    std::list<std::shared_ptr<Entry>>::iterator position;  // in `recent`, once made
  };
  using EntryPtr = std::shared_ptr<Entry>;

  explicit Impl(size_t max) : max_bytes(max) {}

  // What an entry costs beside its payload.
  static size_t weight(const Entry& entry) {
    return entry.bytes->size() + 2 * entry.key.size() + sizeof(Entry);
  }

  void evict() {
    while (held > max_bytes && recent.size() > 1) {
      const EntryPtr oldest = recent.back();
      recent.pop_back();
      held -= weight(*oldest);
      entries.erase(oldest->key);
    }
  }

  const size_t max_bytes;
  std::mutex mutex;
  std::condition_variable made;
  std::unordered_map<std::string, EntryPtr> entries;
  std::list<EntryPtr> recent;  // newest use first
  size_t held = 0;
  uint64_t runs = 0;
};

PackageCache::PackageCache(size_t max_bytes) : impl_(std::make_unique<Impl>(max_bytes)) {}
PackageCache::~PackageCache() = default;

SharedBytes PackageCache::get(const std::string& key, const std::function<Bytes()>& make) {
  std::unique_lock lock(impl_->mutex);
  if (auto found = impl_->entries.find(key); found != impl_->entries.end()) {
    const Impl::EntryPtr entry = found->second;
    if (!entry->bytes) {
      // The maker may evict the entry at once; the pointer keeps it.
      impl_->made.wait(lock, [&] { return entry->bytes != nullptr; });
      return entry->bytes;
    }
    impl_->recent.splice(impl_->recent.begin(), impl_->recent, entry->position);
    return entry->bytes;
  }
  const auto entry = std::make_shared<Impl::Entry>();
  entry->key = key;
  impl_->entries.emplace(key, entry);
  lock.unlock();
  auto bytes = std::make_shared<const Bytes>(make());
  lock.lock();
  entry->bytes = std::move(bytes);
  impl_->recent.push_front(entry);
  entry->position = impl_->recent.begin();
  impl_->held += Impl::weight(*entry);
  impl_->evict();
  lock.unlock();
  impl_->made.notify_all();
  return entry->bytes;
}

size_t PackageCache::bytes() const {
  const std::lock_guard lock(impl_->mutex);
  return impl_->held;
}

uint64_t PackageCache::next_run() {
  const std::lock_guard lock(impl_->mutex);
  return ++impl_->runs;
}

}  // namespace m4f
