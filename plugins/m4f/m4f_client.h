// Connects to m4f://HOST:PORT/NAME and reads what comes.
#pragma once

#include <gio/gio.h>

#include <chrono>
#include <span>
#include <string>

#include "gstx/ptr.h"
#include "m4f/base/error.h"

namespace sluice {

struct M4fAddress {
  std::string host;
  uint16_t port = 0;
  std::string name;  // as in the URI, escapes included

  // "m4f://HOST:PORT/NAME"; HOST may be an IPv6 address in brackets.
  static m4f::Result<M4fAddress> parse(const std::string& uri);
};

// Single thread, but for the cancellable: cancelling it makes every call return at once.
class M4fClient {
 public:
  enum class Got { kBytes, kEnd, kCancelled };

  // No byte for `timeout` is an error, at connecting and later.
  M4fClient(M4fAddress address, std::chrono::milliseconds timeout, GCancellable* cancellable)
      : address_(std::move(address)), timeout_(timeout), cancellable_(cancellable) {}

  bool connected() const { return connection_ != nullptr; }
  // Sends the request and reads the answer's head. An error says what to do.
  m4f::Result<Got> connect();
  // Fills the front of `into`; `size` says how far.
  m4f::Result<Got> read(std::span<uint8_t> into, size_t& size);

 private:
  m4f::Result<Got> receive(std::span<uint8_t> into, size_t& size);
  m4f::Result<Got> read_head();
  m4f::Result<Got> fail(const GError* fault) const;

  const M4fAddress address_;
  const std::chrono::milliseconds timeout_;
  GCancellable* const cancellable_;
  gstx::Ptr<GSocketConnection> connection_;
  std::string early_;  // what came together with the head
};

}  // namespace sluice
