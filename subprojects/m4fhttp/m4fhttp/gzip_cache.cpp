#include <zlib.h>

#include <mutex>
#include <unordered_map>

#include "m4fhttp/delivery_response.h"

namespace m4fhttp {
namespace {

constexpr size_t kMaxEntries = 512;
// Level 1 and an 8 KB window: playlists repeat themselves within a line or two, and speed counts.
constexpr int kLevel = 1, kWindow = 13 + 16 /* gzip */, kMemory = 6;

}  // namespace

struct GzipCache::Impl {
  struct Entry {
    std::weak_ptr<const m4f::Bytes> original;
    m4f::SharedBytes compressed;
  };

  m4f::SharedBytes find(const m4f::SharedBytes& text) {
    const auto found = entries.find(text.get());
    if (found == entries.end()) return nullptr;
    // Another text may have come to the address of one that is gone.
    return found->second.original.lock() == text ? found->second.compressed : nullptr;
  }
  void forget_dead() {
    if (entries.size() < kMaxEntries) return;
    std::erase_if(entries, [](const auto& entry) { return entry.second.original.expired(); });
    if (entries.size() >= kMaxEntries) entries.clear();
  }

  std::mutex mutex;
  std::unordered_map<const m4f::Bytes*, Entry> entries;  // guarded by mutex
};

GzipCache::GzipCache() : impl_(std::make_unique<Impl>()) {}
GzipCache::~GzipCache() = default;

m4f::SharedBytes GzipCache::get(const m4f::SharedBytes& text) {
  {
    std::lock_guard lock(impl_->mutex);
    if (auto found = impl_->find(text)) return found;
  }
  z_stream stream{};
  if (deflateInit2(&stream, kLevel, Z_DEFLATED, kWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) return nullptr;
  auto out = std::make_shared<m4f::Bytes>(deflateBound(&stream, text->size()));
  stream.next_in = const_cast<Bytef*>(text->data());
  stream.avail_in = static_cast<uInt>(text->size());
  stream.next_out = out->data();
  stream.avail_out = static_cast<uInt>(out->size());
  const int done = deflate(&stream, Z_FINISH);
  out->resize(stream.total_out);
  out->shrink_to_fit();
  deflateEnd(&stream);
  if (done != Z_STREAM_END) return nullptr;
  std::lock_guard lock(impl_->mutex);
  impl_->forget_dead();
  impl_->entries[text.get()] = {text, out};
  return out;
}

}  // namespace m4fhttp
