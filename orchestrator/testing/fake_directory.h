// Streams that are whatever a test says.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "orchestrator/stream/directory.h"

namespace sluice::testing {

class FakeStream : public stream::StreamHandle {
 public:
  explicit FakeStream(std::string name) : name_(std::move(name)) { config_.name = name_; }
  const std::string& name() const override { return name_; }
  config::Stream config() const override { return config_; }
  std::shared_ptr<const config::Stream> shared_config() const override {
    return std::make_shared<config::Stream>(config_);
  }
  stream::StreamStatus status() const override {
    stream::StreamStatus status = status_;
    status.bytes_out += bytes_out;
    status.online_clients = static_cast<uint32_t>(open);
    status.total_sessions = total;
    return status;
  }
  m4f::Delivery& delivery() override { return *delivery_; }
  void add_bytes_out(uint64_t bytes) override { bytes_out += bytes; }
  void session_opened() override {
    ++open;
    ++total;
  }
  void session_closed() override { --open; }
  stream::Presence demand() override {
    ++demands;
    return presence_;
  }
  stream::Presence presence() const override { return presence_; }
  bool select_input(size_t index) override {
    if (index >= config_.inputs.size()) return false;
    selected = static_cast<int>(index);
    return true;
  }

  const std::string name_;
  config::Stream config_;
  stream::StreamStatus status_;
  std::shared_ptr<m4f::Delivery> delivery_;
  std::atomic<uint64_t> bytes_out = 0, total = 0;
  std::atomic<int> open = 0, demands = 0, selected = -1;
  std::atomic<stream::Presence> presence_ = stream::Presence::kHere;
};

class FakeDirectory : public stream::Directory {
 public:
  FakeStream& add(std::string name) {
    streams_.push_back(std::make_shared<FakeStream>(std::move(name)));
    return *streams_.back();
  }
  std::shared_ptr<stream::StreamHandle> find(std::string_view name) const override {
    for (const auto& stream : streams_)
      if (stream->name() == name) return stream;
    return nullptr;
  }
  // Also those of `makes`, when they are asked for.
  std::shared_ptr<stream::StreamHandle> find_or_make(std::string_view name) override {
    if (auto stream = find(name)) return stream;
    if (makes.empty() || !name.starts_with(makes + "/")) return nullptr;
    add(std::string(name));
    return streams_.back();
  }
  std::vector<std::shared_ptr<stream::StreamHandle>> list() const override {
    return {streams_.begin(), streams_.end()};
  }

  std::string makes;  // a prefix; empty = none

 private:
  std::vector<std::shared_ptr<FakeStream>> streams_;
};

}  // namespace sluice::testing
