// Stand-ins for what the media core gives: a source that changes when told, a feed of numbered chunks.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "m4fhttp/exchange.h"
#include "m4fhttp/server.h"

namespace m4fhttp {

class FakeSource : public ChangeSource, public std::enable_shared_from_this<FakeSource> {
 public:
  const void* identity() const override { return this; }
  uint64_t version() const override { return version_; }
  std::shared_ptr<void> subscribe(std::function<void()> wake) override {
    std::lock_guard lock(mutex_);
    const int id = ++last_;
    wakes_[id] = std::move(wake);
    ++subscribed;
    return std::shared_ptr<void>(nullptr, [self = shared_from_this(), id](void*) {
      std::lock_guard lock(self->mutex_);
      self->wakes_.erase(id);
    });
  }
  void change() {
    ++version_;
    std::lock_guard lock(mutex_);
    for (auto& [id, wake] : wakes_) wake();
  }
  size_t subscriptions() {
    std::lock_guard lock(mutex_);
    return wakes_.size();
  }
  std::atomic<int> subscribed = 0;

 private:
  std::mutex mutex_;
  std::map<int, std::function<void()>> wakes_;
  int last_ = 0;
  std::atomic<uint64_t> version_ = 1;
};

// Chunk n is `size` bytes of the letter 'a' + n % 26. Keeps the newest `window` chunks, as a ring does.
class FakeFeed : public LiveFeed {
 public:
  FakeFeed(size_t size, size_t window) : size_(size), window_(window) {}
  bool read(Cursor& cursor, size_t max_bytes, std::vector<m4f::SharedBytes>& out) override {
    std::lock_guard lock(mutex_);
    if (!cursor.started) cursor = {first_, 0, true};
    if (cursor.segment < first_) cursor.segment = first_ + chunks_.size() - 1;
    size_t bytes = 0;
    while (cursor.segment < first_ + chunks_.size() && (bytes == 0 || bytes + size_ <= max_bytes)) {
      out.push_back(chunks_[cursor.segment++ - first_]);
      bytes += size_;
    }
    return bytes > 0;
  }
  bool ended() override { return ended_; }
  std::shared_ptr<void> subscribe(std::function<void()> wake) override {
    return source_->subscribe(std::move(wake));
  }

  void push() {
    {
      std::lock_guard lock(mutex_);
      chunks_.push_back(std::make_shared<const m4f::Bytes>(size_, static_cast<uint8_t>('a' + count_++ % 26)));
      if (chunks_.size() > window_) {
        chunks_.erase(chunks_.begin());
        ++first_;
      }
    }
    source_->change();
  }
  void end() {
    ended_ = true;
    source_->change();
  }
  size_t subscriptions() { return source_->subscriptions(); }
  long references(size_t chunk) {
    std::lock_guard lock(mutex_);
    return chunks_.at(chunk).use_count();
  }

 private:
  const size_t size_, window_;
  std::mutex mutex_;
  std::vector<m4f::SharedBytes> chunks_;
  uint64_t first_ = 0, count_ = 0;
  std::atomic<bool> ended_ = false;
  std::shared_ptr<FakeSource> source_ = std::make_shared<FakeSource>();
};

// A server on a free port whose handler is a function.
class TestServer : public Handler {
 public:
  using Answer = std::function<void(const ExchangePtr&)>;
  explicit TestServer(Answer answer, ServerSettings settings = {}) : answer_(std::move(answer)) {
    if (settings.listeners.empty()) settings.listeners.push_back({.address = "127.0.0.1", .port = 0});
    if (settings.threads == 0) settings.threads = 2;
    if (settings.live_threads == 0) settings.live_threads = 2;
    server = std::make_unique<Server>(std::move(settings), *this);
    const auto started = server->start();
    if (!started) error = started.error().message();
  }
  ~TestServer() override { server->stop(); }
  void handle(const ExchangePtr& exchange) override { answer_(exchange); }
  std::shared_ptr<BodyReader> stream_body(const ExchangePtr& exchange) override {
    return take ? take(exchange) : nullptr;
  }
  uint16_t port() const { return server->port(0); }

  std::unique_ptr<Server> server;
  std::string error;
  std::function<std::shared_ptr<BodyReader>(const ExchangePtr&)> take;  // set before the first request

 private:
  Answer answer_;
};

// Waits for a condition that another thread brings about; ten seconds at most.
template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::yield();
  }
  return true;
}

}  // namespace m4fhttp
